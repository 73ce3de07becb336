"""One task: each step's agent is called, its result is approved by people, then the next step.

A step whose result is sent back runs again as a new revision. A step that fails for good does not
end the task: it waits, with Retry and Cancel on its message.
"""

import asyncio
from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError, ChildWorkflowError, FailureError
from temporalio.workflow import ParentClosePolicy

with workflow.unsafe.imports_passed_through():
    from workflows import attributes
    from workflows.approval import ApprovalWorkflow, changes
    from workflows.audit import AuditKind
    from workflows.decisions import Outcome, Place, Settlement, Via, Withdrawal
    from workflows.digest import digest
    from workflows.journal import Journal
    from workflows.mirror import Mirror
    from workflows.requests import ApprovalParent, ApprovalRequest, approval_id
    from workflows.results import AgentResult, ExecutionMode
    from workflows.steps import PATIENT, AgentSteps, CardSteps, CollectRequest, InputSteps, Word
    from workflows.tasks import (
        Gesture,
        StepPlan,
        StepRecord,
        StepState,
        StepStatus,
        TaskReport,
        TaskRequest,
        TaskView,
    )
    from workflows.turns import EarlierStep, Feedback, InputFile, TurnOutcome, TurnRequest

AGENT_RETRIES = RetryPolicy(
    initial_interval=timedelta(seconds=1),
    maximum_interval=timedelta(minutes=1),
    maximum_attempts=3,
)
COLLECT_RETRIES = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_attempts=3)
HEARTBEAT = timedelta(seconds=60)
ROOT_PATIENCE = timedelta(seconds=15)


class Cancelled(Exception):  # noqa: N818 - the task was cancelled, nothing went wrong
    """Somebody cancelled the task."""


