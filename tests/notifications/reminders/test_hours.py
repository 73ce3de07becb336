"""When one person may be written to: the policy's hours and their own quiet ones, in two zones."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.reminders.calendar_settings import CalendarSettings
from notifications.reminders.hours import Hours
from tests.notifications.allowed import is_allowed

BERLIN, TOKYO, YORK = (ZoneInfo(z) for z in ("Europe/Berlin", "Asia/Tokyo", "America/New_York"))
OFFICE = CalendarSettings(
    hours=dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), "09:00-17:00"),
    holidays="DE-BE",
)
NIGHT = (time(22), time(7))
MONDAY = datetime(2027, 3, 1, tzinfo=UTC)
MINUTES = st.times().map(lambda moment: moment.replace(second=0, microsecond=0))


def at(hour: int, minute: int = 0, day: int = 1) -> datetime:
    """Of March 2027, in UTC; the first is a Monday."""
    return datetime(2027, 3, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("hours", "due", "expected"),
    [
        (Hours(), at(3), at(3)),
        (Hours.of(OFFICE, BERLIN, BERLIN, None), at(3), at(8)),
        (Hours.of(OFFICE, TOKYO, TOKYO, None), at(3), at(3)),
        (Hours.of(OFFICE, YORK, YORK, None), at(3), at(14)),
        (Hours.of(CalendarSettings(), BERLIN, BERLIN, NIGHT), at(3), at(6)),
        (Hours.of(CalendarSettings(), BERLIN, TOKYO, NIGHT), at(14), at(22)),
        (Hours.of(OFFICE, BERLIN, BERLIN, (time(8), time(10, 30))), at(3), at(9, 30)),
        (Hours.of(OFFICE, BERLIN, TOKYO, (time(17), time(22))), at(8), at(13)),
        (Hours.of(OFFICE, BERLIN, BERLIN, (time(9), time(9))), at(3), at(8)),
        (Hours.of(OFFICE, BERLIN, BERLIN, None), at(17, day=7), at(9, day=9) - timedelta(hours=1)),
    ],
    ids=[
        "around the clock",
        "office",
        "office in Tokyo",
        "office in New York",
        "own night",
        "own night elsewhere",
        "own morning inside the office hours",
        "own evening is somebody's office",
        "no quiet at all",
        "weekend and a holiday",
    ],
)
def test_a_notice_waits_for_the_first_moment_that_both_let_through(
    hours: Hours, due: datetime, expected: datetime
) -> None:
    """Women's Day (the 8th) is a holiday in Berlin."""
    assert hours.considerate(due, MONDAY, MONDAY + timedelta(days=20)) == expected


def test_what_would_come_too_late_comes_before() -> None:
    """In the last allowed minute before, or when due if there is none."""
    night = Hours.of(CalendarSettings(), BERLIN, BERLIN, NIGHT)
    assert night.considerate(at(2), at(12, day=1) - timedelta(days=1), at(5)) == at(
        20, 59, day=1
    ) - timedelta(days=1)
    assert night.considerate(at(2), at(1), at(5)) == at(2)


def test_quiet_hours_that_leave_nothing_are_outvoted() -> None:
    """Then it comes when due: better at a bad time than never."""
    never = Hours.of(OFFICE, BERLIN, BERLIN, (time(8), time(18)))
    assert never.considerate(at(3), MONDAY, at(3, day=9)) == at(3)


@given(
    zones=st.tuples(*(st.sampled_from((BERLIN, TOKYO, YORK)),) * 2),
    quiet=st.tuples(MINUTES, MINUTES),
    day=st.dates(date(2027, 1, 1), date(2027, 12, 1)),
    minutes=st.integers(0, 1_439),
)
def test_never_late_and_quiet_when_it_can_be(
    zones: tuple[ZoneInfo, ZoneInfo], quiet: tuple[time, time], day: date, minutes: int
) -> None:
    """Between raising and deadline; if it is later than due, both calendars let it through."""
    due = datetime.combine(day, time(0), UTC) + timedelta(minutes=minutes)
    hours = Hours.of(OFFICE, zones[0], zones[1], quiet)
    raised, deadline = due - timedelta(days=3), due + timedelta(days=6)
    found = hours.considerate(due, raised, deadline)
    assert raised <= found < deadline
    if found != due:
        assert is_allowed(found, hours.calendar, hours.zone)
        assert is_allowed(found, hours.own, hours.own_zone)
