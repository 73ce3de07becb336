"""The scheduler: sends each due rung of the ladder as a signal. It holds no truth of its own.

What is due comes from Temporal's visibility, at start and again every few seconds; the workflow
sends each rung once, or not at all when it is decided. Two schedulers do no harm; without one a
reminder is late, a deadline never is.
"""

import contextlib
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.cron import CronTrigger
from temporalio.client import Client
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError

from notifications.reminders.bursts import DueRung, Gathering
from notifications.reminders.calendars import zone_of
from notifications.views.summary import MORE_THAN, WITHIN
from workflows.approval import search_attributes
from workflows.approval.workflow import ApprovalWorkflow
from workflows.messages.base import Frozen
from workflows.summary_workflow import Covered, SummaryRun, SummaryWorkflow

log = structlog.get_logger()

EVERY = timedelta(seconds=15)
AHEAD = timedelta(seconds=60)
FIRST_CHORE = timedelta(minutes=10)
DAYS_EVERY = timedelta(minutes=5)
CATCH_UP = timedelta(hours=2)
DAILY = "daily:"


class SummaryPlan(Frozen):
    """When digests go out: daily at an hour of the person's day, and for bursts of reminders."""

    daily: bool = True
    hour: int = 9
    bursts: bool = True
    more_than: int = MORE_THAN
    within: timedelta = WITHIN


class ReminderScheduler:
    """APScheduler around one question: which rungs come due within the next minute?"""

    def __init__(
        self,
        client: Client,
        every: timedelta = EVERY,
        digests: SummaryPlan | None = None,
        queue: str = "signoff",
    ) -> None:
        self._client = client
        self._every = every
        self._digests = digests or SummaryPlan()
        self._queue = queue
        self._gathering = Gathering(self._digests.more_than, self._digests.within)
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
        if self._digests.daily:
            self._scheduler.add_job(
                self.plan_days,
                "interval",
                seconds=DAYS_EVERY.total_seconds(),
                id="days",
                next_run_time=datetime.now(UTC),
                max_instances=1,
                coalesce=True,
                misfire_grace_time=None,
            )
        self._scheduler.start()

    def daily(self, chore: Callable[[], Awaitable[None]], name: str) -> None:
        """Do this once a day, first in ten minutes."""
        self._scheduler.add_job(
            chore,
            "interval",
            days=1,
            id=name,
            next_run_time=datetime.now(UTC) + FIRST_CHORE,
            max_instances=1,
            coalesce=True,
            misfire_grace_time=None,
        )

    def stop(self) -> None:
        """End; what was planned is found again by the next scheduler."""
        self._scheduler.shutdown(wait=False)

    async def look(self) -> None:
        """Plan every rung that comes due soon; what is overdue goes out now."""
        until = datetime.now(UTC) + AHEAD
        query = search_attributes.pending(
            f"{search_attributes.NEXT_RUNG.name} <= '{until.isoformat()}'"
        )
        try:
            due = [one async for one in self._due(query)]
            together = await self._gather(due) if self._digests.bursts else set()
        except (RPCError, RuntimeError) as error:
            log.warning("reminders cannot be looked up just now", error=str(error))
            return
        for one in due:
            if one not in together:
                self._plan(one.approval, one.rung, one.at)

    async def _due(self, query: str) -> AsyncIterator[DueRung]:
        async for found in self._client.list_workflows(query):
            known = found.typed_search_attributes
            rung, at = known.get(search_attributes.RUNG), known.get(search_attributes.NEXT_RUNG)
            if rung is not None and at is not None:
                yield DueRung(
                    approval=found.id,
                    rung=rung,
                    at=at,
                    deadline=known.get(search_attributes.DEADLINE) or at,
                    channel=str((await found.memo()).get("channel", "")),
                    approvers=tuple(known.get(search_attributes.APPROVERS) or ()),
                )

    async def _gather(self, due: Iterable[DueRung]) -> set[DueRung]:
        """One digest for each burst; its workflow tells the approvals that they are in it."""
        together: set[DueRung] = set()
        for burst in self._gathering.bursts(due):
            together.update(burst)
            for one in burst:
                self._unplan(f"{one.approval}:{one.rung}")
            await self._send_digest(burst)
        return together

    async def _send_digest(self, burst: tuple[DueRung, ...]) -> None:
        """While one for this audience is open, the next waits: it is looked for again."""
        audience = burst[0].audience
        name = hashlib.sha256(" ".join((self._queue, *audience)).encode()).hexdigest()[:24]
        summary_run = SummaryRun(
            people=audience if burst[0].is_for_people else (),
            channel="" if burst[0].is_for_people else audience[0],
            covered=tuple(Covered(approval=one.approval, rung=one.rung) for one in burst),
            due=burst[-1].at,
            rest=self._digests.within,
        )
        with contextlib.suppress(WorkflowAlreadyStartedError):
            await self._client.start_workflow(
                SummaryWorkflow.run, summary_run, id=f"digest-{name}", task_queue=self._queue
            )

    def _unplan(self, job: str) -> None:
        if self._scheduler.get_job(job) is not None:
            self._scheduler.remove_job(job)

    async def plan_days(self) -> None:
        """A cron job for everybody for whom something waits, at their own hour of the day."""
        query = search_attributes.pending(queue=self._queue)
        zones: dict[str, str] = {}
        try:
            async for found in self._client.list_workflows(query, page_size=1_000):
                known = (await found.memo()).get("zones") or {}
                for user in found.typed_search_attributes.get(search_attributes.APPROVERS) or ():
                    zones.setdefault(user, known.get(user) or next(iter(known.values()), "UTC"))
        except (RPCError, RuntimeError) as error:
            log.warning("daily digests cannot be planned just now", error=str(error))
            return
        for job in self._scheduler.get_jobs():
            if job.id.startswith(DAILY) and job.id.removeprefix(DAILY) not in zones:
                self._scheduler.remove_job(job.id)
        for user, zone in zones.items():
            await self._plan_day(user, zone_of(zone))

    async def _plan_day(self, user: str, zone: ZoneInfo) -> None:
        """From now on; and today's, if a scheduler was not there at its time."""
        self._scheduler.add_job(
            self.send_day,
            CronTrigger(hour=self._digests.hour, minute=0, timezone=zone),
            args=[user, zone],
            id=f"{DAILY}{user}",
            replace_existing=True,
            misfire_grace_time=int(CATCH_UP.total_seconds()),
        )
        now = datetime.now(zone)
        if now - CATCH_UP <= self._hour(now) <= now:
            await self.send_day(user, zone)

    def _hour(self, now: datetime) -> datetime:
        return now.replace(hour=self._digests.hour, minute=0, second=0, microsecond=0)

    async def send_day(self, user: str, zone: ZoneInfo) -> None:
        """Today's digest of this person; a second one of the same day is refused by its id."""
        now = datetime.now(zone)
        summary_run = SummaryRun(people=(user,), raised_before=self._hour(now).astimezone(UTC))
        try:
            await self._client.start_workflow(
                SummaryWorkflow.run,
                summary_run,
                id=f"digest-{self._queue}-{user}-{now:%Y-%m-%d}",
                task_queue=self._queue,
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            )
        except WorkflowAlreadyStartedError:
            return
        except (RPCError, RuntimeError) as error:
            log.warning("a daily digest cannot be started just now", error=str(error))

    def _plan(self, approval: str, rung: str, due: datetime) -> None:
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
