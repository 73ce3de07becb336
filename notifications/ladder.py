"""The ladder of a waiting approval: which notices go out when, until somebody decides.

Escalations and the deadline come exactly when due. Notices to people wait for their business
hours; a notice that would then come after the deadline is sent before, or at worst when due,
because a message at night is better than a decision missed.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Self
from zoneinfo import ZoneInfo

from pydantic import Field, model_validator

from notifications.calendar_settings import CalendarSettings
from notifications.calendars import (
    ROUND_THE_CLOCK,
    add_business_time,
    business_between,
    last_allowed,
    next_allowed,
)
from workflows.durations import Duration, words
from workflows.frozen import Frozen

_UTC = ZoneInfo("UTC")


class Act(StrEnum):
    """What a rung does."""

    REMIND = "remind"
    DM = "dm"
    EMAIL = "email"
    ESCALATE = "escalate"
    TELL_REQUESTER = "tell_requester"


class Rung(Frozen):
    """One step of the ladder, at a fraction of the window (`at`) or a time into it (`after`).

    `to` names who is added by an escalation, as `approvers` does: ids, addresses, `@groups`.
    """

    at: float | None = Field(default=None, gt=0, lt=1)
    after: Duration | None = Field(default=None, gt=timedelta(0))
    act: Act = Act.REMIND
    to: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _one_time(self) -> Self:
        if (self.at is None) == (self.after is None):
            raise ValueError("a rung has either at = 0.5 (of the window) or after = '2h'")
        if self.to and self.act is not Act.ESCALATE:
            raise ValueError(f"to belongs to act = 'escalate', not to '{self.act}'")
        return self

    @property
    def name(self) -> str:
        """What the signal carries, so that each rung is sent once."""
        if self.at is not None:
            return f"{self.act}@{self.at:g}"
        assert self.after is not None
        return f"{self.act}@{self.after.total_seconds():g}s"

    def due(self, window: timedelta) -> timedelta:
        """How long after the beginning of a window of this length."""
        return window * self.at if self.at is not None else self.after or window


DEFAULT: tuple[Rung, ...] = (
    Rung(at=0.5),
    Rung(at=0.75, act=Act.DM),
    Rung(at=0.75, act=Act.EMAIL),
    Rung(at=0.9, act=Act.ESCALATE),
)


class PlannedRung(Frozen):
    """A rung and its moment. `due` is when the ladder says, `at` when the calendar lets it."""

    name: str
    act: Act
    at: datetime
    due: datetime
    to: tuple[str, ...] = ()


def check(ladder: Sequence[Rung]) -> None:
    """Raises ValueError with a sentence when two rungs could not be told apart."""
    seen: set[str] = set()
    for rung in ladder:
        if rung.name in seen:
            raise ValueError(f"the ladder has two rungs {rung.name}; make them one")
        seen.add(rung.name)


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
) -> tuple[PlannedRung, ...]:
    """Every rung that falls into the window, in order of time; the deadline is not among them.

    `zone` is that of whoever is notified. `next_group` is whom an escalation without `to` adds;
    with nobody to add it tells the requester instead. With `business_time` fractions and
    durations count business time only. Of equal acts pushed to one moment the last is kept.
    """
    planned: dict[tuple[Act, datetime, tuple[str, ...]], PlannedRung] = {}
    for rung in sorted(ladder, key=lambda rung: rung.due(deadline - raised_at)):
        due = _due(rung, raised_at, deadline, calendar, zone, business_time=business_time)
        if raised_at < due < deadline:
            act, to = _effect(rung, next_group)
            at = due if act is Act.ESCALATE else _kind(due, raised_at, deadline, calendar, zone)
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


def _kind(
    due: datetime,
    raised_at: datetime,
    deadline: datetime,
    calendar: CalendarSettings,
    zone: ZoneInfo,
) -> datetime:
    """Later, in business hours; or earlier, if later is too late; or when due."""
    later = next_allowed(due, calendar, zone)
    if later < deadline:
        return later
    return last_allowed(raised_at, due, calendar, zone) or due


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
) -> str:
    """What is still to come, for the card: `reminder in 2 h, then @head-of-finance, expires ...`.

    Plain text, not escaped. `say` writes the deadline, by default `Fri 16:00` in `zone`.
    """
    ahead = [rung for rung in planned if rung.at > now]
    parts: list[str] = []
    for rung in ahead:
        what = ", ".join(rung.to) if rung.act is Act.ESCALATE else _WORDS[rung.act]
        if not parts:
            parts.append(f"{what} in {words(rung.at - now)}")
        elif what not in parts[-1]:
            same = rung.at == ahead[len(parts) - 1].at
            parts.append(f"{'and' if same else 'then'} {what}")
    when = say(deadline) if say else _clock(deadline, now, zone)
    return ", ".join([*parts, f"{_ENDS[on_timeout]} {when}"]).replace(", and ", " and ")


def _clock(at: datetime, now: datetime, zone: ZoneInfo) -> str:
    local, today = at.astimezone(zone), now.astimezone(zone)
    suffix = " UTC" if local.utcoffset() == timedelta(0) and zone.key in ("UTC", "") else ""
    if at - now < timedelta(days=6) or local.date() == today.date():
        return f"{local:%a %H:%M}{suffix}"
    return f"{local.day} {local:%b %H:%M}{suffix}"
