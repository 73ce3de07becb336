"""Slack's pace, kept by three processes together under the limits a workspace enforces."""

import asyncio
import contextlib
import json
import os
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.processes.subprocesses import die_with_parent
from playground.config import ChannelConfig, PlaygroundConfig
from playground.server import Playground
from playground.testing.faults import Fault
from storage.pace import LEASE
from tests.playground.waiting import until
from tests.storage.conftest import database_url, postgres

__all__ = ["database_url", "postgres"]

ROOT = Path(__file__).parents[3]
PROCESSES = 3
CHANNELS = tuple(f"C0PACE{number:04d}" for number in range(3))
USER = "U0ADA00001"
Call = dict[str, Any]


@pytest.fixture
async def workspace(tmp_path: Path) -> AsyncIterator[Playground]:
    """It says 429 to whoever is too fast."""
    channels = tuple(ChannelConfig(id=name, name=name.lower()) for name in CHANNELS)
    usual = PlaygroundConfig()
    config = PlaygroundConfig(channels=(*usual.channels, *channels), rate_limits=True)
    async with Playground(config, tmp_path / "p.db") as running:
        yield running


class Sender:
    """One process; `told` is what it sends."""

    def __init__(self, workspace: Playground, folder: Path, database: str, **told: Any) -> None:
        usual = {"token": workspace.bot_token, "api": workspace.api_url, "user": USER}
        kept = {"folder": str(folder), "database": database, "alone": False}
        self._told = usual | kept | told
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Until it is ready."""
        self._process = await asyncio.create_subprocess_exec(
            *(
                sys.executable,
                "-m",
                "tests.notifications.slack.pacing_process",
                json.dumps(self._told),
            ),
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            preexec_fn=die_with_parent,
        )
        assert await self._line() == b"ready\n"

    async def send(self) -> int:
        """How many calls Slack refused."""
        self.begin()
        return int(json.loads(await self._line())["refused"])

    def begin(self) -> None:
        """Without waiting for the end."""
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(b"go\n")

    async def kill(self) -> None:
        """By its process id."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()

    async def _line(self) -> bytes:
        assert self._process is not None
        assert self._process.stdout is not None
        return await self._process.stdout.readline()


@contextlib.asynccontextmanager
async def senders(*made: Sender) -> AsyncIterator[list[Sender]]:
    """All of them ready; gone at the end."""
    try:
        await asyncio.gather(*(one.start() for one in made))
        yield list(made)
    finally:
        await asyncio.gather(*(one.kill() for one in made))


def taken(workspace: Playground, method: str, channel: str = "") -> list[Call]:
    """The calls Slack took, the earliest first."""
    calls = workspace.journal.calls(method=method)
    return [
        call
        for call in calls
        if call["status"] == 200 and channel in ("", call["arguments"]["channel"])
    ]


def refused(workspace: Playground, method: str) -> int:
    """How often Slack said 429."""
    return Counter(call["status"] for call in workspace.journal.calls(method=method))[429]


def say(name: str, **figures: object) -> None:
    """One line, for whoever runs this with `-s`."""
    print(json.dumps({"name": name, **figures}))


async def test_three_processes_keep_one_pace(
    workspace: Playground, tmp_path: Path, database_url: str
) -> None:
    """Each message once, none refused, in each channel as many a second as Slack takes."""
    many, wanted = 6, Counter[str]()
    made = []
    for process in range(PROCESSES):
        posts = [(c, f"{process} {c} {n}") for n in range(many) for c in CHANNELS]
        wanted.update(name for _, name in posts)
        made.append(Sender(workspace, tmp_path, database_url, posts=posts))
    async with senders(*made) as ready:
        await asyncio.gather(*(one.send() for one in ready))
    assert Counter(c["arguments"]["text"] for c in taken(workspace, "chat.postMessage")) == wanted
    gaps = [gap for channel in CHANNELS for gap in _gaps(workspace, channel)]
    limited, pace = refused(workspace, "chat.postMessage"), 1 / median(gaps)
    say("three processes", per_second=round(pace, 3), refused=limited)
    assert limited <= 1
    assert pace >= 0.85
    assert min(gaps) > 0.95


