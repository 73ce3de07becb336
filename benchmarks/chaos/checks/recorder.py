"""Keeps what the workspace saw: every envelope to the bot, every call of it, a line each."""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Callable, Iterable
from pathlib import Path
from typing import Any

from benchmarks.chaos.people.card import buttons, event_of
from playground.testing.person import Person

Json = dict[str, Any]

EVERY = 0.5
PATIENCE = 8.0
_CALLS = ("chat.postMessage", "chat.update", "chat.postEphemeral", "views.open")


class Recorder:
    """The workspace forgets after some thousand entries; this does not."""

    def __init__(self, person: Person, folder: Path) -> None:
        self.deliveries: list[Json] = []
        self.calls: list[Json] = []
        self._person = person
        self._folder = folder
        self._since = {"deliveries": 0, "calls": 0}
        self._task: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """From now on."""
        self._task = asyncio.create_task(self._keep_looking())

    async def finish(self) -> None:
        """One last look, then write it all down."""
        await self.cancel()
        await self._look()
        for name, lines in (("deliveries", self.deliveries), ("calls", self.calls)):
            text = "".join(json.dumps(line) + "\n" for line in lines)
            (self._folder / f"{name}.jsonl").write_text(text, encoding="utf-8")

    async def cancel(self) -> None:
        """Stop looking."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _keep_looking(self) -> None:
        while True:
            await self._look()
            await asyncio.sleep(EVERY)

    async def _look(self) -> None:
        deliveries = await self._person.deliveries(self._since["deliveries"])
        self._take("deliveries", deliveries, _delivered, self.deliveries, brief_delivery)
        calls = await self._person.calls(since=self._since["calls"])
        self._take("calls", calls, _answered, self.calls, brief_call)

    def _take(
        self,
        name: str,
        entries: Iterable[Json],
        is_over: Callable[[Json], bool],
        kept: list[Json],
        brief: Callable[[Json], Json | None],
    ) -> None:
        """In order, up to the first whose end is not known yet."""
        for entry in entries:
            if not is_over(entry):
                return
            self._since[name] = entry["n"]
            if (short := brief(entry)) is not None:
                kept.append(short)


@contextlib.asynccontextmanager
async def recorded(person: Person, folder: Path) -> AsyncIterator[Recorder]:
    """What the workspace sees, from now on."""
    recorder = Recorder(person, folder)
    recorder.begin()
    try:
        yield recorder
    finally:
        await recorder.cancel()


def _delivered(entry: Json) -> bool:
    return entry["acked_after_ms"] is not None or entry["error"] is not None or _is_old(entry)


def _answered(entry: Json) -> bool:
    return entry["status"] is not None or _is_old(entry)


def _is_old(entry: Json) -> bool:
    """Whoever it was for has gone: its end will never be known."""
    return time.time() - float(entry["at"]) > PATIENCE


def brief_delivery(entry: Json) -> Json | None:
    """Who used what, where, and what became of it; None for anything but clicks and forms."""
    payload = entry["payload"]
    if entry["type"] != "interactive" or not (payload.get("actions") or payload.get("view")):
        return None
    brief = {name: entry[name] for name in ("n", "at", "envelope_id", "acked_after_ms", "error")}
    user, container = payload["user"], payload.get("container") or {}
    brief |= {"type": payload["type"], "user": user["id"], "team": user.get("team_id")}
    if payload["type"] == "view_submission":
        view = payload["view"]
        names = ("id", "callback_id", "private_metadata")
        return brief | {"view": {name: view[name] for name in names}}
    action = payload["actions"][0] if payload.get("actions") else {}
    names = ("action_id", "action_ts", "value")
    return brief | {
        "action": {name: action.get(name) for name in names},
        "place": [container.get("channel_id"), container.get("message_ts")],
    }


def brief_call(entry: Json) -> Json | None:
    """What was said where; None for calls that say nothing, or that were refused."""
    given, answer = entry["arguments"], entry["response"]
    if entry["method"] not in _CALLS or not (isinstance(answer, dict) and answer.get("ok")):
        return None
    event, about = event_of(given)
    return {
        "n": entry["n"],
        "at": entry["at"],
        "method": entry["method"],
        "place": [given.get("channel"), answer.get("ts") or given.get("ts")],
        "thread": given.get("thread_ts"),
        "user": given.get("user"),
        "event": event,
        "about": about,
        "text": str(given.get("text", ""))[:300],
        "values": [element.get("value") for element in buttons(given)],
    }
