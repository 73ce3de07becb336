"""A click's journey: to its ack, into the workflow, onto the card, and on to the next agent."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from benchmarks.figures import beside, say, spread
from benchmarks.floor.measure import Floor
from benchmarks.floor.resumption import resumed_at
from benchmarks.setting.instant_agent import calls
from benchmarks.setting.office import CHANNEL, Office

SETTLE = 0.1
PATIENCE = 30.0

Json = dict[str, Any]


@dataclass
class Times:
    """Seconds from the click, one entry per click."""

    acked: list[float] = field(default_factory=list)
    resumed: list[float] = field(default_factory=list)
    rewritten: list[float] = field(default_factory=list)
    next_agent: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Click:
    """What has to be looked up after the run; `at` is when it left the workspace."""

    approval: str
    card: str
    at: float


async def journey(office: Office, floor: Floor, rounds: int = 3, tasks: int = 6) -> None:
    """Approve every step of some tasks, one click at a time; four lines."""
    await _task(office, Times())
    measured = [await _round(office, tasks) for _ in range(rounds)]
    ack = beside(spread([times.acked for times in measured]), floor.accepted)
    met = ack["p50_ms"] < 25 and ack["p99_ms"] < 100
    say("click -> ack", ack | {"target": "p50 < 25 ms, p99 < 100 ms", "met": met})
    resumed = beside(spread([times.resumed for times in measured]), floor.resumed)
    met = resumed["ratio"] <= 1.5
    say("click -> approval workflow resumed", resumed | {"target": "1.5 x floor", "met": met})
    rewritten = spread([times.rewritten for times in measured])
    say("click -> card rewritten", beside(rewritten, floor.acted))
    further = spread([times.next_agent for times in measured])
    say("last click -> next step's agent called", beside(further, floor.acted))


async def _round(office: Office, tasks: int) -> Times:
    times = Times()
    for _ in range(tasks):
        await _task(office, times)
    return times


async def _task(office: Office, times: Times) -> None:
    """One task from slash command to its last card."""
    answer = await office.ada.command("/task review examples/penguins.csv", CHANNEL)
    task = str(answer["response"]["text"]).split("`")[1]
    steps = [plan.name for plan in office.settings.plans("review")]
    clicks = [await _click(office, f"{task}.{step}.v1", times) for step in steps]
    await office.client.get_workflow_handle(task).result()
    for click in clicks:
        handle = office.client.get_workflow_handle(click.approval)
        times.resumed.append(await resumed_at(handle, "decide") - click.at)
        times.rewritten.append(_rewritten_at(office, click) - click.at)
    called = calls(office.settings.folder)
    for click, step in zip(clicks, steps[1:], strict=False):
        times.next_agent.append(called[task, step] - click.at)


async def _click(office: Office, approval: str, times: Times) -> Click:
    card = await _card(office, approval)
    await asyncio.sleep(SETTLE)
    before = len(office.workspace.journal.deliveries())
    told = await office.grace.click(card, "signoff_approve")
    if not told["acked"]:
        raise RuntimeError(f"a click on {approval} was not acked")
    times.acked.append(told["milliseconds"] / 1_000)
    sent = next(
        delivery
        for delivery in office.workspace.journal.deliveries()[before:]
        if delivery["type"] == "interactive"
    )
    return Click(approval, card["ts"], sent["at"])


async def _card(office: Office, approval: str) -> Json:
    """The card of an approval, as soon as it is posted."""
    async with asyncio.timeout(PATIENCE):
        while True:
            for call in reversed(office.workspace.journal.calls(method="chat.postMessage")):
                if approval in str(call["arguments"].get("metadata")) and call["response"]:
                    return {"channel": CHANNEL, "ts": call["response"]["ts"]}
            await asyncio.sleep(0.01)


def _rewritten_at(office: Office, click: Click) -> float:
    for call in office.workspace.journal.calls(method="chat.update"):
        if call["arguments"].get("ts") == click.card and call["at"] > click.at:
            return float(call["at"])
    raise LookupError(f"the card of {click.approval} was not rewritten")
