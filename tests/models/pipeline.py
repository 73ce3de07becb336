"""A whole pipeline over a stand-in for a model: workflow, worker, A2A, our agents' own server."""

import contextlib
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from temporalio import activity
from temporalio.client import WorkflowHandle
from temporalio.worker import Worker

from agents.a2a.client import A2AClient
from agents.runtime.activity import TurnRunning, cancelled_for_good
from agents.runtime.adk_workflow import AdkTurnWorkflow
from bot.config.agents import agent_activities
from bot.config.payload_keys import signing_codec
from bot.config.sections.temporal import TemporalSettings
from bot.config.settings import Settings
from bot.monitoring.metrics import Metrics
from bot.processes.adk_worker import adk_worker
from bot.processes.agent_server import agents
from bot.temporal import client as temporal
from storage.payloads.files import PayloadFiles
from tests.agents.requests import SALES, input_file
from tests.fakes import ADA, FakeInputs
from tests.workflows.conftest import POLICY, House, until
from workflows.activities import CollectRequest
from workflows.messages.audit import AuditEntry, AuditKind
from workflows.messages.requests import CardView
from workflows.messages.results import AgentPin, AgentResult
from workflows.messages.tasks import (
    Gesture,
    Source,
    SourceKind,
    StepPlan,
    TaskReport,
    TaskRequest,
    TaskView,
)
from workflows.messages.turns import InputFile, TurnRequest
from workflows.task.cost import Budget
from workflows.task.turns import ADK_QUEUE
from workflows.task.workflow import TaskWorkflow

NONE, ANY = Budget(), AgentPin()
FLASH = "gemini-flash-latest"
Task = WorkflowHandle[TaskWorkflow, TaskReport]


class SalesInput(FakeInputs):
    """One table, already in the payload store."""

    @activity.defn(name="collect_inputs")
    async def collect_inputs(self, request: CollectRequest) -> tuple[InputFile, ...]:
        return (input_file("sales.csv", SALES, "text/csv"),)


@dataclass
class Pipeline:
    """A house whose agents are the real ones, reached as `signoff worker` reaches them."""

    house: House
    agent: TurnRunning
    metrics: Metrics

    async def start(
        self,
        *agents: str,
        model: str = FLASH,
        budget: Budget = NONE,
        whole: Budget = NONE,
        pin: AgentPin = ANY,
        inside: bool = False,
    ) -> Task:
        """A task of one step for each agent, asked for by Ada; `whole` is the task's budget.

        `inside`: turns run in workflows of their own.
        """
        task = "t-" + uuid.uuid4().hex[:8]
        plans = tuple(
            StepPlan(
                name=name,
                agent=name,
                policy=POLICY,
                model=model,
                budget=budget,
                pin=pin,
                inside=inside,
            )
            for name in agents
        )
        request = TaskRequest(
            id=task,
            pipeline="review",
            steps=plans,
            requester=ADA,
            sources=(Source(kind=SourceKind.FILE, value="sales.csv"),),
            channel="C0GENERAL1",
            budget=whole,
        )
        return await self.house.client.start_workflow(
            TaskWorkflow.run, request, id=task, task_queue=self.house.queue
        )

    async def card(self, task: Task, step: str, revision: int = 1) -> CardView:
        """The card of this step, once it is posted."""
        return await self.house.card(f"{task.id}.{step}.v{revision}")

    async def problem(self, task: Task, number: int = 1) -> str:
        """The sentence the task is stuck with, for the `number`th time."""

        def view() -> TaskView | None:
            return self.house.cards.tasks.get(task.id)

        await until(lambda: (v := view()) and v.problem and v.problem_number == number, 40)
        found = view()
        assert found is not None
        return found.problem

    async def retry(self, task: Task, number: int = 1) -> None:
        """As a click on Retry."""
        await task.signal(TaskWorkflow.retry, Gesture(by=ADA, problem=number))

    def audited(self, kind: AuditKind) -> list[AuditEntry]:
        """The rows of this kind."""
        return [entry for entry in self.house.audit.entries.values() if entry.kind is kind]


@contextlib.asynccontextmanager
async def pipeline(settings: Settings, address: str) -> AsyncIterator[Pipeline]:
    """Everything running, with the agents behind A2A."""
    files = PayloadFiles(settings.folder / "payloads")
    await files.put(SALES)
    ours = temporal.plugin(files, codec=signing_codec(settings))
    client = await temporal.connect(TemporalSettings(address=address), ours)
    metrics, a2a = Metrics(), A2AClient(unwanted=cancelled_for_good)
    async with contextlib.AsyncExitStack() as stack:
        await stack.enter_async_context(agents(settings))
        stack.push_async_callback(a2a.aclose)
        activities = agent_activities(settings, files, a2a, metrics)
        house = House(client=client, queue=f"models-{uuid.uuid4().hex}", inputs=SalesInput())
        others = [one for one in house.activities() if one != house.agent.run_turn]
        await stack.enter_async_context(
            Worker(
                client,
                task_queue=house.queue,
                activities=[activities.run_turn, *others],
                graceful_shutdown_timeout=timedelta(seconds=1),
                max_heartbeat_throttle_interval=temporal.BEATS_APART,
            )
        )
        queue, models = house.queue, settings.model_access
        await stack.enter_async_context(adk_worker(client, queue, files, models))
        yield Pipeline(house, activities, metrics)


async def turn_inside(
    settings: Settings, address: str, folder: Path, asked: TurnRequest
) -> AgentResult:
    """`run = "workflow"`: a turn on the worker that `signoff worker` starts for that."""
    files = PayloadFiles(folder)
    await files.put(SALES)
    client = await temporal.connect(TemporalSettings(address=address), temporal.plugin(files))
    queue = f"keys-{uuid.uuid4().hex}"
    async with adk_worker(client, queue, files, settings.model_access):
        outcome = await client.execute_workflow(
            AdkTurnWorkflow.run, asked, id=uuid.uuid4().hex, task_queue=queue + ADK_QUEUE
        )
    assert outcome.result is not None
    return outcome.result
