"""The main job, headless: `python -m benchmarks.smoke` prints one JSON line, and exits 0 if done.

Everything runs as `signoff demo` starts it, with the real agents on the offline model; the people
speak with the bot over Slack's protocol only.
"""

import asyncio
import contextlib
import json
import sys
import time
from collections.abc import AsyncIterator
from typing import Any

from rich.console import Console

from benchmarks.setting.place import Place, place
from bot.config.settings import Settings
from bot.monitoring import logs
from bot.processes.local_slack import local_workspace
from bot.processes.running_demo import apart, pointed_at
from bot.processes.up import Parts, start_all
from playground.server import Playground
from playground.testing.person import Person

CHANNEL = "C0GENERAL1"
ADA, GRACE = "U0ADA00001", "U0GRACE001"
STEPS = ("analysis", "strategy", "patterns", "report")
PATIENCE = 60.0
LONGEST = 300.0

Json = dict[str, Any]


def main() -> None:
    """Run it."""
    started = time.monotonic()
    told: Json = {"status": "failed", "steps": 0}
    try:
        told |= asyncio.run(_within(LONGEST))
    except Exception as error:  # noqa: BLE001 - the edge: the line says what went wrong
        told["problem"] = f"{type(error).__name__}: {error}"
    told["seconds"] = round(time.monotonic() - started, 1)
    print(json.dumps(told), flush=True)
    sys.exit(0 if told["status"] == "completed" else 1)


async def _within(seconds: float) -> Json:
    with place() as here:
        async with asyncio.timeout(seconds), running(here) as (_, workspace):
            return await Story(workspace).tell()


@contextlib.asynccontextmanager
async def running(here: Place) -> AsyncIterator[tuple[Settings, Playground]]:
    """All of `signoff demo` except its greeting."""
    settings = apart(here.settings)
    logs.configure(settings.folder / "signoff.log")
    parts = Parts(Console(quiet=True))
    async with parts.stack:
        workspace = local_workspace(settings, settings.playground.port)
        await parts.stack.enter_async_context(workspace)
        settings = pointed_at(settings, workspace)
        await parts.during(start_all(settings, here.config, parts))
        yield settings, workspace


class Story:
    """Ada starts two tasks; Grace rejects one and approves every step of the other."""

    def __init__(self, workspace: Playground) -> None:
        self._workspace = workspace
        self._roots: list[str] = []

    async def tell(self) -> Json:
        """What came of it: the first task's status, and how many steps were approved."""
        async with self._person(ADA) as ada, self._person(GRACE) as grace:
            first = await self._start(ada, "penguins.csv")
            for step in STEPS[:2]:
                await self._approve(grace, first, step)
            second = await self._start(ada, "seattle-weather.csv")
            await self._reject(grace, second, "the wrong file")
            await _root(ada, second, "rejected at analysis")
            for step in STEPS[2:]:
                await self._approve(grace, first, step)
            await _root(ada, first, "completed")
            shown = await grace.messages(CHANNEL, first)
        approved = [message for message in shown if "Approved" in message["text"]]
        done = len(approved) == len(STEPS)
        return {"status": "completed" if done else "card_not_rewritten", "steps": len(approved)}

    def _person(self, user: str) -> Person:
        return Person(self._workspace.url, self._workspace.local_token, user)

    async def _start(self, ada: Person, file: str) -> str:
        """Start a task by slash command; the thread it runs in."""
        answer = await ada.command(f"/task review examples/{file}", CHANNEL)
        if "is on its way" not in str(answer["response"]):
            raise RuntimeError(f"the task was not started: {answer['response']}")
        root = await ada.wait_for(self._is_new_root, CHANNEL, PATIENCE)
        self._roots.append(str(root["ts"]))
        return self._roots[-1]

    def _is_new_root(self, message: Json) -> bool:
        return _event(message) == "signoff_task" and message["ts"] not in self._roots

    async def _approve(self, grace: Person, thread: str, step: str) -> None:
        await grace.click(await _card(grace, thread, step), "signoff_approve")
        await grace.wait_for(
            lambda m: _is_card(m, step) and "Approved" in m["text"], CHANNEL, PATIENCE, thread
        )

    async def _reject(self, grace: Person, thread: str, reason: str) -> None:
        await grace.click(await _card(grace, thread, STEPS[0]), "signoff_reject")
        form = await grace.wait_for_view()
        await grace.submit(form, {"comment": {"comment": reason}})
        await grace.wait_for(
            lambda m: reason in json.dumps(m.get("blocks")), CHANNEL, PATIENCE, thread
        )


async def _card(grace: Person, thread: str, step: str) -> Json:
    """The card of a step, once it has buttons."""
    return await grace.wait_for(
        lambda m: _is_card(m, step) and any(b["type"] == "actions" for b in m["blocks"]),
        CHANNEL,
        PATIENCE,
        thread,
    )


async def _root(ada: Person, thread: str, says: str) -> None:
    await ada.wait_for(lambda m: m["ts"] == thread and says in m["text"], CHANNEL, PATIENCE)


def _event(message: Json) -> str:
    return str((message.get("metadata") or {}).get("event_type", ""))


def _is_card(message: Json, step: str) -> bool:
    return _event(message) == "signoff_card" and f".{step}.v1" in json.dumps(message["metadata"])


if __name__ == "__main__":
    main()
