"""One digest in place of many reminders, or a person's daily one. Its id is the lock.

While a burst's digest is open its audience gets no second one; a day's digest has the day in its
id. So two schedulers, or one that is started anew, send nothing twice.
"""

import asyncio
from datetime import datetime, timedelta

from temporalio import activity, workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, FailureError

with workflow.unsafe.imports_passed_through():
    from workflows.activities import BEAT
    from workflows.approval.workflow import ApprovalWorkflow
    from workflows.messages.base import Frozen

GIVEN_UP = timedelta(hours=2)


class Covered(Frozen):
    """A rung of an approval's ladder that a digest stands for."""

    approval: str
    rung: str


class SummaryRun(Frozen):
    """For each of `people`, or for a `channel`. Without `covered` it is about all that waits.

    It goes out at `due`. `raised_before` leaves out what is newer; nothing else goes to this
    audience for `rest`.
    """

    people: tuple[str, ...] = ()
    channel: str = ""
    covered: tuple[Covered, ...] = ()
    due: datetime | None = None
    raised_before: datetime | None = None
    rest: timedelta = timedelta(0)


class SummaryRequest(Frozen):
    """The digest of one person or one channel; `key` is the same in every attempt."""

    key: str
    person: str = ""
    channel: str = ""
    approvals: tuple[str, ...] = ()
    raised_before: datetime | None = None


class SummarySent(Frozen):
    """`later` is when the person's hours let it out; None when there is nothing left to do."""

    later: datetime | None = None


class SummaryActivities:
    """Implemented in `bot/`."""

    @activity.defn(name="send_digest")
    async def send_digest(self, request: SummaryRequest) -> SummarySent:
        """Send what still waits, if anything does and the person wants it now."""
        raise NotImplementedError


@workflow.defn(name="RoundupWorkflow")
class SummaryWorkflow:
    """Sends, tells the approvals that their reminder is done, and rests."""

    @workflow.run
    async def run(self, summary_run: SummaryRun) -> None:
        """For each audience in its own hours."""
        if summary_run.due is not None:
            await workflow.sleep(max(summary_run.due - workflow.now(), timedelta(0)))
        audiences = [*summary_run.people, *([summary_run.channel] if summary_run.channel else [])]
        sending = asyncio.gather(*(self._send(summary_run, one) for one in audiences))
        await asyncio.gather(*(self._tell(one) for one in summary_run.covered))
        await sending
        if summary_run.rest:
            await workflow.sleep(summary_run.rest)

    async def _send(self, summary_run: SummaryRun, audience: str) -> None:
        request = SummaryRequest(
            key=f"{workflow.info().workflow_id} {audience}",
            person="" if audience == summary_run.channel else audience,
            channel=summary_run.channel,
            approvals=tuple(one.approval for one in summary_run.covered),
            raised_before=summary_run.raised_before,
        )
        for _ in range(2):
            try:
                sent = await workflow.execute_activity_method(
                    SummaryActivities.send_digest,
                    request,
                    start_to_close_timeout=timedelta(seconds=60),
                    heartbeat_timeout=BEAT,
                    schedule_to_close_timeout=GIVEN_UP,
                    retry_policy=RetryPolicy(maximum_interval=timedelta(seconds=20)),
                )
            except ActivityError:
                workflow.logger.warning("a digest could not be delivered")
                return
            if sent.later is None:
                return
            await workflow.sleep(max(sent.later - workflow.now(), timedelta(0)))

    async def _tell(self, one: Covered) -> None:
        handle = workflow.get_external_workflow_handle_for(ApprovalWorkflow.run, one.approval)
        try:
            await handle.signal(ApprovalWorkflow.gathered, one.rung)
        except FailureError:
            workflow.logger.info("an approval in a digest has ended")
