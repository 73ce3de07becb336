"""One step of a task: its agent is called, its questions and its result are decided by people."""

from collections.abc import Sequence

from temporalio import workflow
from temporalio.exceptions import ApplicationError, ChildWorkflowError, FailureError
from temporalio.workflow import ChildWorkflowHandle, ParentClosePolicy

from workflows.activities import BEGINNINGS
from workflows.approval.workflow import ApprovalWorkflow
from workflows.content import proposal
from workflows.content.claimed_acts import unfounded
from workflows.messages.audit import AuditKind
from workflows.messages.content_hash import digest
from workflows.messages.decisions import Outcome, Settlement, Via, Withdrawal
from workflows.messages.requests import ApprovalRequest, approval_id
from workflows.messages.results import AgentResult, ExecutionMode
from workflows.messages.tasks import Gate, Gesture, StepPlan, StepRecord, StepState, Trouble
from workflows.messages.turns import Question, ToolDecision, TurnOutcome
from workflows.task import step_end, tool_calls
from workflows.task.revision import Revision
from workflows.task.state import Cancelled, TaskState, sentence
from workflows.task.step_end import StepEnd
from workflows.task.tool_runs import Acts
from workflows.task.turns import Turns

MOST_QUESTIONS = 20

Child = ChildWorkflowHandle[ApprovalWorkflow, Settlement]


