"""SIGTERM ends each process in time and loses nothing; workers are swapped with approvals waiting.

The real parts run as processes, people act over Slack's protocol, and the checker of the fault
programme judges by what is left. `SIGNOFF_OLD` may name a checkout of the release before: then the
first worker runs its code, and the histories it began are carried on by ours.
"""

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from temporalio.api.enums.v1 import EventType, WorkflowTaskFailedCause
from temporalio.client import Client

from benchmarks.chaos.checks.aftermath import Aftermath
from benchmarks.chaos.checks.checker import check
from benchmarks.chaos.checks.recorder import Recorder, recorded
from benchmarks.chaos.people.card import EVENT
from benchmarks.chaos.people.crowd import WATCHER, Crowd
from benchmarks.chaos.people.load import Load
from benchmarks.chaos.processes import cast
from benchmarks.chaos.processes.birth import cold
from benchmarks.chaos.processes.site import ROOT, Site
from benchmarks.chaos.processes.stage import SQLITE, Stage, workspace
from benchmarks.chaos.processes.victim import Victim

FULL = os.environ.get("SIGNOFF_FULL") == "1"
OLD = Path(os.environ.get("SIGNOFF_OLD", ROOT))
SEED = int(os.environ.get("SIGNOFF_SEED", "20251"))
WAITING, DURING = (500, 50) if FULL else (12, 8)
IN_TIME = 10.0
PATIENCE = 600.0 if FULL else 90.0


@dataclass(frozen=True)
class Scene:
    """Everything running, and people ready to act."""

    site: Site
    stage: Stage
    crowd: Crowd
    load: Load
    recorder: Recorder

    async def broken(self) -> dict[str, list[str]]:
        """What breaks which invariant, once everything had time to end."""
        aftermath = Aftermath(self.site, self.stage, self.load)
        evidence = await aftermath.evidence(self.recorder, self.crowd[WATCHER])
        return {name: found for name, found in check(evidence).items() if found}

    async def shown(self, cards: int) -> None:
        """Wait until so many cards can be decided."""
        async with asyncio.timeout(PATIENCE):
            there = 0
            while there < cards:
                await asyncio.sleep(0.5)
                there = self._cards()

    def _cards(self) -> int:
        posts = [call for call in self.recorder.calls if call["event"] == EVENT]
        return len({tuple(call["place"]) for call in posts})


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    """The parts are started by their own commands: no process shares anything with another."""
    site = Site(tmp_path)
    async with workspace(site) as slack, contextlib.aclosing(Crowd(slack)) as crowd:
        stage = Stage(site, slack, SQLITE, is_cold=True)
        load = Load(crowd, SEED, most_open=WAITING)
        async with (
            stage.set(),
            recorded(crowd[WATCHER], tmp_path) as recorder,
            contextlib.aclosing(load),
        ):
            yield Scene(site, stage, crowd, load, recorder)


async def stopped(victim: Victim) -> None:
    """Ask it to end; it does so in time, and is content with itself."""
    began = time.monotonic()
    await victim.stop(IN_TIME)
    assert victim.exit_code == 0, f"{victim.name}: {victim.said()[-2_000:].decode()}"
    assert time.monotonic() - began <= IN_TIME


@pytest.mark.timeout(300)
async def test_asked_to_end_each_process_ends_in_time_and_nothing_is_lost(scene: Scene) -> None:
    """Bot, worker and scheduler end and start again, one after the other, while people click."""
    scene.load.watch()
    working = asyncio.create_task(scene.load.run(DURING, PATIENCE))
    for name in ("worker", "bot", "scheduler", "worker", "bot"):
        victim = scene.stage.victims[name]
        await stopped(victim)
        await victim.start()
    await working
    assert await scene.broken() == {}


@pytest.mark.timeout(180)
async def test_asked_to_end_the_agents_end_in_time(scene: Scene) -> None:
    """Their process is the slowest to start."""
    agents = Victim(cast.part("agents", scene.site, {}), cold, scene.site.folder, ROOT)
    await agents.start()
    try:
        await stopped(agents)
    finally:
        await agents.kill()


@pytest.mark.timeout(1_800 if FULL else 300)
async def test_workers_are_swapped_with_approvals_waiting(scene: Scene) -> None:
    """Old to new while cards wait, and once more while they are decided: nobody notices."""
    first = scene.stage.victims["worker"]
    if OLD != ROOT:
        await stopped(first)
        first = scene.stage.extra("worker-old", OLD)
        await first.start()
    await scene.load.start(WAITING)
    await scene.shown(WAITING)
    second, third = scene.stage.extra("worker-2"), scene.stage.extra("worker-3")
    await asyncio.gather(second.start(), stopped(first))
    scene.load.watch()
    await scene.load.catch_up()
    await third.start()
    await stopped(second)
    async with asyncio.timeout(PATIENCE):
        await scene.load.settled()
    assert await scene.broken() == {}
    assert await non_determinism(scene.site) == []


async def non_determinism(site: Site) -> list[str]:
    """The workflows whose history a worker could not follow."""
    client = await Client.connect(f"127.0.0.1:{site.ports.temporal}")
    cause = WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_NON_DETERMINISTIC_ERROR
    found = []
    async for workflow in client.list_workflows():
        history = client.get_workflow_handle(workflow.id).fetch_history_events()
        async for event in history:
            if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED:
                failed = event.workflow_task_failed_event_attributes
                if failed.cause == cause:
                    found.append(f"{workflow.id}: {failed.failure.message}")
    return found
