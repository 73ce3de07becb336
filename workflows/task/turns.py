"""The turns of a step's agent: each is called until it ends, or until somebody cancels the task.

A turn runs as an activity, or where `StepPlan.inside` says so as a workflow of its own.
"""

import asyncio
from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ChildWorkflowError

from workflows.activities import AgentActivities
from workflows.messages.content_hash import digest
from workflows.messages.tasks import StepPlan, StepRecord, StepState, Trouble
from workflows.messages.turns import EarlierStep, ToolDecision, TurnOutcome, TurnRequest
from workflows.task.revision import Revision
from workflows.task.state import Cancelled, TaskState, lost, sentence
from workflows.task.tool_runs import Acts

AGENT_RETRIES = RetryPolicy(
    initial_interval=timedelta(seconds=1),
    maximum_interval=timedelta(minutes=1),
    maximum_attempts=3,
)
HEARTBEAT = timedelta(seconds=15)
INSIDE = "AdkTurn"
"""The workflow that runs a turn inside; on this queue, beside ours:"""
ADK_QUEUE = "-adk"
MOST_LOSSES = 10
"""So many times three workers may die over one turn before a person is asked."""


class Turns:
    """What they run and cost goes into the step's `acts` and into the task's ledger."""

    def __init__(self, task_state: TaskState, number: int, plan: StepPlan, acts: Acts) -> None:
        self._state = task_state
        self._number = number
        self._plan = plan
        self._acts = acts

    async def take(
        self, turn: str, revision: Revision, session: str, answers: tuple[ToolDecision, ...]
    ) -> TurnOutcome:
        """One turn, whose id is `turn`; trouble waits for a person's Retry or Cancel.

        Raises Cancelled once the task is.
        """
        task_state, losses = self._state, 0
        while True:
            task_state.mark(
                self._number,
                state=StepState.RUNNING,
                since=workflow.now(),
                revision=revision.number,
            )
            try:
                outcome = await self._call(self._request(turn, revision, session, answers))
            except ChildWorkflowError as error:
                await self._stuck(turn, error)
                continue
            except ActivityError as error:
                losses += lost(error)
                if not lost(error) or losses > MOST_LOSSES:
                    await self._stuck(turn, error)
                continue
            except (Cancelled, asyncio.CancelledError):
                self._acts.account()
                raise
            self._acts.take(outcome.ran)
            self._acts.deny(outcome.denied)
            self._acts.account()
            task_state.ledger.take(self._plan.name, turn, outcome.cost)
            task_state.mark(self._number, execution_mode=outcome.execution_mode)
            return outcome

    async def _stuck(self, turn: str, error: ActivityError | ChildWorkflowError) -> None:
        """What ran before the failure is kept; then a person retries or cancels."""
        self._acts.take_failed(error)
        self._state.ledger.take_failed(self._plan.name, turn, error)
        try:
            await self._state.stuck(self._number, sentence(error), Trouble.AGENT)
        except Cancelled:
            self._acts.account()
            raise

    def _request(
        self, turn: str, revision: Revision, session: str, answers: tuple[ToolDecision, ...]
    ) -> TurnRequest:
        task_state, plan = self._state, self._plan
        return TurnRequest(
            key=f"{turn}/{task_state.problems}",
            turn=turn,
            ran=self._acts.ran,
            agent=plan.agent,
            task_id=task_state.request.id,
            workflow_id=workflow.info().workflow_id,
            step=plan.name,
            step_number=self._number + 1,
            revision=revision.number,
            requester=task_state.request.requester,
            inputs=task_state.inputs,
            earlier=tuple(_earlier(record) for record in task_state.records),
            feedback=revision.feedback,
            model=plan.model,
            temperature=plan.temperature,
            pin=plan.pin,
            judged=plan.judged,
            session=session,
            answers=answers,
            allowances=task_state.ledger.allowances(plan.name, turn, plan.budget),
            spent=task_state.ledger.of_turn(plan.name, turn),
        )

    async def _call(self, request: TurnRequest) -> TurnOutcome:
        task_state = self._state
        call = await self._inside(request) if self._plan.inside else self._outside(request)
        await workflow.wait_condition(lambda: call.done() or task_state.cancelled is not None)
        if task_state.cancelled is not None:
            call.cancel()
            raise Cancelled
        return await call

    def _outside(self, request: TurnRequest) -> asyncio.Task[TurnOutcome]:
        return workflow.start_activity_method(
            AgentActivities.run_turn,
            request,
            start_to_close_timeout=self._plan.timeout,
            heartbeat_timeout=HEARTBEAT,
            retry_policy=AGENT_RETRIES,
        )

    async def _inside(self, request: TurnRequest) -> asyncio.Task[TurnOutcome]:
        """Its model and tool calls are retried there, so the turn itself is not."""
        child: asyncio.Task[TurnOutcome] = await workflow.start_child_workflow(
            INSIDE,
            request,
            id=request.key,
            task_queue=workflow.info().task_queue + ADK_QUEUE,
            result_type=TurnOutcome,
            execution_timeout=self._plan.timeout,
        )
        return child


def _earlier(record: StepRecord) -> EarlierStep:
    """What was approved, or what a step without a gate gave."""
    approved = record.settlement.result_digest if record.settlement else digest(record.result)
    return EarlierStep(step=record.step, result=record.result, digest=approved)
