"""Works business hours, holidays and time zones into the ladder: the activity of `LadderSteps`."""

from collections import Counter
from zoneinfo import ZoneInfo

from temporalio import activity

from notifications.calendar_settings import CalendarSettings
from notifications.calendars import zone_of
from notifications.ladder import deadline, plan
from workflows.electorate import Electorate
from workflows.steps import LadderPlan, LadderSteps, PlanRequest


class LadderPlanner(LadderSteps):
    """Plans in the calendar's own zone, else in the zone most of the approvers live in."""

    @activity.defn(name="plan_ladder")
    async def plan_ladder(self, request: PlanRequest) -> LadderPlan:
        """When the window ends, and every rung before that."""
        policy = request.policy
        calendar = CalendarSettings.model_validate(policy.calendar)
        zone = zone_of(calendar.zone) if calendar.zone else _most_common(request.electorate)
        counted = {"business_time": policy.business_time}
        end = deadline(request.raised_at, policy.timeout, calendar, zone, **counted)
        rungs = plan(
            policy.ladder,
            request.raised_at,
            end,
            calendar,
            zone,
            next_group=policy.escalate_to,
            **counted,
        )
        return LadderPlan(deadline=end, rungs=rungs)


def _most_common(electorate: Electorate) -> ZoneInfo:
    zones = Counter(person.tz for person in electorate.people)
    return zone_of(zones.most_common(1)[0][0]) if zones else zone_of("UTC")
