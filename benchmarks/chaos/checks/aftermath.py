"""After the last kill: everything has a minute to heal, then what is left is collected."""

import asyncio
import contextlib
import json
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from benchmarks.chaos.checks import audit
from benchmarks.chaos.checks.evidence import Evidence, rows
from benchmarks.chaos.checks.recorder import Recorder
from benchmarks.chaos.people.crowd import CHANNELS
from benchmarks.chaos.people.gesture import gestures
from benchmarks.chaos.people.load import Load
from benchmarks.chaos.people.message_forger import MessageForger
from benchmarks.chaos.processes.site import Site
from benchmarks.chaos.processes.stage import Stage
from playground.testing.person import Person

Json = dict[str, Any]

HEALING_SECONDS = 60.0
MOST_ROOTS = MOST_REPLIES = 1_000


class Aftermath:
    """Everything runs again; people go on until their cards are decided.

    `seconds` is how long it took until everything had its end.
    """

    def __init__(
        self, site: Site, stage: Stage, load: Load, forger: MessageForger | None = None
    ) -> None:
        self.seconds = 0.0
        self._site = site
        self._stage = stage
        self._load = load
        self._forger = forger
        self._export = site.folder / "audit.jsonl"

    async def evidence(self, recorder: Recorder, watcher: Person) -> Evidence:
        """Wait until everything has its end, or the minute is over; what is left then."""
        began = time.monotonic()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(HEALING_SECONDS):
                await self._healed()
        self.seconds = time.monotonic() - began
        log = await self._read()
        messages = await _standing(watcher, recorder)
        _write(self._site.folder / "messages.jsonl", messages)
        await recorder.finish()
        forger = self._forger
        return Evidence(
            gestures=tuple(gestures(recorder.deliveries)),
            calls=tuple(recorder.calls),
            rows=rows(log),
            messages=messages,
            started=self._load.started,
            chain=await audit.verified(self._export),
            forged=frozenset(forger.ids) if forger else frozenset(),
            targets=frozenset(forger.targets) if forger else frozenset(),
            forgeries=forger.sent if forger else {},
        )

    async def _healed(self) -> None:
        await self._load.settled()
        ended = False
        while not ended:
            await asyncio.sleep(1.0)
            ended = _all_ended(await self._read(), set(self._load.started))

    async def _read(self) -> list[Json]:
        return await audit.read(self._stage.database, self._site.state, self._export)


async def _standing(person: Person, recorder: Recorder) -> tuple[Json, ...]:
    """Everything that stands in the channels and their threads."""
    roots = {
        (channel, message["ts"])
        for channel in CHANNELS
        for message in await person.messages(channel, limit=MOST_ROOTS)
    }
    roots |= {(call["place"][0], call["thread"] or call["place"][1]) for call in _ours(recorder)}
    found: dict[tuple[str, str], Json] = {}
    for channel, root in sorted(roots):
        for message in await person.messages(channel, root, MOST_REPLIES):
            message.pop("html", None)
            found[channel, message["ts"]] = message
    return tuple(found.values())


def _ours(recorder: Recorder) -> list[Json]:
    return [
        call
        for call in recorder.calls
        if call["method"] == "chat.postMessage" and call["place"][0] in CHANNELS
    ]


def _all_ended(log: list[Json], promised: set[str]) -> bool:
    """Whether every task that was promised or began has its end in the log, and its approvals."""
    ended = {row["task_id"] for row in log if row["kind"] == "task_ended"}
    begun = {row["task_id"] for row in log if row["kind"] == "task_started"}
    raised = {row["approval_id"] for row in log if row["kind"] == "raised"}
    settled = {row["approval_id"] for row in log if row["kind"] == "settled"}
    return promised | begun <= ended and raised <= settled


def _write(file: Path, lines: Iterable[Json]) -> None:
    file.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
