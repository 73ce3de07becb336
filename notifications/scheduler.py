"""The scheduler: sends each due rung of the ladder as a signal. It holds no truth of its own.

What is due comes from Temporal's visibility, at start and again every few seconds; the workflow
sends each rung once, or not at all when it is decided. Two schedulers do no harm; without one a
reminder is late, a deadline never is.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from temporalio.client import Client
from temporalio.service import RPCError

from workflows import attributes
from workflows.approval import ApprovalWorkflow

log = structlog.get_logger()

EVERY = timedelta(seconds=15)
AHEAD = timedelta(seconds=60)


class ReminderScheduler:
    """APScheduler around one question: which rungs come due within the next minute?"""

    def __init__(self, client: Client, every: timedelta = EVERY) -> None:
        self._client = client
        self._every = every
        self._scheduler: Any = AsyncIOScheduler(timezone=UTC)

    def start(self) -> None:
        """Begin, with a look at once."""
        self._scheduler.add_job(
            self.look,
            "interval",
            seconds=self._every.total_seconds(),
            id="look",
            next_run_time=datetime.now(UTC),
            max_instances=1,
            coalesce=True,
            misfire_grace_time=None,
        )
        self._scheduler.start()

    def stop(self) -> None:
        """End; what was planned is found again by the next scheduler."""
        self._scheduler.shutdown(wait=False)

    async def look(self) -> None:
        """Plan every rung that comes due soon; what is overdue goes out now."""
        until = datetime.now(UTC) + AHEAD
        query = (
            "WorkflowType = 'ApprovalWorkflow' AND ExecutionStatus = 'Running' "
            f"AND {attributes.STATUS.name} = '{attributes.PENDING}' "
            f"AND {attributes.NEXT_RUNG.name} <= '{until.isoformat()}'"
        )
        try:
            async for found in self._client.list_workflows(query):
                known = found.typed_search_attributes
                self._plan(found.id, known.get(attributes.RUNG), known.get(attributes.NEXT_RUNG))
        except (RPCError, RuntimeError) as error:
            log.warning("reminders cannot be looked up just now", error=str(error))

    def _plan(self, approval: str, rung: str | None, due: datetime | None) -> None:
        if rung is None or due is None:
            return
        self._scheduler.add_job(
            self.remind,
            "date",
            run_date=max(due, datetime.now(UTC)),
            args=[approval, rung],
            id=f"{approval}:{rung}",
            replace_existing=True,
            misfire_grace_time=None,
        )

    async def remind(self, approval: str, rung: str) -> None:
        """Signal the workflow; one that has ended needs no reminder."""
        handle = self._client.get_workflow_handle_for(ApprovalWorkflow.run, approval)
        try:
            await handle.signal(ApprovalWorkflow.remind, rung)
        except RPCError as error:
            log.info("a reminder was not needed", approval=approval, status=str(error.status))
