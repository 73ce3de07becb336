"""Tasks per second: many at once, every card approved as soon as it is there."""

import asyncio
import time

from benchmarks.figures import say
from benchmarks.floor.measure import Floor
from benchmarks.setting.office import CHANNELS, Office
from playground.testing.person import Person

LOOK_EVERY = 0.02


async def throughput(office: Office, floor: Floor) -> None:
    """One line. A task is four agent calls, four approvals and about forty calls of Slack.

    Each in a channel of its own, because a channel takes one message a second.
    """
    tasks = len(CHANNELS)
    seen = len(office.workspace.journal.calls(method="chat.postMessage"))
    started = time.perf_counter()
    approving = asyncio.create_task(_approve_everything(office, seen))
    try:
        answers = await asyncio.gather(*(_start(office.ada, channel.id) for channel in CHANNELS))
        handles = [office.client.get_workflow_handle(task) for task in answers]
        await asyncio.gather(*(handle.result() for handle in handles))
    finally:
        approving.cancel()
    per_second = tasks / (time.perf_counter() - started)
    approvals = per_second * len(office.settings.plans("review"))
    figure = {"tasks_per_second": round(per_second, 2), "n": tasks}
    figure |= {"approvals_per_second": round(approvals, 2)}
    figure |= {"floor_bare_workflows_per_second": round(floor.per_second, 1)}
    say("tasks per second", figure | {"ratio": round(floor.per_second / approvals, 2)})


async def _start(ada: Person, channel: str) -> str:
    answer = await ada.command("/task review examples/penguins.csv", channel)
    return str(answer["response"]["text"]).split("`")[1]


async def _approve_everything(office: Office, seen: int) -> None:
    clicked: set[str] = set()
    while True:
        for call in office.workspace.journal.calls(method="chat.postMessage")[seen:]:
            response = call["response"] or {}
            if "signoff_card" not in str(call["arguments"].get("metadata")):
                continue
            if response.get("ok") and response["ts"] not in clicked:
                clicked.add(response["ts"])
                card = {"channel": response["channel"], "ts": response["ts"]}
                await office.grace.click(card, "signoff_approve")
        await asyncio.sleep(LOOK_EVERY)
