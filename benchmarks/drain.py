"""A burst under Slack's limits: 1,000 approvals at once into 20 channels, and clicks meanwhile.

The floor is what the workspace's limits allow: one message a second and channel, and so many
calls of `chat.postMessage` a minute. A click's answer is the private sentence the clicker sees.
"""

import asyncio
import itertools
import math
import time
import uuid
from dataclasses import dataclass, field
from typing import Any

from temporalio.client import Client

from benchmarks.figures import quantile, say
from benchmarks.setting.office import ADA, office
from benchmarks.setting.place import place
from bot.config.settings import Settings
from playground.api.methods import SPECIAL
from playground.config import ChannelConfig, PlaygroundConfig
from playground.server import Playground
from playground.testing.person import Person
from workflows.activities import BEGINNINGS
from workflows.approval.workflow import ApprovalWorkflow
from workflows.messages.decisions import Place as Message
from workflows.messages.requests import ApprovalRequest
from workflows.messages.results import AgentResult

APPROVALS = 1_000
CHANNELS = 20
AT_ONCE = 20
CLICK_EVERY = 1.5
PATIENCE = 280.0
MINUTE = 60

Call = dict[str, Any]


@dataclass(frozen=True)
class Click:
    """Where and when."""

    channel: str
    at: float


@dataclass
class Watch:
    """Everything the bot said so far, read from the workspace's journal, which forgets."""

    workspace: Playground
    cards: list[Call] = field(default_factory=list)
    answers: list[Call] = field(default_factory=list)
    clicks: list[Click] = field(default_factory=list)
    _seen: int = 0

    def look(self) -> None:
        """Take in what is new; a call that is still being answered is waited for."""
        for call in self.workspace.journal.calls(since=self._seen):
            if call["response"] is None:
                return
            self._seen = call["n"]
            kept = {"chat.postMessage": self.cards, "chat.postEphemeral": self.answers}
            if call["response"].get("ok") and call["method"] in kept:
                kept[call["method"]].append(call)

    def took(self, click: Click) -> float:
        """Seconds until the clicker's private answer; for ever when there is none."""
        for call in self.answers:
            if call["arguments"].get("channel") == click.channel and call["at"] > click.at:
                return float(call["at"]) - click.at
        return math.inf


def channels() -> tuple[ChannelConfig, ...]:
    """Twenty, everybody in each."""
    general = ChannelConfig(id="C0GENERAL1", name="general", is_general=True)
    more = [
        ChannelConfig(id=f"C0BURST{number:02d}", name=f"burst-{number}")
        for number in range(CHANNELS)
    ]
    return (general, *more)


def floor_seconds(messages: int, channels: int, per_minute: int) -> float:
    """The earliest moment the last of so many messages may be sent, the first going out at 0.

    One round is a message to each channel, a second apart; within any minute `per_minute` calls.
    """
    sent: list[float] = []
    for number in range(messages):
        round_at = sent[number - channels] + 1 if number >= channels else 0.0
        window_at = sent[number - per_minute] + MINUTE if number >= per_minute else 0.0
        sent.append(max(round_at, window_at))
    return sent[-1]


async def drain() -> None:
    """Two lines: how long the burst took beside its floor, and the answers to clicks in it."""
    config = PlaygroundConfig(channels=channels(), rate_limits=True)
    with place() as here:
        async with office(here, config) as running:
            started = time.time()
            watch = Watch(running.workspace)
            clicking = asyncio.create_task(_click(watch, running.grace))
            try:
                await raise_approvals(running.client, running.settings, APPROVALS)
                raised = time.time() - started
                await _posted(watch)
            finally:
                clicking.cancel()
            await asyncio.sleep(3)
            watch.look()
    posted = [float(call["at"]) for call in watch.cards]
    took = max(posted) - min(posted)
    floor = floor_seconds(APPROVALS, CHANNELS, SPECIAL)
    figure = {"n": APPROVALS, "seconds": round(took, 1), "floor_seconds": floor}
    figure |= {"ratio": round(took / floor, 3), "from_start": round(max(posted) - started, 1)}
    figure |= {"raised": round(raised, 1)}
    say("burst drained", figure | {"target": "1.1 x floor", "met": took <= 1.1 * floor})
    times = [watch.took(click) for click in watch.clicks]
    p99 = quantile(times, 0.99)
    said: dict[str, Any] = {"n": len(times), "p50_ms": round(quantile(times, 0.5) * 1_000, 1)}
    said |= {"p99_ms": round(p99 * 1_000, 1) if p99 < math.inf else None}
    said["missing"] = times.count(math.inf)
    say("click -> answer in a burst", said | {"target": "p99 < 1 s", "met": p99 < 1})


async def raise_approvals(client: Client, settings: Settings, count: int) -> None:
    """So many, channel by channel, as fast as twenty callers can."""
    limit = asyncio.Semaphore(AT_ONCE)
    policy = settings.plans("review")[0].policy

    async def one(number: int) -> None:
        name = f"a-{uuid.uuid4().hex}"
        request = ApprovalRequest(
            id=name,
            title=f"Refund {number} EUR",
            requester=ADA,
            result=AgentResult(summary=f"A refund of {number} EUR.", findings=("one", "two")),
            policy=policy,
            thread=Message(channel=f"C0BURST{number % CHANNELS:02d}"),
        )
        async with limit:
            await client.start_workflow(
                ApprovalWorkflow.run,
                request,
                id=name,
                task_queue=settings.temporal.task_queue,
                priority=BEGINNINGS,
            )

    await asyncio.gather(*(one(number) for number in range(count)))


async def _posted(watch: Watch) -> None:
    async with asyncio.timeout(PATIENCE):
        while len(watch.cards) < APPROVALS:
            await asyncio.sleep(0.5)
            watch.look()


async def _click(watch: Watch, grace: Person) -> None:
    """Approve a card in each channel in turn, at an even pace, answered or not."""
    running: set[asyncio.Task[Any]] = set()
    clicked: set[str] = set()
    for number in itertools.count():
        await asyncio.sleep(CLICK_EVERY)
        channel = f"C0BURST{number % CHANNELS:02d}"
        for call in watch.cards:
            answer = call["response"]
            if answer["channel"] == channel and answer["ts"] not in clicked:
                clicked.add(answer["ts"])
                watch.clicks.append(Click(channel, time.time()))
                card = {"channel": channel, "ts": answer["ts"]}
                running.add(asyncio.create_task(grace.click(card, "signoff_approve")))
                break
