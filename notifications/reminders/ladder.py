"""The ladder of a waiting approval: which notices go out when, until somebody decides.

Escalations and the deadline come exactly when due. Notices to people wait for their business
hours; a notice that would then come after the deadline is sent before, or at worst when due,
because a message at night is better than a decision missed.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from notifications.reminders.calendar_settings import CalendarSettings
from notifications.reminders.calendars import ROUND_THE_CLOCK, add_business_time, business_between
from notifications.reminders.hours import Hours
from workflows.messages.durations import words
from workflows.messages.ladder import Act, PlannedRung, Rung

_UTC = ZoneInfo("UTC")
_TO_PEOPLE = (Act.DM, Act.EMAIL)


def deadline(
    raised_at: datetime,
    timeout: timedelta,
    calendar: CalendarSettings = ROUND_THE_CLOCK,
    zone: ZoneInfo = _UTC,
    *,
    business_time: bool = False,
) -> datetime:
    """When the window ends: after elapsed time, or after that much business time."""
    if business_time:
        return add_business_time(raised_at, timeout, calendar, zone)
    return raised_at + timeout


def plan(
    ladder: Sequence[Rung],
    raised_at: datetime,
    deadline: datetime,
    calendar: CalendarSettings = ROUND_THE_CLOCK,
    zone: ZoneInfo = _UTC,
    *,
    business_time: bool = False,
    next_group: tuple[str, ...] = (),
    people: Sequence[Hours] = (),
) -> tuple[PlannedRung, ...]:
    """Every rung that falls into the window, in order of time; the deadline is not among them.

    `zone` is that of the thread. A direct message or letter comes when the first of the `people`
    may have it; the others get theirs in their own hours. `next_group` is whom an escalation
    without `to` adds; with nobody to add it tells the requester instead. With `business_time`
    fractions and durations count business time only. Of equal acts pushed to one moment the last
    is kept.
    """
    planned: dict[tuple[Act, datetime, tuple[str, ...]], PlannedRung] = {}
    for rung in sorted(ladder, key=lambda rung: rung.due(deadline - raised_at)):
        due = _due(rung, raised_at, deadline, calendar, zone, business_time=business_time)
        if raised_at < due < deadline:
            act, to = _effect(rung, next_group)
            whose = people if people and act in _TO_PEOPLE else (Hours(calendar, zone),)
            soonest = min(hours.considerate(due, raised_at, deadline) for hours in whose)
            at = due if act is Act.ESCALATE else soonest
            planned[act, at, to] = PlannedRung(name=rung.name, act=act, at=at, due=due, to=to)
    return tuple(sorted(planned.values(), key=lambda rung: (rung.at, rung.due)))


def _due(
    rung: Rung,
    raised_at: datetime,
    deadline: datetime,
    calendar: CalendarSettings,
    zone: ZoneInfo,
    *,
    business_time: bool,
) -> datetime:
    if not business_time:
        return raised_at + rung.due(deadline - raised_at)
    window = business_between(raised_at, deadline, calendar, zone)
    return add_business_time(raised_at, rung.due(window), calendar, zone)


def _effect(rung: Rung, next_group: tuple[str, ...]) -> tuple[Act, tuple[str, ...]]:
    to = rung.to or next_group
    if rung.act is not Act.ESCALATE:
        return rung.act, ()
    return (Act.ESCALATE, to) if to else (Act.TELL_REQUESTER, ())


_WORDS = {
    Act.REMIND: "reminder",
    Act.DM: "direct message",
    Act.EMAIL: "e-mail",
    Act.TELL_REQUESTER: "word to the requester",
}
_ENDS: Mapping[str, str] = {
    "expire": "expires",
    "reject": "is rejected",
    "approve": "is approved",
}


def describe(
    planned: Sequence[PlannedRung],
    now: datetime,
    deadline: datetime,
    *,
    on_timeout: str = "expire",
    zone: ZoneInfo = _UTC,
    say: Callable[[datetime], str] | None = None,
    name: Callable[[str], str] = str,
) -> str:
    """What is still to come, for the card: `reminder in 2 h, then @head-of-finance, expires ...`.

    `say` writes moments, without it there are `in 2 h` and `Fri 16:00` in `zone`; `name` writes
    whom an escalation adds, as the policy names them, without it not escaped.
    """
    said: set[str] = set()
    moments: dict[datetime, list[str]] = {}
    for rung in planned:
        what = ", ".join(map(name, rung.to)) if rung.act is Act.ESCALATE else _WORDS[rung.act]
        if rung.at > now and what not in said:
            said.add(what)
            moments.setdefault(rung.at, []).append(what)
    parts = [" and ".join(whats) for whats in moments.values()]
    if moments:
        first = min(moments)
        parts[0] += f" {say(first)}" if say else f" in {words(first - now)}"
    when = say(deadline) if say else _clock(deadline, now, zone)
    ladder = ", then ".join(parts)
    return f"{ladder}{', ' if ladder else ''}{_ENDS[on_timeout]} {when}"


def _clock(at: datetime, now: datetime, zone: ZoneInfo) -> str:
    local, today = at.astimezone(zone), now.astimezone(zone)
    suffix = " UTC" if zone.key == "UTC" else ""
    if at - now < timedelta(days=6) or local.date() == today.date():
        return f"{local:%a %H:%M}{suffix}"
    return f"{local.day} {local:%b %H:%M}{suffix}"