@workflow.defn
class TaskWorkflow(ApprovalParent):
    """Carries one task from its inputs to its report; its id is the task's id."""

    @workflow.init
    def __init__(self, request: TaskRequest) -> None:
        self._request = request
        self._place = Place(channel=request.channel)
        self._steps = [StepStatus(name=plan.name) for plan in request.steps]
        self._records: list[StepRecord] = []
        self._inputs: tuple[InputFile, ...] = ()
        self._started_at: datetime = workflow.now()
        self._ended_at: datetime | None = None
        self._settlements: dict[str, Settlement] = {}
        self._status = attributes.RUNNING
        self._problem = ""
        self._problems = 0
        self._retried = 0
        self._accepted: bool | None = None
        self._cancelled: Gesture | None = None
        self._journal = Journal(request.id)
        self._message = Mirror(self._show)

    @workflow.run
    async def run(self, request: TaskRequest) -> TaskReport:
        """Run every step; return once the task's message and records are true."""
        self._list()
        self._journal.note(AuditKind.TASK_STARTED, request.requester, request.via)
        beside = [
            asyncio.create_task(self._message.keep()),
            asyncio.create_task(self._journal.mirror.keep()),
        ]
        reason = await self._work()
        self._ended_at = workflow.now()
        self._list()
        self._journal.note(AuditKind.TASK_ENDED, status=self._status)
        self._message.touch()
        self._message.close()
        self._journal.mirror.close()
        await asyncio.gather(*beside)
        await workflow.wait_condition(workflow.all_handlers_finished)
        return self._report(reason)

    # What comes in.

    @workflow.signal(name="settled")
    def settled(self, settlement: Settlement) -> None:
        """An approval of ours has an outcome."""
        self._settlements.setdefault(settlement.approval_id, settlement)

    @workflow.signal
    def retry(self, gesture: Gesture) -> None:
        """Try the stuck step again; a Retry for an earlier problem does nothing."""
        if self._problem and gesture.problem in (0, self._problems):
            self._retried = self._problems

    @workflow.signal
    def cancel(self, gesture: Gesture) -> None:
        """End the task; its pending approval is withdrawn."""
        if self._cancelled is None:
            self._cancelled = gesture

    @workflow.update
    async def accepted(self) -> str:
        """Wait until the inputs are in: empty when the task runs, else the sentence why not."""
        await workflow.wait_condition(lambda: self._accepted is not None)
        return "" if self._accepted else self._problem

    @workflow.query
    def view(self) -> TaskView:
        """What the task's message shows; answered after the end, too."""
        return TaskView(
            id=self._request.id,
            pipeline=self._request.pipeline,
            requester=self._request.requester,
            sources=tuple(s.name or s.value for s in self._request.sources),
            started_at=self._started_at,
            steps=tuple(self._steps),
            place=self._place,
            status=self._status,
            problem=self._problem,
            problem_number=self._problems,
            ended_at=self._ended_at,
            offline=any(record.result.offline for record in self._records),
        )

    # The work.

    async def _work(self) -> str:
        """Every step in order; gives the reason when the task ends early, and sets the status."""
        try:
            if not await self._collect():
                return self._problem
            for number, plan in enumerate(self._request.steps):
                settlement = await self._step(number, plan)
                if settlement.outcome is not Outcome.APPROVED:
                    self._status = f"{settlement.outcome}_at_{plan.name}"
                    return settlement.reason
        except (Cancelled, asyncio.CancelledError):
            self._status = "cancelled"
            return self._cancelled.reason if self._cancelled else ""
        live = all(r.execution_mode is ExecutionMode.LIVE_AGENT for r in self._records)
        self._status = "completed" if live else "completed_with_fallback"
        return ""

    async def _collect(self) -> bool:
        request = CollectRequest(task_id=self._request.id, sources=self._request.sources)
        try:
            self._inputs = await workflow.execute_activity_method(
                InputSteps.collect_inputs,
                request,
                start_to_close_timeout=timedelta(minutes=2),
                retry_policy=COLLECT_RETRIES,
            )
        except ActivityError as error:
            self._problem = _sentence(error)
            self._status = "refused"
        self._accepted = not self._problem
        if self._problem:
            await self._tell_requester(self._problem)
        else:
            self._message.touch()
            await self._wait_for_message()
        return self._accepted

    async def _wait_for_message(self) -> None:
        """Cards go into the message's thread; without Slack they go on without it."""
        try:
            await workflow.wait_condition(lambda: bool(self._place.ts), timeout=ROOT_PATIENCE)
        except TimeoutError:
            workflow.logger.warning("the task's message is late; cards are posted without it")

    async def _step(self, number: int, plan: StepPlan) -> Settlement:
        feedback: Feedback | None = None
        edited: AgentResult | None = None
        authors: tuple[str, ...] = ()
        previous: AgentResult | None = None
        revision = 1
        while True:
            if edited is None:
                outcome = await self._call_agent(number, plan, revision, feedback)
            else:
                outcome = outcome.model_copy(update={"result": edited})
            request = self._raise(number, plan, revision, outcome, authors, previous, feedback)
            settlement = await self._approve(number, request)
            if settlement.outcome is not Outcome.CHANGES_REQUESTED:
                self._finish_step(number, request, settlement)
                return settlement
            previous = request.result
            edited = settlement.result
            if edited is not None:
                authors = (*authors, settlement.editor)
            else:
                feedback = self._feedback(settlement, request.result)
            revision += 1

    def _feedback(self, settlement: Settlement, previous: AgentResult) -> Feedback:
        by = settlement.decisions[-1].by if settlement.decisions else ""
        return Feedback(text=changes(settlement), by=by, previous=previous)

    async def _call_agent(
        self, number: int, plan: StepPlan, revision: int, feedback: Feedback | None
    ) -> TurnOutcome:
        """Run the agent until it has a result; trouble waits for a person's Retry or Cancel."""
        while True:
            self._mark(number, state=StepState.RUNNING, since=workflow.now(), revision=revision)
            try:
                outcome = await self._turn(number, plan, revision, feedback)
            except ActivityError as error:
                await self._stuck(number, _sentence(error))
                continue
            self._mark(number, execution_mode=outcome.execution_mode)
            self._journal.note(
                AuditKind.AGENT_CALLED,
                step=plan.name,
                revision=revision,
                execution_mode=outcome.execution_mode,
                version=outcome.version.model_dump(mode="json") if outcome.version else None,
                result_digest=digest(outcome.result),
            )
            return outcome

    async def _turn(
        self, number: int, plan: StepPlan, revision: int, feedback: Feedback | None
    ) -> TurnOutcome:
        info = workflow.info()
        call = workflow.start_activity_method(
            AgentSteps.run_turn,
            TurnRequest(
                key=f"{info.workflow_id}/{info.run_id}/{plan.name}/{revision}/{self._problems}",
                agent=plan.agent,
                task_id=self._request.id,
                workflow_id=info.workflow_id,
                step=plan.name,
                step_number=number + 1,
                revision=revision,
                requester=self._request.requester,
                inputs=self._inputs,
                earlier=tuple(
                    EarlierStep(step=r.step, result=r.result, digest=r.settlement.result_digest)
                    for r in self._records
                ),
                feedback=feedback,
                model=plan.model,
                temperature=plan.temperature,
            ),
            start_to_close_timeout=plan.timeout,
            heartbeat_timeout=HEARTBEAT,
            retry_policy=AGENT_RETRIES,
        )
        await workflow.wait_condition(lambda: call.done() or self._cancelled is not None)
        if self._cancelled is not None:
            call.cancel()
            raise Cancelled
        return await call

    def _raise(
        self,
        number: int,
        plan: StepPlan,
        revision: int,
        outcome: TurnOutcome,
        authors: tuple[str, ...],
        previous: AgentResult | None,
        feedback: Feedback | None,
    ) -> ApprovalRequest:
        assert outcome.result is not None
        sources = tuple(file.name for file in self._inputs)
        return ApprovalRequest(
            id=approval_id(self._request.id, plan.name, revision),
            title=f"{plan.name} of {', '.join(sources)}",
            requester=self._request.requester,
            result=outcome.result,
            policy=plan.policy,
            thread=self._place,
            task_id=self._request.id,
            pipeline=self._request.pipeline,
            step=plan.name,
            step_number=number + 1,
            steps_total=len(self._request.steps),
            revision=revision,
            authors=authors,
            sources=sources,
            previous=previous,
            feedback=feedback.text if feedback else "",
            execution_mode=outcome.execution_mode,
            mode_reason=outcome.reason,
            version=outcome.version,
            parent=workflow.info().workflow_id,
        )

    async def _approve(self, number: int, request: ApprovalRequest) -> Settlement:
        """Raise the approval and wait for its outcome; a refusal to raise it waits for a person."""
        while True:
            self._mark(
                number,
                state=StepState.WAITING,
                since=workflow.now(),
                revision=request.revision,
                approval_id=request.id,
            )
            child = await workflow.start_child_workflow(
                ApprovalWorkflow.run,
                request,
                id=request.id,
                parent_close_policy=ParentClosePolicy.ABANDON,
            )
            await workflow.wait_condition(
                lambda child=child: (  # type: ignore[misc]
                    request.id in self._settlements or child.done() or self._cancelled is not None
                )
            )
            if request.id in self._settlements:
                return self._settlements[request.id]
            if self._cancelled is not None:
                await self._withdraw(child)
                raise Cancelled
            try:
                return await child
            except ChildWorkflowError as error:
                await self._stuck(number, _sentence(error))

    async def _withdraw(
        self, child: workflow.ChildWorkflowHandle[ApprovalWorkflow, Settlement]
    ) -> None:
        assert self._cancelled is not None
        withdrawal = Withdrawal(
            by=self._cancelled.by, reason="The task was cancelled.", via=Via.TASK
        )
        try:
            await child.signal(ApprovalWorkflow.withdraw, withdrawal)
        except FailureError:
            workflow.logger.info("the approval ended before it could be withdrawn")

    def _finish_step(self, number: int, request: ApprovalRequest, settlement: Settlement) -> None:
        result = settlement.result or request.result
        if settlement.outcome is Outcome.APPROVED and digest(result) != settlement.result_digest:
            raise ApplicationError("What was approved is not what the task holds.", type="changed")
        self._mark(
            number,
            state=StepState(settlement.outcome.value),
            since=settlement.at,
            by=tuple(d.by for d in settlement.decisions),
            reason=settlement.reason,
        )
        self._records.append(
            StepRecord(
                step=request.step,
                result=result,
                settlement=settlement,
                execution_mode=request.execution_mode,
            )
        )

    async def _stuck(self, number: int, problem: str) -> None:
        """Show the problem with Retry and Cancel, and wait for one of them."""
        self._problem, self._problems = problem, self._problems + 1
        self._status = attributes.STUCK
        self._list()
        self._mark(number, state=StepState.STUCK, since=workflow.now())
        await workflow.wait_condition(
            lambda: self._retried == self._problems or self._cancelled is not None
        )
        self._problem, self._status = "", attributes.RUNNING
        self._list()
        if self._cancelled is not None:
            raise Cancelled

    # What is seen.

    def _mark(self, number: int, **changed: object) -> None:
        self._steps[number] = self._steps[number].model_copy(update=changed)
        self._message.touch()

    async def _show(self) -> None:
        if self._accepted:
            self._place = await workflow.execute_activity_method(
                CardSteps.show_task, self.view(), **PATIENT
            )

    async def _tell_requester(self, text: str) -> None:
        word = Word(place=self._place, text=text, to=self._request.requester)
        await workflow.execute_activity_method(CardSteps.say, word, **PATIENT)

    def _list(self) -> None:
        workflow.upsert_search_attributes(
            [
                attributes.STATUS.value_set(self._status),
                attributes.REQUESTER.value_set(self._request.requester),
                attributes.TASK.value_set(self._request.id),
            ]
        )

    def _report(self, reason: str) -> TaskReport:
        assert self._ended_at is not None
        return TaskReport(
            status=self._status,
            task_id=self._request.id,
            workflow_id=workflow.info().workflow_id,
            duration_seconds=(self._ended_at - self._started_at).total_seconds(),
            steps=tuple(self._records),
            reason=reason,
        )


def _sentence(error: BaseException) -> str:
    """The innermost cause's own words, which is where activities put what a person can read."""
    while error.__cause__ is not None:
        error = error.__cause__
    return getattr(error, "message", "") or str(error)
