"""A person at the playground, for tests, benchmarks and demonstrations.

    async with Person(playground.url, playground.local_token, "U0ADA00001") as ada:
        await ada.command("/task review sales.csv", channel="approvals")
        card = await ada.wait_for(lambda message: "Approve" in message["text"], "approvals")
        await ada.click(card, "approve")

Channels go by id or by name. This module needs aiohttp and nothing else of the playground.
"""

import asyncio
import io
import json
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from types import TracebackType
from typing import Any, Self

import aiohttp

Json = dict[str, Any]
Predicate = Callable[[Json], Any]


class PersonError(Exception):
    """The playground refused; `code` is its error code, the text its sentence."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code


class Person:
    """Acts as one user over the control API. Close it, or use it as a context manager."""

    def __init__(self, url: str, local_token: str, user: str) -> None:
        self.user = user
        self._url = url.rstrip("/") + "/_local/"
        self._headers = {"Authorization": f"Bearer {local_token}"}
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close_session()

    async def close_session(self) -> None:
        """Give back the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def state(self) -> Json:
        """Who and what there is: `channels`, `users`, `commands` and so on."""
        return await self._get("state")

    async def command(self, text: str, channel: str = "general") -> Json:
        """Run a slash command; `response` is what the bot acked with."""
        return await self._post("command", channel=channel, text=text)

    async def messages(
        self, channel: str, thread: str | None = None, limit: int = 100
    ) -> list[Json]:
        """What the person sees in a channel, or in a thread, newest last."""
        answer = await self._get("messages", channel=channel, thread=thread, limit=limit)
        return list(answer["messages"])

    async def wait_for(
        self,
        predicate: Predicate,
        channel: str,
        timeout: float = 10.0,  # noqa: ASYNC109 - part of what the caller asks for
        thread: str | None = None,
    ) -> Json:
        """The newest message that fits, as soon as there is one; TimeoutError otherwise."""
        seen: list[Json] = []
        try:
            async with asyncio.timeout(timeout), aclosing(self.changes()) as changes:
                async for _ in changes:
                    seen = await self.messages(channel, thread)
                    for message in reversed(seen):
                        if predicate(message):
                            return message
        except TimeoutError:
            texts = [message.get("text", "")[:80] for message in seen[-5:]]
            raise TimeoutError(
                f"nothing fitting in {channel} within {timeout} s: {texts}"
            ) from None
        raise TimeoutError(f"the playground stopped while waiting in {channel}")

    async def changes(self) -> AsyncGenerator[Json, None]:
        """Once at the beginning, then at every change the person may know of."""
        session = self._ready()
        timeout = aiohttp.ClientTimeout(total=None, sock_read=None)
        url = self._url + "events"
        async with session.get(url, params={"user": self.user}, timeout=timeout) as response:
            yield {}
            async for line in response.content:
                if line.startswith(b"data:"):
                    yield json.loads(line[5:])

    async def click(self, message: Json, action_id: str, **chosen: Any) -> Json:
        """Use an element of a message or a view; `chosen` as Slack names values, if it needs one.

        `block_id` and `values` (other inputs' values) may be among `chosen`.
        """
        return await self._post("click", **self._target(message), action_id=action_id, **chosen)

    async def suggest(self, message: Json, action_id: str, value: str, block_id: str = "") -> Json:
        """Type into a menu with external options; `options` is what the bot offers."""
        return await self._post(
            "suggest",
            **self._target(message),
            action_id=action_id,
            block_id=block_id,
            value=value,
        )

    async def views(self) -> list[Json]:
        """The modals the person has open, topmost last."""
        return list((await self._get("views"))["views"])

    async def wait_for_view(
        self,
        predicate: Predicate | None = None,
        timeout: float = 10.0,  # noqa: ASYNC109 - part of what the caller asks for
    ) -> Json:
        """The topmost modal that fits, as soon as there is one."""
        async with asyncio.timeout(timeout), aclosing(self.changes()) as changes:
            async for _ in changes:
                for view in reversed(await self.views()):
                    if predicate is None or predicate(view):
                        return view
        raise TimeoutError("the playground stopped while waiting for a view")

    async def submit(self, view: Json | str, values: Json | None = None) -> Json:
        """Submit a modal; values as `{block_id: {action_id: "text" or a whole state}}`."""
        return await self._post("submit", view_id=_view_id(view), values=values or {})

    async def close(self, view: Json | str, *, everything: bool = False) -> Json:
        """Close a modal, or the whole stack."""
        return await self._post("close", view_id=_view_id(view), all=everything)

    async def home(self) -> Json | None:
        """Open the app's Home; what is published there by now."""
        view: Json | None = (await self._post("home"))["view"]
        return view

    async def published_home(self) -> Json | None:
        """What is published to the person's Home, without opening it."""
        view: Json | None = (await self._get("home"))["view"]
        return view

    async def wait_for_home(
        self,
        predicate: Predicate | None = None,
        timeout: float = 10.0,  # noqa: ASYNC109 - part of what the caller asks for
    ) -> Json:
        """The published Home that fits, as soon as there is one."""
        async with asyncio.timeout(timeout), aclosing(self.changes()) as changes:
            async for _ in changes:
                view = await self.published_home()
                if view and (predicate is None or predicate(view)):
                    return view
        raise TimeoutError("the playground stopped while waiting for Home")

    async def shortcut(self, callback_id: str, message: Json | None = None) -> Json:
        """Run a global shortcut, or one from a message's menu."""
        target = self._target(message) if message else {}
        return await self._post("shortcut", callback_id=callback_id, **target)

    async def say(self, channel: str, text: str, thread_ts: str | None = None) -> Json:
        """Write a message."""
        answer = await self._post("message", channel=channel, text=text, thread_ts=thread_ts)
        message: Json = answer["message"]
        return message

    async def upload(
        self, channel: str, name: str, data: bytes, text: str = "", thread_ts: str = ""
    ) -> Json:
        """Share a file."""
        fields = {"channel": channel, "text": text, "thread_ts": thread_ts}
        message: Json = (await self._send_file("message", name, data, fields))["message"]
        return message

    async def keep_file(self, name: str, data: bytes) -> Json:
        """Hand in a file for a modal's file input: submit it as `[file]`."""
        file: Json = (await self._send_file("files", name, data, {}))["file"]
        return file

    async def file(self, file_id: str) -> bytes:
        """The bytes of a file."""
        async with self._ready().get(f"{self._url}files/{file_id}") as response:
            response.raise_for_status()
            return await response.read()

    async def read(self, channel: str) -> None:
        """Mark a channel as read."""
        await self._post("read", channel=channel)

    async def mails(self, since: int = 0) -> list[Json]:
        """The mails sent so far."""
        return list((await self._get("mails", since=since))["mails"])

    async def calls(self, method: str = "", since: int = 0) -> list[Json]:
        """The Web API calls of the bot so far."""
        return list((await self._get("calls", method=method, since=since))["calls"])

    async def deliveries(self, since: int = 0) -> list[Json]:
        """The envelopes sent to the bot so far."""
        return list((await self._get("deliveries", since=since))["deliveries"])

    async def deliver(self, kind: str, payload: Json, *, wants_reply: bool = False) -> Json:
        """Send the bot any payload: forged, stale or repeated."""
        return await self._post("deliver", kind=kind, payload=payload, wants_reply=wants_reply)

    async def fault(self, kind: str, **fields: Any) -> list[Json]:
        """Put one more fault in force; all faults in force."""
        return list((await self._post("faults", kind=kind, **fields))["faults"])

    async def heal(self) -> None:
        """End every fault."""
        await self._request("DELETE", "faults")

    async def change_group(self, group: str, users: list[str]) -> Json:
        """Replace the members of a user group."""
        answer = await self._post("group", group=group, users=users)
        group_now: Json = answer["group"]
        return group_now

    async def change_user(self, user: str, **changes: Any) -> Json:
        """Change what Slack says of somebody: `deleted`, `is_restricted`, `team_id`, `email` ..."""
        user_now: Json = (await self._post("user", id=user, changes=changes))["user"]
        return user_now

    async def change_file(self, file: str, **changes: Any) -> Json:
        """Change what Slack says of a file: `is_external`, `mode`, `url_private` ..."""
        file_now: Json = (await self._post("file", id=file, changes=changes))["file"]
        return file_now

    async def request_url(self, url: str) -> None:
        """Reach the bot by HTTP from now on, once it has answered a challenge there."""
        await self._request("PUT", "request_url", json={"url": url})

    async def reset(self) -> None:
        """Empty the workspace."""
        await self._post("reset")

    def _target(self, message: Json) -> Json:
        """Where a message or view is."""
        if message.get("type") in ("modal", "home"):
            return {"view_id": message["id"]}
        if "channel" not in message:
            raise PersonError("no_channel", "take the message from messages() or wait_for()")
        return {"channel": message["channel"], "ts": message["ts"]}

    async def _send_file(self, path: str, name: str, data: bytes, fields: Json) -> Json:
        form = aiohttp.FormData()
        for field, value in {"user": self.user, **fields}.items():
            form.add_field(field, value)
        content = io.BytesIO(data)
        form.add_field("file", content, filename=name, content_type="application/octet-stream")
        return await self._request("POST", path, data=form)

    async def _get(self, path: str, **params: Any) -> Json:
        query = {name: str(value) for name, value in params.items() if value is not None}
        return await self._request("GET", path, params={"user": self.user, **query})

    async def _post(self, path: str, **body: Any) -> Json:
        no_user = path in ("faults", "deliver", "reset", "group", "user", "file")
        given = {name: value for name, value in body.items() if value is not None}
        return await self._request(
            "POST", path, json=given if no_user else {"user": self.user, **given}
        )

    async def _request(self, verb: str, path: str, **options: Any) -> Json:
        async with self._ready().request(verb, self._url + path, **options) as response:
            answer: Json = await response.json()
        if not answer.get("ok"):
            raise PersonError(answer.get("error", "unknown"), answer.get("detail", ""))
        return answer

    def _ready(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(headers=self._headers, trust_env=False)
        return self._session


def _view_id(view: Json | str) -> str:
    return view if isinstance(view, str) else str(view["id"])
