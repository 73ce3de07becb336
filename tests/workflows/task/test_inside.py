"""A step whose turns are workflows of their own: for the task it is a turn like any other."""

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from temporalio import workflow
from temporalio.client import WorkflowFailureError, WorkflowHandle
from temporalio.exceptions import ApplicationError
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner, Worker

from bot.temporal import client
from storage.payloads.files import PayloadFiles
from tests.fakes import ADA
from tests.workflows.conftest import POLICY, House, until
from workflows.messages.decisions import Verdict
from workflows.messages.results import AgentResult
from workflows.messages.tasks import Gesture, Source, SourceKind, StepPlan, TaskReport, TaskRequest
from workflows.messages.turns import Question, TurnOutcome, TurnRequest
from workflows.task.turns import ADK_QUEUE, INSIDE
from workflows.task.workflow import TaskWorkflow

ASKED = Question(id="q1", tool="pay", arguments={"amount": 100})


@workflow.defn(name=INSIDE)
class HandWritten:
    """Asks once, then answers; what it does otherwise stands in the request's model."""

    @workflow.run
    async def run(self, request: TurnRequest) -> TurnOutcome:
        if request.model == "asleep" and "/0/0" in request.key:
            raise ApplicationError("The agent is asleep.", type="AgentFailed")
        if request.model == "slow":
            await workflow.sleep(timedelta(hours=1))
        if not request.session:
            return TurnOutcome(questions=(ASKED,), session="one")
        said = ", ".join(f"{a.question_id} {a.confirmed}" for a in request.answers)
        return TurnOutcome(result=AgentResult(summary=f"{request.step}: {said}"))


Task = WorkflowHandle[TaskWorkflow, TaskReport]


@contextlib.asynccontextmanager
async def inside(house: House, model: str = "") -> AsyncIterator[Task]:
    """A task of one step, and the worker for its turns."""
    plan = StepPlan(name="payment", agent="payment", policy=POLICY, model=model, inside=True)
    request = TaskRequest(
        id="t-" + uuid.uuid4().hex[:8],
        pipeline="pay",
        steps=(plan,),
        requester=ADA,
        sources=(Source(kind=SourceKind.FILE, value="payments.csv"),),
        channel="C0GENERAL1",
    )
    turns = Worker(
        house.client,
        task_queue=house.queue + ADK_QUEUE,
        workflows=[HandWritten],
        workflow_runner=UnsandboxedWorkflowRunner(),
    )
    async with turns:
        yield await house.client.start_workflow(
            TaskWorkflow.run, request, id=request.id, task_queue=house.queue
        )


async def finished(house: House, task: Task, folder: Path) -> TaskReport:
    """Approve what is left, and replay the task."""
    await house.decide(f"{task.id}.payment-question-1.v1", Verdict.APPROVE)
    report = await task.result()
    replayer = Replayer(workflows=[], plugins=[client.plugin(PayloadFiles(folder))])
    await replayer.replay_workflow(await task.fetch_history())
    return report


async def test_questions_answers_and_result(house: House, tmp_path: Path) -> None:
    """No activity runs a turn."""
    async with inside(house) as task:
        report = await finished(house, task, tmp_path)
    assert report.status == "completed"
    assert report.steps[0].result.summary == "payment: q1 True"
    assert house.agent.requests == []


async def test_trouble_waits_for_a_person(house: House, tmp_path: Path) -> None:
    """With the agent's own words; Retry is another turn."""
    async with inside(house, "asleep") as task:
        await until(lambda: task.id in house.cards.tasks and house.cards.tasks[task.id].problem)
        assert house.cards.tasks[task.id].problem == "The agent is asleep."
        await task.signal(TaskWorkflow.retry, Gesture(by=ADA, problem=1))
        report = await finished(house, task, tmp_path)
    assert report.status == "completed"


async def test_cancelling_the_task_ends_the_turn(house: House) -> None:
    """Nothing goes on for a task that is over."""
    async with inside(house, "slow") as task:
        query = f"WorkflowType = '{INSIDE}' AND TaskQueue = '{house.queue}{ADK_QUEUE}'"
        turns: list[str] = []
        async with asyncio.timeout(15):
            while not turns:
                turns = [found.id async for found in house.client.list_workflows(query)]
        await task.signal(TaskWorkflow.cancel, Gesture(by=ADA))
        assert (await task.result()).status == "cancelled"
        turn = house.client.get_workflow_handle(turns[0])
        async with asyncio.timeout(15):
            with pytest.raises(WorkflowFailureError):
                await turn.result()
        status = (await turn.describe()).status
    assert status is not None
    assert status.name in {"CANCELED", "TERMINATED"}
