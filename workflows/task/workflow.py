"""One task: each step's agent is called, its result is approved by people, then the next step.

A step whose result is sent back runs again as a new revision. A step that fails for good does not
end the task: it waits, with Retry and Cancel on its message.
"""

import asyncio
from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from workflows.activities import BEAT, PATIENT, CardSteps, CollectRequest, InputSteps, Word
    from workflows.messages.audit import AuditKind
    from workflows.messages.decisions import Outcome, Settlement
    from workflows.messages.requests import ApprovalParent
    from workflows.messages.results import ExecutionMode
    from workflows.messages.tasks import Comment, Gesture, TaskReport, TaskRequest, TaskView
    from workflows.messages.turns import InputFile
    from workflows.task.state import Cancelled, Errand, lost, sentence
    from workflows.task.step import StepRun
    from workflows.task.tool_runs import failures

LONGEST_COMMENT = 4_000
COLLECT_RETRIES = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_attempts=3)


@workflow.defn
class TaskWorkflow(ApprovalParent):
    """Carries one task from its inputs to its report; its id is the task's id."""

    @workflow.init
    def __init__(self, request: TaskRequest) -> None:
        self._errand = Errand(request)
        self._comments: set[str] = set()

    @workflow.run
    async def run(self, request: TaskRequest) -> TaskReport:
        """Run every step; return once the task's message and records are true."""
        errand = self._errand
        errand.list()
        errand.journal.note(AuditKind.TASK_STARTED, request.requester, request.via)
        beside = [
            asyncio.create_task(errand.message.keep()),
            asyncio.create_task(errand.journal.mirror.keep()),
        ]
        reason = await self._work()
        errand.end(reason)
        if self._is_news() and workflow.patched("ends-told"):
            beside.append(asyncio.create_task(errand.tidings.ended(self._shown)))
        await asyncio.gather(*beside)
        await workflow.wait_condition(workflow.all_handlers_finished)
        return self._report(reason)

    # What comes in.

    @workflow.signal(name="settled")
    def settled(self, settlement: Settlement) -> None:
        """An approval of ours has an outcome."""
        self._errand.settlements.setdefault(settlement.approval_id, settlement)

    @workflow.signal
    def retry(self, gesture: Gesture) -> None:
        """Try the stuck step again; a Retry for an earlier problem does nothing."""
        errand = self._errand
        if errand.problem and gesture.problem in (0, errand.problems):
            errand.retried, errand.retried_by = errand.problems, gesture.by

    @workflow.signal
    def cancel(self, gesture: Gesture) -> None:
        """End the task; its pending approval is withdrawn."""
        if self._errand.cancelled is None:
            self._errand.cancelled = gesture

    @workflow.signal
    def comment(self, comment: Comment) -> None:
        """Keep what somebody wrote; Slack may deliver it more than once."""
        if comment.id not in self._comments:
            self._comments.add(comment.id)
            text = comment.text[:LONGEST_COMMENT]
            self._errand.journal.note(AuditKind.COMMENTED, comment.by, "thread", text=text)

    @workflow.update
    async def accepted(self) -> str:
        """Wait until the inputs are in: empty when the task runs, else the sentence why not."""
        await workflow.wait_condition(lambda: self._errand.accepted is not None)
        return "" if self._errand.accepted else self._errand.problem

    @workflow.query
    def view(self) -> TaskView:
        """What the task's message shows; answered after the end, too."""
        return self._errand.view()

    # The work.

    async def _work(self) -> str:
        """Every step in order; gives the reason when the task ends early, and sets the status."""
        errand = self._errand
        try:
            if not await self._collect():
                return errand.problem
            for number, plan in enumerate(errand.request.steps):
                end = await StepRun(errand, number, plan).run()
                if end.word:
                    errand.status, errand.ended_by = f"{end.word}_at_{plan.name}", end.withdrawn_by
                    return end.reason
        except (Cancelled, asyncio.CancelledError):
            errand.status = "cancelled"
            gesture = errand.cancelled or Gesture(by="")
            errand.ended_by = gesture.by
            return gesture.reason
        errand.status = self._completed()
        return ""

    def _completed(self) -> str:
        errand = self._errand
        if any(failures(acts.ran) for acts in errand.acts):
            return "completed_with_failures"
        live = all(r.execution_mode is ExecutionMode.LIVE_AGENT for r in errand.records)
        return "completed" if live else "completed_with_fallback"

    async def _collect(self) -> bool:
        errand = self._errand
        request = CollectRequest(
            task_id=errand.request.id,
            sources=errand.request.sources,
            requester=errand.request.requester,
        )
        try:
            errand.inputs = await self._inputs(request)
        except ActivityError as error:
            errand.problem, errand.status = sentence(error), "refused"
        errand.accepted = not errand.problem
        if errand.problem:
            await self._tell_requester(errand.problem)
        else:
            errand.message.touch()
            await errand.wait_for_message()
        return errand.accepted

    async def _inputs(self, request: CollectRequest) -> tuple[InputFile, ...]:
        """However many workers die over it; an attempt that fails counts."""
        while True:
            try:
                return await workflow.execute_activity_method(
                    InputSteps.collect_inputs,
                    request,
                    start_to_close_timeout=timedelta(minutes=2),
                    heartbeat_timeout=BEAT,
                    retry_policy=COLLECT_RETRIES,
                )
            except ActivityError as error:
                if not lost(error):
                    raise

    async def _tell_requester(self, text: str) -> None:
        word = Word(place=self._errand.place, text=text, to=self._errand.request.requester)
        await workflow.execute_activity_method(CardSteps.say, word, **PATIENT)

    def _is_news(self) -> bool:
        """Whether the requester may not know of the end yet: not when it was their own doing."""
        errand, requester = self._errand, self._errand.request.requester
        if errand.status == "refused":  # told with the sentence why
            return False
        last = errand.records[-1].settlement if errand.records else None
        alone = last is not None and {decision.by for decision in last.decisions} == {requester}
        refused_alone = alone and last is not None and last.outcome is Outcome.REJECTED
        return errand.ended_by != requester and not refused_alone

    def _shown(self) -> bool:
        """Whether the task's message stands; False for good where nobody can post it."""
        return bool(self._errand.place.ts) or not self._errand.message.behind

    def _report(self, reason: str) -> TaskReport:
        errand = self._errand
        assert errand.ended_at is not None
        return TaskReport(
            status=errand.status,
            task_id=errand.request.id,
            workflow_id=workflow.info().workflow_id,
            duration_seconds=(errand.ended_at - errand.started_at).total_seconds(),
            steps=tuple(errand.records),
            reason=reason,
            ran=tuple(run for acts in errand.acts for run in acts.ran),
            declined=tuple(one for acts in errand.acts for one in acts.declined),
        )
