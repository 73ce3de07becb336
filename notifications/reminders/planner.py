"""Works business hours, holidays and zones into the ladder."""

from collections import Counter
from datetime import datetime, time
from typing import Protocol
from zoneinfo import ZoneInfo

from temporalio import activity

from notifications.reminders.calendar_settings import CalendarSettings
from notifications.reminders.calendars import zone_of
from notifications.reminders.hours import Hours
from notifications.reminders.ladder import deadline, plan
from workflows.activities import LadderActivities, LadderPlan, Moments, ReachRequest
from workflows.messages.electorate import Electorate, Person
from workflows.messages.policy import Policy


class QuietBook(Protocol):
    """Who wants no message when."""

    async def quiet(self, user: str) -> tuple[time, time] | None:
        """The person's quiet hours, from and until, in their own zone; None without any."""


class LadderPlanner(LadderActivities):
    """The window and the thread keep the calendar's own zone, else that of most approvers.

    Notices to one person keep the calendar's zone, else their own, and their own quiet hours.
    """

    def __init__(self, quiet: QuietBook | None = None) -> None:
        self._quiet = quiet

    async def plan_ladder(
        self, policy: Policy, electorate: Electorate, raised_at: datetime
    ) -> LadderPlan:
        """When the window ends, and every rung before that."""
        calendar = CalendarSettings.model_validate(policy.calendar)
        zone = zone_of(calendar.zone) if calendar.zone else _most_common(electorate)
        counted = {"business_time": policy.business_time}
        end = deadline(raised_at, policy.timeout, calendar, zone, **counted)
        rungs = plan(
            policy.ladder,
            raised_at,
            end,
            calendar,
            zone,
            next_group=policy.escalate_to,
            people=[await self._hours(policy, person) for person in electorate.people],
            **counted,
        )
        return LadderPlan(deadline=end, rungs=rungs)

    @activity.defn(name="moments")
    async def moments(self, request: ReachRequest) -> Moments:
        """When each of these people may be written to, by what they have set by now."""
        when = (request.due, request.raised_at, request.deadline)
        hours = {one.id: await self._hours(request.policy, one) for one in request.people}
        return Moments(by_person={who: own.considerate(*when) for who, own in hours.items()})

    async def _hours(self, policy: Policy, person: Person) -> Hours:
        calendar = CalendarSettings.model_validate(policy.calendar)
        own = zone_of(person.tz)
        quiet = await self._quiet.quiet(person.id) if self._quiet else None
        return Hours.of(calendar, zone_of(calendar.zone) if calendar.zone else own, own, quiet)


def _most_common(electorate: Electorate) -> ZoneInfo:
    zones = Counter(person.tz for person in electorate.people)
    return zone_of(zones.most_common(1)[0][0]) if zones else zone_of("UTC")
