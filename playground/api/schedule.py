"""chat.scheduleMessage and its kin: messages for later."""

import asyncio
from collections.abc import Callable

from playground.api import draft
from playground.api.arguments import Arguments
from playground.api.chat import destination, post_into
from playground.api.methods import TIER_3, Call, Methods
from playground.errors import SlackError
from playground.http.wire import Json
from playground.ids import new_id

MOST_DAYS = 120


class Schedule:
    """Posts scheduled messages at their time, also those a former run left behind."""

    def __init__(self, call: Callable[[Arguments], Call]) -> None:
        self._call = call
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def register(self, methods: Methods) -> None:
        """Offer the methods of this family."""
        methods.add("chat.scheduleMessage", self.schedule, TIER_3, "chat:write")
        methods.add("chat.deleteScheduledMessage", self.delete, TIER_3, "chat:write")
        methods.add("chat.scheduledMessages.list", self.list_, TIER_3)

    def start(self) -> None:
        """Take up what is still to be posted."""
        for message_id, _ in self._call(Arguments({})).workspace.scheduled.pending():
            self._wait_for(message_id)

    async def stop(self) -> None:
        """Stop waiting; what is scheduled stays in the file."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def schedule(self, call: Call) -> Json:
        channel = destination(call)
        if not call.is_member(channel):
            raise SlackError("not_in_channel")
        post_at = call.arguments.number("post_at", 0)
        self._check_time(post_at, call.workspace.clock.now())
        fields = draft.draft(call.arguments)
        message_id = new_id("Q")
        document = {"channel": channel["id"], "arguments": call.arguments.values}
        call.workspace.scheduled.add(message_id, post_at, document)
        self._wait_for(message_id)
        return {
            "channel": channel["id"],
            "scheduled_message_id": message_id,
            "post_at": post_at,
            "message": {"type": "delayed_message", **fields},
        }

    def delete(self, call: Call) -> Json:
        message_id = call.arguments.required("scheduled_message_id")
        if not call.workspace.scheduled.remove(message_id):
            raise SlackError("invalid_scheduled_message_id")
        task = self._tasks.pop(message_id, None)
        if task:
            task.cancel()
        return {}

    def list_(self, call: Call) -> Json:
        items = []
        for message_id, post_at in call.workspace.scheduled.pending():
            document = call.workspace.scheduled.get(message_id) or {}
            text = document.get("arguments", {}).get("text", "")
            channel = document.get("channel", "")
            items.append(
                {"id": message_id, "channel_id": channel, "post_at": post_at, "text": text}
            )
        return {"scheduled_messages": items, "response_metadata": {"next_cursor": ""}}

    def _check_time(self, post_at: int, now: float) -> None:
        if post_at <= now:
            raise SlackError("time_in_past")
        if post_at > now + MOST_DAYS * 86_400:
            raise SlackError("time_too_far")

    def _wait_for(self, message_id: str) -> None:
        self._tasks[message_id] = asyncio.create_task(self._post_later(message_id))

    async def _post_later(self, message_id: str) -> None:
        workspace = self._call(Arguments({})).workspace
        due = dict(workspace.scheduled.pending()).get(message_id, 0)
        await workspace.clock.sleep(max(0.0, due - workspace.clock.now()))
        self._tasks.pop(message_id, None)
        document = workspace.scheduled.get(message_id)
        if document is None:
            return
        workspace.scheduled.remove(message_id)
        channel = workspace.channels.get(document["channel"])
        if channel is not None:
            arguments = Arguments(document["arguments"])
            post_into(self._call(arguments), channel, arguments)