class StepRun:
    """Runs one step until its result is settled; feedback and edits make new revisions of it."""

    def __init__(self, task_state: TaskState, number: int, plan: StepPlan) -> None:
        self._state = task_state
        self._number = number
        self._plan = plan
        self._revision = Revision()
        self._asked = 0
        self._told = ""
        self._acts = Acts(plan.name, task_state.journal)
        self._turns = Turns(task_state, number, plan, self._acts)
        task_state.acts.append(self._acts)

    async def run(self) -> StepEnd:
        """How the last revision ended, recorded when it is an end of the step."""
        outcome = await self._result()
        while True:
            if self._ends_in_receipt():
                return await self._receipt(outcome)
            if self._goes_on_unasked(outcome):
                return self._unreviewed(outcome)
            request = self._request(outcome)
            settlement = await self._approve(request)
            if settlement.outcome is not Outcome.CHANGES_REQUESTED:
                self._record(request, settlement)
                return step_end.settled(settlement)
            self._revision = self._revision.after(settlement, request.result)
            self._acts.new_revision()
            if settlement.result is not None:
                outcome = outcome.model_copy(update={"result": settlement.result})
            else:
                outcome = await self._result()

    # Nobody is asked.

    def _goes_on_unasked(self, outcome: TurnOutcome) -> bool:
        """Only from what a live agent read: no gate lets through what was done, or made up."""
        if self._plan.gate is not Gate.NONE or self._number + 1 == len(self._state.request.steps):
            return False
        assert outcome.result is not None
        acts = self._acts
        acted = acts.asked or acts.ran or acts.denied or unfounded(outcome.result, acts.ran)
        return not acted and outcome.execution_mode is ExecutionMode.LIVE_AGENT

    def _unreviewed(self, outcome: TurnOutcome) -> StepEnd:
        assert outcome.result is not None
        self._state.mark(self._number, state=StepState.DONE, since=workflow.now())
        self._state.records.append(StepRecord(step=self._plan.name, result=outcome.result))
        return StepEnd(StepState.DONE)

    def _ends_in_receipt(self) -> bool:
        """Nobody is asked about what was done already, unless something follows from it."""
        gate, steps = self._plan.gate, self._state.request.steps
        if gate in {Gate.REVIEW, Gate.NONE} or self._number + 1 < len(steps):
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
            outcome = await self._turns.take(self._turn_id(), self._revision, session, answers)
            self._told = outcome.asked or self._told
            if outcome.result is not None:
                self._note_called(outcome)
                return outcome
            session, answers = outcome.session, await self._ask(outcome)

    def _turn_id(self) -> str:
        """The same over Retry, and another one after each answer."""
        info = workflow.info()
        begun = f"{info.workflow_id}/{info.run_id}/{self._plan.name}"
        return f"{begun}/{self._revision.number}/{self._asked}"

    def _note_called(self, outcome: TurnOutcome) -> None:
        self._state.journal.note(
            AuditKind.AGENT_CALLED,
            step=self._plan.name,
            revision=self._revision.number,
            execution_mode=outcome.execution_mode,
            version=outcome.version.model_dump(mode="json") if outcome.version else None,
            result_digest=digest(outcome.result),
            cost=outcome.cost.turn.model_dump(mode="json"),
        )

    # The people.

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
        """Let people decide what the agent wants to do; edits make new revisions of that."""
        asked, revision = tool_calls.as_result(new), Revision()
        while True:
            request = self._question(outcome, asked, revision)
            settlement = await self._approve(request)
            if settlement.outcome is Outcome.WITHDRAWN:
                gesture = Gesture(by=settlement.ended_by, reason=settlement.reason)
                self._state.cancelled = self._state.cancelled or gesture
                raise Cancelled
            if settlement.outcome is not Outcome.CHANGES_REQUESTED or settlement.result is None:
                answers = tool_calls.answers(new, asked, settlement)
                self._acts.decided(self._turn_id(), new, answers, settlement, revision.authors)
                return answers
            revision, asked = revision.after(settlement, asked), settlement.result

    def _question(
        self, outcome: TurnOutcome, asked: AgentResult, revision: Revision
    ) -> ApprovalRequest:
        name = f"{self._plan.name}-question-{self._asked}"
        return self._approval(
            outcome.model_copy(update={"result": asked}),
            revision,
            name=name,
            title=proposal.heading(asked.calls) or f"what {self._plan.agent} wants",
        )

    def _request(self, outcome: TurnOutcome) -> ApprovalRequest:
        sources = ", ".join(file.name for file in self._state.inputs)
        name = self._plan.name
        return self._approval(outcome, self._revision, name=name, title=f"{name} of {sources}")

    def _approval(
        self, outcome: TurnOutcome, revision: Revision, *, name: str, title: str
    ) -> ApprovalRequest:
        task_state, plan = self._state, self._plan
        assert outcome.result is not None
        return ApprovalRequest(
            id=approval_id(task_state.request.id, name, revision.number),
            title=title,
            requester=task_state.request.requester,
            result=outcome.result,
            policy=plan.policy,
            thread=task_state.place,
            task_id=task_state.request.id,
            pipeline=task_state.request.pipeline,
            step=plan.name,
            step_number=self._number + 1,
            steps_total=len(task_state.request.steps),
            revision=revision.number,
            authors=revision.authors,
            sources=tuple(file.name for file in task_state.inputs),
            previous=revision.previous,
            feedback=revision.feedback.text if revision.feedback else "",
            edited_by=revision.edited_by,
            edit_comment=revision.edit_comment,
            execution_mode=outcome.execution_mode,
            mode_reason=outcome.reason,
            version=outcome.version,
            parent=workflow.info().workflow_id,
            ahead=tuple(
                dict.fromkeys(p.agent for p in task_state.request.steps[self._number + 1 :])
            ),
            ran=tuple(run.brief() for run in self._acts.ran),
            denied=tuple(self._acts.denied),
            spent=task_state.ledger.of_step(plan.name),
            asked=self._told,
            claimed=unfounded(outcome.result, self._acts.ran),
            unreviewed=tuple(r.step for r in task_state.records if r.settlement is None),
        )

    async def _approve(self, request: ApprovalRequest) -> Settlement:
        """Raise the approval and wait for its outcome; a refusal to raise it waits for a person.

        The child tells by signal, as soon as it is decided; or it fails, or the task is cancelled.
        """
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
                await _withdraw(child, task_state.cancelled.by)
                raise Cancelled
            try:
                return await child
            except ChildWorkflowError as error:
                await task_state.stuck(self._number, sentence(error), Trouble.APPROVAL)

    async def _wait(self, request: ApprovalRequest, child: Child) -> None:
        task_state = self._state
        await workflow.wait_condition(
            lambda: (
                request.id in task_state.settlements
                or child.done()
                or task_state.cancelled is not None
            )
        )

    # The end.

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


async def _withdraw(child: Child, by: str) -> None:
    withdrawal = Withdrawal(by=by, reason="The task was cancelled.", via=Via.TASK)
    try:
        await child.signal(ApprovalWorkflow.withdraw, withdrawal)
    except FailureError:
        workflow.logger.info("the approval ended before it could be withdrawn")
