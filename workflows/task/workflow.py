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
    from workflows.activities import (
        BEAT,
        PATIENT,
        CardActivities,
        CollectRequest,
        InputActivities,
        Word,
    )
    from workflows.messages.audit import AuditKind
    from workflows.messages.decisions import Outcome, Settlement
    from workflows.messages.requests import ApprovalParent
    from workflows.messages.results import ExecutionMode
    from workflows.messages.tasks import (
        Comment,
        Gesture,
        TaskReport,
        TaskRequest,
        TaskView,
        Waiting,
    )
    from workflows.messages.turns import InputFile
    from workflows.task.state import Cancelled, TaskState, lost, sentence
    from workflows.task.step import StepRun
    from workflows.task.tool_runs import failures

LONGEST_COMMENT = 4_000
COLLECT_RETRIES = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_attempts=3)


@workflow.defn
class TaskWorkflow(ApprovalParent):
    """Carries one task from its inputs to its report; its id is the task's id."""

    @workflow.init
    def __init__(self, request: TaskRequest) -> None:
        self._state = TaskState(request)
        self._comments: set[str] = set()

    @workflow.run
    async def run(self, request: TaskRequest) -> TaskReport:
        """Run every step; return once the task's message and records are true."""
        task_state = self._state
        task_state.list()
        task_state.journal.note(AuditKind.TASK_STARTED, request.requester, request.via)
        beside = [
            asyncio.create_task(task_state.message.keep()),
            asyncio.create_task(task_state.journal.mirror.keep()),
        ]
        reason = await self._work()
        task_state.end(reason)
        if self._is_news() and workflow.patched("ends-told"):
            beside.append(asyncio.create_task(task_state.tidings.ended(self._shown)))
        await asyncio.gather(*beside)
        await workflow.wait_condition(workflow.all_handlers_finished)
        return self._report(reason)

    # What comes in.

    @workflow.signal(name="settled")
    def settled(self, settlement: Settlement) -> None:
        """An approval of ours has an outcome."""
        self._state.settlements.setdefault(settlement.approval_id, settlement)

    @workflow.signal
    def waiting(self, told: Waiting) -> None:
        """A card of ours was shown, or others have to decide on it now."""
        self._state.waits(told)

    @workflow.signal
    def retry(self, gesture: Gesture) -> None:
        """Try the stuck step again; a Retry for an earlier problem does nothing."""
        task_state = self._state
        if task_state.problem and gesture.problem in (0, task_state.problems):
            task_state.retried, task_state.retried_by = task_state.problems, gesture.by

    @workflow.signal
    def cancel(self, gesture: Gesture) -> None:
        """End the task; its pending approval is withdrawn."""
        if self._state.cancelled is None:
            self._state.cancelled = gesture

    @workflow.signal
    def comment(self, comment: Comment) -> None:
        """Keep what somebody wrote; Slack may deliver it more than once."""
        if comment.id not in self._comments:
            self._comments.add(comment.id)
            text = comment.text[:LONGEST_COMMENT]
            self._state.journal.note(AuditKind.COMMENTED, comment.by, "thread", text=text)

    @workflow.update
    async def accepted(self) -> str:
        """Wait until the inputs are in: empty when the task runs, else the sentence why not."""
        await workflow.wait_condition(lambda: self._state.accepted is not None)
        return "" if self._state.accepted else self._state.problem

    @workflow.query
    def view(self) -> TaskView:
        """What the task's message shows; answered after the end, too."""
        return self._state.view()

    # The work.

    async def _work(self) -> str:
        """Every step in order; gives the reason when the task ends early, and sets the status."""
        task_state = self._state
        try:
            if not await self._collect():
                return task_state.problem
            for number, plan in enumerate(task_state.request.steps):
                end = await StepRun(task_state, number, plan).run()
                if end.word:
                    task_state.status, task_state.ended_by = (
                        f"{end.word}_at_{plan.name}",
                        end.withdrawn_by,
                    )
                    return end.reason
        except (Cancelled, asyncio.CancelledError):
            task_state.status = "cancelled"
            gesture = task_state.cancelled or Gesture(by="")
            task_state.ended_by = gesture.by
            return gesture.reason
        task_state.status = self._completed()
        return ""

    def _completed(self) -> str:
        task_state = self._state
        if any(failures(acts.ran) for acts in task_state.acts):
            return "completed_with_failures"
        live = all(r.execution_mode is ExecutionMode.LIVE_AGENT for r in task_state.records)
        return "completed" if live else "completed_with_fallback"

    async def _collect(self) -> bool:
        task_state = self._state
        request = CollectRequest(
            task_id=task_state.request.id,
            sources=task_state.request.sources,
            requester=task_state.request.requester,
        )
        try:
            task_state.inputs = await self._inputs(request)
        except ActivityError as error:
            task_state.problem, task_state.status = sentence(error), "refused"
        task_state.accepted = not task_state.problem
        if task_state.problem:
            await self._tell_requester(task_state.problem)
        else:
            task_state.message.touch()
            await task_state.wait_for_message()
        return task_state.accepted

    async def _inputs(self, request: CollectRequest) -> tuple[InputFile, ...]:
        """However many workers die over it; an attempt that fails counts."""
        while True:
            try:
                return await workflow.execute_activity_method(
                    InputActivities.collect_inputs,
                    request,
                    start_to_close_timeout=timedelta(minutes=2),
                    heartbeat_timeout=BEAT,
                    retry_policy=COLLECT_RETRIES,
                )
            except ActivityError as error:
                if not lost(error):
                    raise

    async def _tell_requester(self, text: str) -> None:
        word = Word(place=self._state.place, text=text, to=self._state.request.requester)
        await workflow.execute_activity_method(CardActivities.say, word, **PATIENT)

    def _is_news(self) -> bool:
        """Whether the requester may not know of the end yet: not when it was their own doing."""
        task_state, requester = self._state, self._state.request.requester
        if task_state.status == "refused":  # told with the sentence why
            return False
        last = task_state.records[-1].settlement if task_state.records else None
        alone = last is not None and {decision.by for decision in last.decisions} == {requester}
        refused_alone = alone and last is not None and last.outcome is Outcome.REJECTED
        return task_state.ended_by != requester and not refused_alone

    def _shown(self) -> bool:
        """Whether the task's message stands; False for good where nobody can post it."""
        return bool(self._state.place.ts) or not self._state.message.behind

    def _report(self, reason: str) -> TaskReport:
        task_state = self._state
        assert task_state.ended_at is not None
        return TaskReport(
            status=task_state.status,
            task_id=task_state.request.id,
            workflow_id=workflow.info().workflow_id,
            duration_seconds=(task_state.ended_at - task_state.started_at).total_seconds(),
            steps=tuple(task_state.records),
            reason=reason,
            ran=tuple(run for acts in task_state.acts for run in acts.ran),
            declined=tuple(one for acts in task_state.acts for one in acts.declined),
        )