async def test_what_is_urgent_goes_before_the_cards_of_other_processes(
    workspace: Playground, tmp_path: Path, database_url: str
) -> None:
    """Two send cards all the time; the answer of the third waits for one of them, not for all."""
    channel = CHANNELS[0]
    cards = [
        Sender(workspace, tmp_path, database_url, posts=[(channel, f"{p} {n}") for n in range(12)])
        for p in range(2)
    ]
    urgent = Sender(workspace, tmp_path, database_url, urgent=[(channel, "urgent")])
    async with senders(*cards, urgent):
        for one in cards:
            one.begin()
        await until(lambda: len(taken(workspace, "chat.postMessage")) >= 3, 20)
        await urgent.send()
    texts = [call["arguments"]["text"] for call in taken(workspace, "chat.postMessage")]
    assert texts.index("urgent") <= 6
    assert refused(workspace, "chat.postMessage") <= 1


async def test_a_killed_process_holds_nobody_up(
    workspace: Playground, tmp_path: Path, database_url: str
) -> None:
    """It dies while Slack takes its time with its message; its turn lapses, the others go on."""
    channel = CHANNELS[0]
    workspace.faults.add(Fault(kind="hang", method="chat.postMessage", count=1, seconds=60))
    killed = Sender(workspace, tmp_path, database_url, posts=[(channel, "killed")])
    others = [
        Sender(workspace, tmp_path, database_url, posts=[(channel, f"{p} {n}") for n in range(2)])
        for p in range(2)
    ]
    async with senders(killed, *others):
        killed.begin()
        await until(lambda: workspace.journal.calls(method="chat.postMessage"), 10)
        await killed.kill()
        begun = time.monotonic()
        await asyncio.gather(*(one.send() for one in others))
        took = time.monotonic() - begun
    texts = {call["arguments"]["text"] for call in taken(workspace, "chat.postMessage")}
    assert texts == {f"{p} {n}" for p in range(2) for n in range(2)}
    assert refused(workspace, "chat.postMessage") == 0
    assert took < LEASE + 10


async def test_a_refusal_is_heard_by_every_process(
    workspace: Playground, tmp_path: Path, database_url: str
) -> None:
    """More private answers than Slack takes in a minute: what was on its way is refused, then
    nobody calls before Slack's moment, and afterwards they go one by one; all arrive."""
    each = 36
    made = [
        Sender(
            workspace,
            tmp_path,
            database_url,
            answers=[(CHANNELS[0], f"{process} {n}") for n in range(each)],
        )
        for process in range(PROCESSES)
    ]
    async with senders(*made) as ready:
        await asyncio.gather(*(one.send() for one in ready))
    method = "chat.postEphemeral"
    answers = [call["arguments"]["text"] for call in taken(workspace, method)]
    assert Counter(answers) == Counter(f"{p} {n}" for p in range(PROCESSES) for n in range(each))
    calls = workspace.journal.calls(method=method)
    refusals = [call["at"] - calls[0]["at"] for call in calls if call["status"] == 429]
    later = [call["at"] - calls[0]["at"] for call in calls[-(each * PROCESSES - 100) :]]
    say("private answers", taken=len(answers), refused=len(refusals))
    assert max(refusals) < min(later)
    assert 59 < min(later) < 70
    assert min(b - a for a, b in pairwise(later)) > 0.5


async def test_rewrites_are_paced_together_after_a_refusal(
    workspace: Playground, tmp_path: Path, database_url: str
) -> None:
    """Slack refuses one process; the others wait as well, and then one rewrite follows another."""
    client = AsyncWebClient(workspace.bot_token, base_url=workspace.api_url)
    posted = [
        str((await client.chat_postMessage(channel=channel, text="v0"))["ts"])
        for channel in CHANNELS
    ]
    workspace.faults.add(Fault(kind="rate_limited", method="chat.update", count=1, retry_after=3))
    rewrites = list(zip(CHANNELS, posted, strict=True))
    first, *others = (
        Sender(workspace, tmp_path, database_url, rewrites=[(channel, ts, "v1")])
        for channel, ts in rewrites
    )
    async with senders(first, *others):
        begun = asyncio.create_task(first.send())
        await until(lambda: refused(workspace, "chat.update") > 0, 10)
        await asyncio.sleep(0.5)  # the refused process has told
        counted = await asyncio.gather(begun, *(one.send() for one in others))
    assert sum(counted) == refused(workspace, "chat.update") == 1
    calls = workspace.journal.calls(method="chat.update")
    moments = [call["at"] - calls[0]["at"] for call in calls]
    assert len(moments) == 1 + PROCESSES
    assert moments[1] >= 2.95
    assert min(b - a for a, b in pairwise(moments[1:])) > 1.1
    assert moments[-1] < 12


def _gaps(workspace: Playground, channel: str) -> list[float]:
    calls = taken(workspace, "chat.postMessage", channel)
    return [b["at"] - a["at"] for a, b in pairwise(calls)]
