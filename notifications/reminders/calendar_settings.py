"""The settings of a calendar, with a sentence for each mistake.

    [calendar]
    hours = { mon = "09:00-17:00", tue = ["09:00-12:00", "13:00-17:00"] }
    holidays = "DE-BY"
    days_off = [2026-12-24]
    quiet = "22:00-07:00"
    zone = "Europe/Berlin"

No hours means around the clock; a weekday that is not named is then open, otherwise closed.
"""

import itertools
import re
from datetime import date
from typing import Annotated, Final, Self
from zoneinfo import ZoneInfo

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    field_validator,
    model_serializer,
    model_validator,
)

from notifications.reminders.public_holidays import known_place

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SPAN = re.compile(r"(\d{1,2}):(\d{2})\s*[-\u2013]\s*(\d{1,2}):(\d{2})")
_DAY = 1_440


class DaySpan(BaseModel):
    """From `begin` to `end`, in minutes since midnight; written `09:00-17:30`.

    An `end` beyond 1,440 lies on the next day; only quiet hours may.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    begin: int = Field(ge=0, lt=_DAY)
    end: int = Field(gt=0, lt=2 * _DAY)

    @model_serializer
    def _text(self) -> str:
        return f"{_clock(self.begin)}-{_clock(self.end, midnight=24)}"


def _clock(minutes: int, midnight: int = 0) -> str:
    """`17:30`; midnight as an end is 24:00."""
    hours, rest = divmod(minutes % _DAY, 60)
    return f"{hours or (0 if rest else midnight):02d}:{rest:02d}"


def _parse(value: object) -> object:
    if isinstance(value, DaySpan):
        return value
    match = _SPAN.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f"'{value}' is no span of hours; write for example 09:00-17:00")
    numbers = [int(part) for part in match.groups()]
    begin, end = numbers[0] * 60 + numbers[1], numbers[2] * 60 + numbers[3]
    if begin >= _DAY or end > _DAY or numbers[1] > 59 or numbers[3] > 59:
        raise ValueError(f"'{value}' has a time that no clock shows; use 00:00 to 24:00")
    if begin == end:
        raise ValueError(f"'{value}' is empty; leave the day out, or write 00:00-24:00")
    return {"begin": begin, "end": end if end > begin else end + _DAY}


def _parse_list(value: object) -> object:
    if isinstance(value, str):
        return tuple(_parse(part) for part in [value] if part.strip())
    if isinstance(value, list | tuple):
        return tuple(_parse(part) for part in value)
    return value


Hours = Annotated[tuple[DaySpan, ...], BeforeValidator(_parse_list)]
Quiet = Annotated[DaySpan, BeforeValidator(_parse)]


class CalendarSettings(BaseModel):
    """When people are to be bothered, and what counts as business time."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    hours: dict[str, Hours] = {}
    """`{ mon = "09:00-17:00" }`: business hours by weekday; around the clock when empty, and a
    weekday that is not named is then closed."""
    holidays: str = ""
    """`DE`, or `DE-BY` with a state; needs the extra `holidays`."""
    days_off: tuple[date, ...] = Field(default=(), max_length=400)
    """Further days on which nobody works."""
    quiet: Quiet | None = None
    """`22:00-07:00`: nothing is sent then."""
    zone: str = ""
    """`Europe/Berlin`; each person's own zone from Slack when empty."""

    @field_validator("hours")
    @classmethod
    def _check_hours(cls, hours: dict[str, tuple[DaySpan, ...]]) -> dict[str, tuple[DaySpan, ...]]:
        if unknown := sorted(set(hours) - set(WEEKDAYS)):
            raise ValueError(f"'{unknown[0]}' is no weekday; use {', '.join(WEEKDAYS)}")
        for day, spans in hours.items():
            _check_order(day, spans)
        if hours and not any(hours.values()):
            raise ValueError("no day has hours; leave hours out for around the clock")
        return hours

    @field_validator("holidays")
    @classmethod
    def _check_holidays(cls, place: str) -> str:
        return known_place(place) if place else place

    @field_validator("zone")
    @classmethod
    def _check_zone(cls, zone: str) -> str:
        if zone:
            try:
                ZoneInfo(zone)
            except (ValueError, OSError, KeyError):
                raise ValueError(
                    f"there is no time zone '{zone}'; write it as Europe/Berlin or UTC"
                ) from None
        return zone

    @model_validator(mode="after")
    def _leave_some_time(self) -> Self:
        if self.quiet is not None and not self._free():
            raise ValueError(
                "quiet hours cover all business hours, so nothing could ever be sent; "
                "shorten the one or lengthen the other"
            )
        return self

    def _free(self) -> bool:
        assert self.quiet is not None
        quiet = {minute % _DAY for minute in range(self.quiet.begin, self.quiet.end)}
        spans = [span for day in self.hours.values() for span in day]
        spans = spans or [DaySpan(begin=0, end=_DAY)]
        return any(set(range(span.begin, span.end)) - quiet for span in spans)


def _check_order(day: str, spans: tuple[DaySpan, ...]) -> None:
    for span in spans:
        if span.end > _DAY:
            text = f"{_clock(span.begin)}-{_clock(span.end)}"
            raise ValueError(
                f"{day}: {text} ends before it begins; for a night write two spans, "
                f"{_clock(span.begin)}-24:00 here and 00:00-{_clock(span.end)} on the next day"
            )
    for before, after in itertools.pairwise(spans):
        if after.begin < before.end:
            raise ValueError(f"{day}: its spans overlap or are out of order; sort them by time")
