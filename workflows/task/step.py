"""One step of a task: its agent is called, its questions and its result are decided by people."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import (
    ActivityError,
    ApplicationError,
    ChildWorkflowError,
    FailureError,
)
from temporalio.workflow import ChildWorkflowHandle, ParentClosePolicy

from workflows.activities import BEGINNINGS, AgentActivities
from workflows.approval.workflow import ApprovalWorkflow, changes
from workflows.content import proposal
from workflows.content.claimed_acts import unfounded
from workflows.messages.audit import AuditKind
from workflows.messages.content_hash import digest
from workflows.messages.decisions import Outcome, Settlement, Via, Withdrawal
from workflows.messages.requests import ApprovalRequest, approval_id
from workflows.messages.results import AgentResult
from workflows.messages.tasks import Gate, Gesture, StepPlan, StepRecord, StepState, Trouble
from workflows.messages.turns import (
    EarlierStep,
    Feedback,
    Question,
    ToolDecision,
    TurnOutcome,
    TurnRequest,
)
from workflows.task import step_end, tool_calls
from workflows.task.state import Cancelled, TaskState, lost, sentence
from workflows.task.step_end import StepEnd
from workflows.task.tool_runs import Acts

AGENT_RETRIES = RetryPolicy(
    initial_interval=timedelta(seconds=1),
    maximum_interval=timedelta(minutes=1),
    maximum_attempts=3,
)
HEARTBEAT = timedelta(seconds=15)
MOST_QUESTIONS = 20
INSIDE = "AdkTurn"
"""The workflow that runs a turn where `StepPlan.inside` says so; on this queue, beside ours:"""
ADK_QUEUE = "-adk"
MOST_LOSSES = 10
"""So many times three workers may die over one turn before a person is asked."""


class StepRun:
    """Runs one step until its result is settled; `feedback` and edits make new revisions."""

    def __init__(self, task_state: TaskState, number: int, plan: StepPlan) -> None:
        self._state = task_state
        self._number = number
        self._plan = plan
        self._revision = 1
        self._feedback: Feedback | None = None
        self._authors: tuple[str, ...] = ()
        self._edited_by = ""
        self._edit_comment = ""
        self._previous: AgentResult | None = None
        self._asked = 0
        self._told = ""
        self._acts = Acts(plan.name, task_state.journal)
        task_state.acts.append(self._acts)

    async def run(self) -> StepEnd:
        """How the last revision ended, recorded when it is an end of the step."""
        outcome = await self._result()
        while True:
            if self._ends_in_receipt():
                return await self._receipt(outcome)
            request = self._request(outcome)
            settlement = await self._approve(request)
            if settlement.outcome is not Outcome.CHANGES_REQUESTED:
                self._record(request, settlement)
                return step_end.settled(settlement)
            self._previous = request.result
            self._revision += 1
            self._acts.new_revision()
            if settlement.result is not None:
                self._authors = (*self._authors, settlement.editor)
                self._edited_by = settlement.editor
                self._edit_comment = settlement.edit_comment()
                outcome = outcome.model_copy(update={"result": settlement.result})
            else:
                self._feedback = self._sent_back(settlement, request.result)
                self._edited_by, self._edit_comment = "", ""
                outcome = await self._result()

    def _sent_back(self, settlement: Settlement, previous: AgentResult) -> Feedback:
        by = settlement.decisions[-1].by if settlement.decisions else ""
        return Feedback(text=changes(settlement), by=by, previous=previous)

    # The receipt.

    def _ends_in_receipt(self) -> bool:
        """Nobody is asked about what was done already, unless something follows from it."""
        gate, steps = self._plan.gate, self._state.request.steps
        if gate is Gate.REVIEW or self._number + 1 < len(steps):
            return False
        if gate is Gate.AUTO and not self._acts.asked:
            return False
        return workflow.patched("receipts")

    async def _receipt(self, outcome: TurnOutcome) -> StepEnd:
        """Say what was done; without anything done, the step ends as people decided."""
        task_state, acts, result = self._state, self._acts, outcome.result
        assert result is not None
        end = step_end.acted(acts)
        by = tuple(dict.fromkeys(who for one in acts.declined for who in one.by))
        task_state.mark(
            self._number, state=end.state, since=workflow.now(), by=by, reason=end.reason
        )
        mode = outcome.execution_mode
        task_state.records.append(
            StepRecord(step=self._plan.name, result=result, execution_mode=mode)
        )
        task_state.receipt = await step_end.post_receipt(task_state, self._plan.name, acts, result)
        return end

    # The agent.

    async def _result(self) -> TurnOutcome:
        """Turn after turn, until the agent has a result; its questions go to people."""
        session = ""
        answers: tuple[ToolDecision, ...] = ()
        while True:
            outcome = await self._turn(session, answers)
            self._acts.account()
            if outcome.result is not None:
                self._note_called(outcome)
                return outcome
            session, answers = outcome.session, await self._ask(outcome)

    async def _turn(self, session: str, answers: tuple[ToolDecision, ...]) -> TurnOutcome:
        """One turn; trouble waits for a person's Retry or Cancel."""
        task_state, losses = self._state, 0
        while True:
            task_state.mark(
                self._number,
                state=StepState.RUNNING,
                since=workflow.now(),
                revision=self._revision,
            )
            try:
                outcome = await self._call(session, answers)
            except ChildWorkflowError as error:
                await self._stuck(error)
                continue
            except ActivityError as error:
                losses += lost(error)
                if not lost(error) or losses > MOST_LOSSES:
                    await self._stuck(error)
                continue
            except (Cancelled, asyncio.CancelledError):
                self._acts.account()
                raise
            self._acts.take(outcome.ran)
            task_state.ledger.take(self._plan.name, self._turn_id(), outcome.cost)
            self._told = outcome.asked or self._told
            task_state.mark(self._number, execution_mode=outcome.execution_mode)
            return outcome

    async def _stuck(self, error: ActivityError | ChildWorkflowError) -> None:
        """What ran before the failure is kept; then a person retries or cancels."""
        self._acts.take_failed(error)
        self._state.ledger.take_failed(self._plan.name, self._turn_id(), error)
        try:
            await self._state.stuck(self._number, sentence(error), Trouble.AGENT)
        except Cancelled:
            self._acts.account()
            raise

    async def _call(self, session: str, answers: tuple[ToolDecision, ...]) -> TurnOutcome:
        task_state, plan, info = self._state, self._plan, workflow.info()
        turn = self._turn_id()
        request = TurnRequest(
            key=f"{turn}/{task_state.problems}",
            turn=turn,
            ran=self._acts.ran,
            agent=plan.agent,
            task_id=task_state.request.id,
            workflow_id=info.workflow_id,
            step=plan.name,
            step_number=self._number + 1,
            revision=self._revision,
            requester=task_state.request.requester,
            inputs=task_state.inputs,
            earlier=tuple(_earlier(record) for record in task_state.records),
            feedback=self._feedback,
            model=plan.model,
            temperature=plan.temperature,
            pin=plan.pin,
            judged=plan.judged,
            session=session,
            answers=answers,
            allowances=task_state.ledger.allowances(plan.name, turn, plan.budget),
            spent=task_state.ledger.of_turn(plan.name, turn),
        )
        call = await self._inside(request) if plan.inside else self._outside(request)
        await workflow.wait_condition(lambda: call.done() or task_state.cancelled is not None)
        if task_state.cancelled is not None:
            call.cancel()
            raise Cancelled
        return await call

    def _turn_id(self) -> str:
        """The same over Retry, and another one after each answer."""
        info = workflow.info()
        begun = f"{info.workflow_id}/{info.run_id}/{self._plan.name}"
        return f"{begun}/{self._revision}/{self._asked}"

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

    def _note_called(self, outcome: TurnOutcome) -> None:
        self._state.journal.note(
            AuditKind.AGENT_CALLED,
            step=self._plan.name,
            revision=self._revision,
            execution_mode=outcome.execution_mode,
            version=outcome.version.model_dump(mode="json") if outcome.version else None,
            result_digest=digest(outcome.result),
            cost=outcome.cost.turn.model_dump(mode="json"),
        )

    async def _ask(self, outcome: TurnOutcome) -> tuple[ToolDecision, ...]:
        """An answer to each question: what ran before is not asked about again."""
        self._asked += 1
        if self._asked > MOST_QUESTIONS:
            raise ApplicationError(f"The agent asked more than {MOST_QUESTIONS} times.")
        found = self._acts.known(outcome.questions)
        new = tuple(one for one in outcome.questions if one.id not in found)
        if new:
            found |= {one.question_id: one for one in await self._ask_people(outcome, new)}
        return tuple(found[question.id] for question in outcome.questions)

    async def _ask_people(
        self, outcome: TurnOutcome, new: Sequence[Question]
    ) -> tuple[ToolDecision, ...]:
        """Let people decide what the agent wants to do; edits make new versions of the question."""
        asked = tool_calls.as_result(new)
        previous: AgentResult | None = None
        authors: tuple[str, ...] = ()
        revision, comment = 1, ""
        while True:
            request = self._request(outcome.model_copy(update={"result": asked})).model_copy(
                update={
                    "id": approval_id(self._state.request.id, self._question_name(), revision),
                    "title": proposal.heading(asked.calls) or f"what {self._plan.agent} wants",
                    "revision": revision,
                    "authors": authors,
                    "edited_by": authors[-1] if authors else "",
                    "edit_comment": comment,
                    "previous": previous,
                    "feedback": "",
                }
            )
            settlement = await self._approve(request)
            if settlement.outcome is Outcome.WITHDRAWN:
                gesture = Gesture(by=settlement.ended_by, reason=settlement.reason)
                self._state.cancelled = self._state.cancelled or gesture
                raise Cancelled
            if settlement.outcome is not Outcome.CHANGES_REQUESTED or settlement.result is None:
                answers = tool_calls.answers(new, asked, settlement)
                self._acts.decided(self._turn_id(), new, answers, settlement, authors)
                return answers
            previous, asked = asked, settlement.result
            authors = (*authors, settlement.editor)
            revision, comment = revision + 1, settlement.edit_comment()

    def _question_name(self) -> str:
        return f"{self._plan.name}-question-{self._asked}"

    # The people.

    def _request(self, outcome: TurnOutcome) -> ApprovalRequest:
        task_state, plan = self._state, self._plan
        assert outcome.result is not None
        sources = tuple(file.name for file in task_state.inputs)
        return ApprovalRequest(
            id=approval_id(task_state.request.id, plan.name, self._revision),
            title=f"{plan.name} of {', '.join(sources)}",
            requester=task_state.request.requester,
            result=outcome.result,
            policy=plan.policy,
            thread=task_state.place,
            task_id=task_state.request.id,
            pipeline=task_state.request.pipeline,
            step=plan.name,
            step_number=self._number + 1,
            steps_total=len(task_state.request.steps),
            revision=self._revision,
            authors=self._authors,
            sources=sources,
            previous=self._previous,
            feedback=self._feedback.text if self._feedback and not self._edited_by else "",
            edited_by=self._edited_by,
            edit_comment=self._edit_comment,
            execution_mode=outcome.execution_mode,
            mode_reason=outcome.reason,
            version=outcome.version,
            parent=workflow.info().workflow_id,
            ahead=tuple(
                dict.fromkeys(p.agent for p in task_state.request.steps[self._number + 1 :])
            ),
            ran=tuple(run.brief() for run in self._acts.ran),
            spent=task_state.ledger.of_step(plan.name),
            asked=self._told,
            claimed=unfounded(outcome.result, self._acts.ran),
        )

    async def _approve(self, request: ApprovalRequest) -> Settlement:
        """Raise the approval and wait for its outcome; a refusal to raise it waits for a person."""
        task_state = self._state
        while True:
            task_state.mark(
                self._number,
                state=StepState.WAITING,
                since=workflow.now(),
                revision=request.revision,
                approval_id=request.id,
                waits_for=(),
                card=None,
            )
            child = await workflow.start_child_workflow(
                ApprovalWorkflow.run,
                request,
                id=request.id,
                parent_close_policy=ParentClosePolicy.ABANDON,
                priority=BEGINNINGS,
            )
            await self._wait(request, child)
            if (settlement := task_state.settlements.get(request.id)) is not None:
                return settlement
            if task_state.cancelled is not None:
                await self._withdraw(child)
                raise Cancelled
            try:
                return await child
            except ChildWorkflowError as error:
                await task_state.stuck(self._number, sentence(error), Trouble.APPROVAL)

    async def _wait(
        self, request: ApprovalRequest, child: ChildWorkflowHandle[ApprovalWorkflow, Settlement]
    ) -> None:
        """The child tells by signal, as soon as it is decided; or it fails, or the task ends."""
        task_state = self._state
        await workflow.wait_condition(
            lambda: (
                request.id in task_state.settlements
                or child.done()
                or task_state.cancelled is not None
            )
        )

    async def _withdraw(self, child: ChildWorkflowHandle[ApprovalWorkflow, Settlement]) -> None:
        assert self._state.cancelled is not None
        withdrawal = Withdrawal(
            by=self._state.cancelled.by, reason="The task was cancelled.", via=Via.TASK
        )
        try:
            await child.signal(ApprovalWorkflow.withdraw, withdrawal)
        except FailureError:
            workflow.logger.info("the approval ended before it could be withdrawn")

    def _record(self, request: ApprovalRequest, settlement: Settlement) -> None:
        result = settlement.result or request.result
        if settlement.outcome is Outcome.APPROVED and digest(result) != settlement.result_digest:
            raise ApplicationError("What was approved is not what the task holds.", type="changed")
        self._state.mark(
            self._number,
            state=StepState(settlement.outcome.value),
            since=settlement.at,
            by=settlement.settled_by(),
            reason=settlement.reason,
        )
        self._state.records.append(
            StepRecord(
                step=request.step,
                result=result,
                settlement=settlement,
                execution_mode=request.execution_mode,
            )
        )


def _earlier(record: StepRecord) -> EarlierStep:
    assert record.settlement is not None  # nothing follows a receipt
    return EarlierStep(
        step=record.step, result=record.result, digest=record.settlement.result_digest
    )
