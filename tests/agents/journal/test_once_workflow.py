"""An act of a turn inside of a workflow runs once: a kill, a failing model, a person's Retry."""

import asyncio
import sys
import uuid
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import Client, WorkflowFailureError
from temporalio.exceptions import ApplicationError

from agents.runtime import adk_workflow
from agents.runtime.adk_workflow import AdkTurnWorkflow
from bot.config.sections.temporal import TemporalSettings
from bot.processes.adk_worker import adk_worker
from bot.temporal import client as temporal
from storage.payloads.files import PayloadFiles
from tests.agents.acting import NAME, ActingModel, install
from tests.agents.scripted import overloaded, reset
from workflows.messages.results import RunStatus, ToolRun
from workflows.messages.turns import ToolDecision, TurnOutcome, TurnRequest
from workflows.task.cost import is_cost
from workflows.task.turns import ADK_QUEUE

ROOT = Path(__file__).parents[3]
REQUEST = TurnRequest(
    key="k/0", turn="k", agent=NAME, task_id="t", workflow_id="w", step="s", model="acting/one"
)


@dataclass
class Stage:
    """A worker for turns inside of workflows."""

    client: Client
    queue: str
    files: PayloadFiles
    folder: Path

    async def start(self, **changed: Any) -> Any:
        """Begin a turn."""
        return await self.client.start_workflow(
            AdkTurnWorkflow.run,
            REQUEST.model_copy(update=changed),
            id=uuid.uuid4().hex,
            task_queue=self.queue + ADK_QUEUE,
        )

    async def turn(self, **changed: Any) -> TurnOutcome:
        """One turn, with a worker of this process."""
        handle = await self.start(**changed)
        async with adk_worker(self.client, self.queue, self.files):
            outcome: TurnOutcome = await asyncio.wait_for(handle.result(), 90)
            return outcome

    async def fails(self, **changed: Any) -> list[ToolRun]:
        """The calls that it says it made before it failed."""
        with pytest.raises(WorkflowFailureError) as caught:
            await self.turn(**changed)
        assert isinstance(caught.value.cause, ApplicationError)
        return [
            ToolRun.model_validate(detail)
            for detail in caught.value.cause.details
            if not is_cost(detail)
        ]


@pytest.fixture
async def stage(temporal_address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stage:
    monkeypatch.setattr(adk_workflow, "BEAT", timedelta(seconds=2))
    files = PayloadFiles(tmp_path / "payloads")
    settings = TemporalSettings(address=temporal_address)
    client = await temporal.connect(settings, temporal.plugin(files))
    return Stage(client, f"test-{uuid.uuid4().hex}", files, tmp_path)


def yes(outcome: TurnOutcome, turn: str) -> dict[str, Any]:
    answers = tuple(ToolDecision(question_id=q.id, confirmed=True) for q in outcome.questions)
    return {"session": outcome.session, "answers": answers, "turn": turn}


@pytest.mark.parametrize("fail", [overloaded, reset])
@pytest.mark.parametrize("asking", [False, True], ids=["unasked", "approved"])
async def test_a_person_who_retries_does_not_act_again(
    stage: Stage, fail: Any, asking: bool
) -> None:
    """The new workflow knows from its request what ran, and answers the model with that."""
    witness = install(stage.folder, asking=asking)
    going_on: dict[str, Any] = {}
    if asking:
        going_on = yes(await stage.turn(), "k/1")
    ActingModel.failures.extend(fail() for _ in range(3))
    ran = await stage.fails(**going_on)
    acts = ["Ann", "Ann"] if asking else ["Ann", "Ann", "Eve"]
    assert [run.arguments["to"] for run in ran] == acts
    assert {run.status for run in ran} == {RunStatus.DONE}
    assert {run.key for run in ran} == set(witness.keys()[-len(acts) :])
    before = witness.acts()
    done = await stage.turn(**going_on, key="k/9", ran=tuple(ran))
    assert done.result is not None
    assert witness.acts() == before
    assert [run.key for run in done.ran] == [run.key for run in ran]
    assert "already_done" not in str(ActingModel.asked[-1].contents)


async def killed(stage: Stage, point: str, address: str) -> None:
    """A worker that ends at this point."""
    command = ("-m", "tests.agents.acting_worker", address, stage.queue, str(stage.folder), point)
    with (stage.folder / "log").open("wb") as log:
        victim = await asyncio.create_subprocess_exec(
            sys.executable, *command, cwd=ROOT, stdout=log, stderr=log
        )
    try:
        await asyncio.wait_for(victim.wait(), 90)
    finally:
        if victim.returncode is None:
            victim.kill()
            await victim.wait()
    assert (stage.folder / "killed").read_text(encoding="utf-8") == point


@pytest.mark.timeout(240)
@pytest.mark.parametrize("point", ["before the act", "after the act"])
async def test_a_tool_that_is_killed_is_asked_about(
    stage: Stage, point: str, temporal_address: str
) -> None:
    """It is not tried again; approved, it goes on as the same turn, in a new workflow."""
    handle = await stage.start()
    await killed(stage, point, temporal_address)
    witness = install(stage.folder)
    async with adk_worker(stage.client, stage.queue, stage.files):
        asked: TurnOutcome = await asyncio.wait_for(handle.result(), 90)
    assert {question.tool for question in asked.questions} == {"pay"}
    unknown = len(asked.questions)
    assert [run.status for run in asked.ran].count(RunStatus.UNKNOWN) >= unknown > 0
    before = witness.acts()
    assert before.count("Ann") + unknown in {2, 3}
    done = await stage.turn(**yes(asked, "k/2"))
    assert done.result is not None
    assert witness.acts()[len(before) :].count("Ann") == unknown
    assert witness.acts().count("Eve") == 1
    assert {run.status for run in done.ran} == {RunStatus.DONE}
    assert len(ActingModel.asked) == 1  # what had been said before travelled along


@pytest.mark.timeout(240)
async def test_a_model_that_is_killed_is_asked_again_alone(
    stage: Stage, temporal_address: str
) -> None:
    """Temporal tries it again; no tool has run yet, and each runs once."""
    handle = await stage.start()
    await killed(stage, "after the model", temporal_address)
    witness = install(stage.folder)
    async with adk_worker(stage.client, stage.queue, stage.files):
        done: TurnOutcome = await asyncio.wait_for(handle.result(), 90)
    assert done.result is not None
    assert sorted(witness.acts()) == ["Ann", "Ann", "Eve"]
