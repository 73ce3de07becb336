"""Business hours, holidays and quiet hours, in anybody's time zone. Pure functions.

Hours are wall-clock times of the zone that is asked about. A time that a change to summer time
skips is taken as the moment of the change; of a time that comes twice, a span begins at the first
and ends at the second, so a span never has a hole. Every moment that comes out is in UTC.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from notifications.reminders.calendar_settings import WEEKDAYS, CalendarSettings, DaySpan
from notifications.reminders.public_holidays import days_of

ROUND_THE_CLOCK = CalendarSettings()
_HORIZON = 4_000  # days: longer than any list of days off can reach
_DAY = timedelta(days=1)

Span = tuple[datetime, datetime]


def next_allowed(moment: datetime, calendar: CalendarSettings, zone: ZoneInfo) -> datetime:
    """The first moment, not before this one, at which a notice may go out.

    That is inside business hours, on no holiday, and outside quiet hours.
    """
    moment = _utc(moment)
    for day in _days(moment, zone):
        for begin, end in _allowed(day, calendar, zone):
            if moment < end:
                return max(begin, moment)
    raise ValueError(f"The calendar allows nothing within {_HORIZON} days of {moment:%Y-%m-%d}.")


def last_allowed(
    after: datetime, before: datetime, calendar: CalendarSettings, zone: ZoneInfo
) -> datetime | None:
    """The last moment for a notice in this stretch, a minute before quiet begins; or None."""
    after, before = _utc(after), _utc(before)
    last, end_day = None, before.astimezone(zone).date()
    for day in _days(after, zone):
        if day > end_day:
            break
        for begin, end in _allowed(day, calendar, zone):
            latest = min(before, max(begin, end - timedelta(minutes=1)))
            if begin <= before and latest >= after:
                last = latest
    return last


def add_business_time(
    start: datetime, duration: timedelta, calendar: CalendarSettings, zone: ZoneInfo
) -> datetime:
    """When this much business time will have passed; `start` itself for nothing.

    Only business hours on working days count; quiet hours do not matter. Without hours and
    holidays, business time is elapsed time.
    """
    moment, left = _utc(start), duration
    if left <= timedelta(0):
        return moment
    for day in _days(moment, zone):
        for begin, end in _open(day, calendar, zone):
            begin = max(begin, moment)  # noqa: PLW2901 - the part of the span that is left
            if begin >= end:
                continue
            if end - begin >= left:
                return begin + left
            left -= end - begin
    raise ValueError(f"{duration} of business time does not fit into {_HORIZON} days.")


def business_between(
    start: datetime, end: datetime, calendar: CalendarSettings, zone: ZoneInfo
) -> timedelta:
    """How much business time lies between two moments."""
    start, end = _utc(start), _utc(end)
    total, end_day = timedelta(0), end.astimezone(zone).date()
    for day in _days(start, zone):
        if day > end_day:
            break
        for begin, stop in _open(day, calendar, zone):
            total += max(timedelta(0), min(stop, end) - max(begin, start))
    return total


def zone_of(name: str, otherwise: str = "UTC") -> ZoneInfo:
    """A person's zone as Slack names it; `otherwise` when there is no such zone. Never raises."""
    for known in (name, otherwise):
        try:
            return ZoneInfo(known)
        except (ValueError, OSError, KeyError):
            continue
    return ZoneInfo("UTC")


def _utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("A moment without a time zone says nothing: pass an aware datetime.")
    return moment.astimezone(UTC)


def _days(moment: datetime, zone: ZoneInfo) -> Iterator[date]:
    """The day before (a repeated midnight may belong to it), the day itself, and so on."""
    first = moment.astimezone(zone).date()
    for number in range(-1, _HORIZON):
        try:
            yield first + number * _DAY
        except OverflowError:
            return


def _open(day: date, calendar: CalendarSettings, zone: ZoneInfo) -> list[Span]:
    """The business hours of one local day."""
    if day in calendar.days_off or day in days_of(calendar.holidays, day.year):
        return []
    if not calendar.hours:
        return _spans(day, (DaySpan(begin=0, end=1440),), zone)
    return _spans(day, calendar.hours.get(WEEKDAYS[day.weekday()], ()), zone)


def _allowed(day: date, calendar: CalendarSettings, zone: ZoneInfo) -> list[Span]:
    """The business hours of one local day, without quiet hours."""
    spans = _open(day, calendar, zone)
    if calendar.quiet is None:
        return spans
    for eve in (day - _DAY, day):
        quiet = _span(eve, calendar.quiet, zone)
        spans = [part for span in spans for part in _without(span, quiet)]
    return spans


def _without(span: Span, hole: Span) -> Iterator[Span]:
    begin, end = span
    if begin < min(end, hole[0]):
        yield begin, min(end, hole[0])
    if max(begin, hole[1]) < end:
        yield max(begin, hole[1]), end


def _spans(day: date, spans: tuple[DaySpan, ...], zone: ZoneInfo) -> list[Span]:
    """Never overlapping, also where a repeated hour makes two spans touch."""
    found: list[Span] = []
    for begin, end in (_span(day, span, zone) for span in spans):
        begin = max(begin, found[-1][1]) if found else begin  # noqa: PLW2901
        if begin < end:
            found.append((begin, end))
    return found


def _span(day: date, span: DaySpan, zone: ZoneInfo) -> Span:
    midnight = span.end % 1440 == 0  # the next day's hours begin there: no overlap
    return (
        _instant(day, span.begin, zone, late=False),
        _instant(day, span.end, zone, late=not midnight),
    )


def _instant(day: date, minutes: int, zone: ZoneInfo, *, late: bool) -> datetime:
    """The moment of a wall-clock time; of two the later one if `late`; a skipped one's change."""
    try:
        wall = datetime.combine(day, time(0)) + timedelta(minutes=minutes)
    except OverflowError:
        return datetime.max.replace(tzinfo=UTC)
    return _moment(wall, zone, late=late)


@lru_cache(maxsize=8_192)
def _moment(wall: datetime, zone: ZoneInfo, *, late: bool) -> datetime:
    first = wall.replace(tzinfo=zone, fold=0)
    second = wall.replace(tzinfo=zone, fold=1)
    before, after = first.utcoffset(), second.utcoffset()
    assert before is not None
    assert after is not None
    if before < after:
        return _change(second.astimezone(UTC), first.astimezone(UTC), zone)
    return (second if late else first).astimezone(UTC)


def _change(low: datetime, high: datetime, zone: ZoneInfo) -> datetime:
    """The second between two moments at which the zone's offset changes."""
    offset = low.astimezone(zone).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = low + timedelta(seconds=int((high - low).total_seconds()) // 2)
        if middle.astimezone(zone).utcoffset() == offset:
            low = middle
        else:
            high = middle
    return high
