"""Retry and Cancel on the message of a task that cannot go on by itself."""

from typing import Any

from slack_bolt.async_app import AsyncAck

from bot.access.seen_tasks import SeenTasks
from bot.config.errors import BadRequest
from bot.listeners.click import clicked
from bot.listeners.trouble import in_time
from notifications.cards.buttons import TaskValue, read
from notifications.slack.private import PrivateMessages
from notifications.views.format import told

Body = dict[str, Any]


class TaskHelpListeners:
    """The task's requester helps it on, or ends it."""

    def __init__(self, tasks: SeenTasks, private: PrivateMessages) -> None:
        self._tasks = tasks
        self._private = private

    async def retry(self, ack: AsyncAck, body: Body) -> None:
        """Try the step again."""
        await self._do(ack, body, retry=True)

    async def cancel(self, ack: AsyncAck, body: Body) -> None:
        """End the task."""
        await self._do(ack, body, retry=False)

    async def _do(self, ack: AsyncAck, body: Body, *, retry: bool) -> None:
        click = clicked(body)
        user, value = click.user, read(TaskValue, body["actions"][0].get("value", ""))
        if value is None:
            raise BadRequest(
                "This button isn't one of Signoff's: use the one on the task's message."
            )
        async with in_time():
            if retry:
                text = await self._tasks.retry(value.task, user, value.problem)
            else:
                text = await self._tasks.cancel(value.task, user)
        await ack()
        await self._private.say(user, click.thread, told(text))
