"""A query that waited for a worker spoils no history, whatever signals came meanwhile."""

import asyncio
import time
import uuid
from datetime import timedelta

from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.plugin import SimplePlugin
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner

from bot.config.sections.temporal import TemporalSettings
from bot.temporal import client as temporal

APPROVALS = 8
CLICKS = ("second", "third", "fourth")
SOON = timedelta(seconds=5)


@activity.defn
async def answer(click: str) -> None:
    """Tell the clicker."""


@activity.defn
async def rewrite(card: str) -> None:
    """Make the card true."""


@workflow.defn
class Clicked:
    """Answers each click beside its own path, as approvals do."""

    def __init__(self) -> None:
        self._clicks: list[str] = []
        self._answers: list[asyncio.Task[None]] = []

    @workflow.run
    async def run(self) -> None:
        """One rewritten card, then every click."""
        await workflow.wait_condition(lambda: bool(self._clicks))
        await workflow.execute_activity(rewrite, "card", start_to_close_timeout=SOON)
        await workflow.wait_condition(lambda: len(self._clicks) > len(CLICKS))
        await asyncio.gather(*self._answers)

    @workflow.signal
    def click(self, name: str) -> None:
        """Answered at once."""
        self._clicks.append(name)
        answering = workflow.execute_activity(answer, name, start_to_close_timeout=SOON)
        self._answers.append(asyncio.create_task(answering))

    @workflow.query
    def seen(self) -> list[str]:
        """Slowly, so that clicks come in meanwhile."""
        time.sleep(0.2)
        return self._clicks


async def test_a_query_that_waited_for_a_worker_leaves_a_history_that_replays(
    temporal_address: str,
) -> None:
    """With a cache, about a third of these histories would not."""
    ours = SimplePlugin("clicked", workflows=[Clicked], activities=[answer, rewrite])
    client = await Client.connect(temporal_address, plugins=[ours])
    queue = f"clicked-{uuid.uuid4().hex}"
    settings = TemporalSettings(task_queue=queue)
    async with temporal.worker(client, settings):
        waiting = [
            await client.start_workflow(Clicked.run, id=f"{queue}-{number}", task_queue=queue)
            for number in range(APPROVALS)
        ]
        await asyncio.gather(*(one.query(Clicked.seen) for one in waiting))
    queries = [asyncio.create_task(one.query(Clicked.seen)) for one in waiting]
    for one in waiting:
        await one.signal(Clicked.click, "first")
    async with temporal.worker(client, settings):
        for click in CLICKS:
            await asyncio.sleep(0.3)  # while queries are being answered
            for one in waiting:
                await one.signal(Clicked.click, click)
        await asyncio.gather(*(one.result() for one in waiting))
        assert all("first" in seen for seen in await asyncio.gather(*queries))
    replayer = Replayer(workflows=[Clicked], workflow_runner=UnsandboxedWorkflowRunner())
    for one in waiting:
        await replayer.replay_workflow(await one.fetch_history())
