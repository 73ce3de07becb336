"""When one person may be written to: the policy's calendar, and their own quiet hours. Pure."""

from dataclasses import dataclass
from datetime import datetime, time
from typing import Self
from zoneinfo import ZoneInfo

from notifications.reminders.calendar_settings import CalendarSettings, DaySpan
from notifications.reminders.calendars import ROUND_THE_CLOCK, last_allowed, next_allowed

_UTC = ZoneInfo("UTC")
_ROUNDS = 400
"""So often two calendars are asked in turn; enough for a year of days off."""

Quiet = tuple[time, time]


@dataclass(frozen=True)
class Hours:
    """`calendar` counts in `zone`; `own` has the person's quiet hours, in their `own_zone`."""

    calendar: CalendarSettings = ROUND_THE_CLOCK
    zone: ZoneInfo = _UTC
    own: CalendarSettings = ROUND_THE_CLOCK
    own_zone: ZoneInfo = _UTC

    @classmethod
    def of(
        cls, calendar: CalendarSettings, zone: ZoneInfo, own_zone: ZoneInfo, quiet: Quiet | None
    ) -> Self:
        """With quiet hours from one wall-clock time to the other, on the same or the next day."""
        return cls(calendar, zone, _quiet(quiet), own_zone)

    def considerate(self, due: datetime, raised_at: datetime, deadline: datetime) -> datetime:
        """In these hours: as soon as due; or earlier, if that is too late; or when due."""
        later = self._next(due, deadline)
        if later is not None:
            return later
        return self._last(raised_at, due) or due

    def _next(self, moment: datetime, deadline: datetime) -> datetime | None:
        """The first moment both let through, before the deadline."""
        for _ in range(_ROUNDS):
            open_at = next_allowed(moment, self.calendar, self.zone)
            loud_at = next_allowed(open_at, self.own, self.own_zone)
            if loud_at >= deadline:
                return None
            if loud_at == open_at:
                return loud_at
            moment = loud_at
        return None

    def _last(self, after: datetime, before: datetime) -> datetime | None:
        """The last moment both let through, in this stretch."""
        for _ in range(_ROUNDS):
            open_at = last_allowed(after, before, self.calendar, self.zone)
            if open_at is None:
                return None
            loud_at = last_allowed(after, open_at, self.own, self.own_zone)
            if loud_at is None or loud_at == open_at:
                return loud_at
            before = loud_at
        return None


def _quiet(quiet: Quiet | None) -> CalendarSettings:
    if quiet is None or quiet[0] == quiet[1]:
        return ROUND_THE_CLOCK
    begin, end = (moment.hour * 60 + moment.minute for moment in quiet)
    if end <= begin:
        end += 1_440
    return CalendarSettings(quiet=DaySpan(begin=begin, end=end)) if begin < end else ROUND_THE_CLOCK
