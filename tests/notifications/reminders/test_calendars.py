"""Business hours, holidays and quiet hours, over every kind of clock change."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from notifications.reminders.calendar_settings import CalendarSettings
from notifications.reminders.calendars import (
    ROUND_THE_CLOCK,
    add_business_time,
    business_between,
    last_allowed,
    next_allowed,
    zone_of,
)
from tests.notifications.allowed import is_allowed

BERLIN = ZoneInfo("Europe/Berlin")
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
WEEK = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), "09:00-17:00")
OFFICE = CalendarSettings.model_validate({"hours": WEEK, "holidays": "DE-BY"})
NIGHTS = CalendarSettings.model_validate({"quiet": "22:00-07:00"})
SPLIT = CalendarSettings.model_validate(
    {"hours": {**WEEK, "tue": ["06:30-12:00", "13:00-23:00"]}, "quiet": "21:30-08:15"}
)
CHANGING = (
    "Europe/Berlin",
    "Europe/London",
    "America/New_York",
    "America/Havana",  # at midnight
    "America/Santiago",  # 24:00 becomes 23:00
    "Asia/Beirut",  # 00:00 becomes 01:00
    "Africa/Cairo",
    "Africa/Casablanca",  # backwards for Ramadan
    "Australia/Lord_Howe",  # by half an hour
    "Pacific/Auckland",
)


def local(text: str, zone: ZoneInfo = BERLIN, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold).astimezone(UTC)


def changes(name: str, first: int = 2024, last: int = 2027) -> list[datetime]:
    """The hours in which the zone's offset changes."""
    zone, found = ZoneInfo(name), []
    at = datetime(first, 1, 1, tzinfo=UTC)
    while at.year <= last:
        if at.astimezone(zone).utcoffset() != (at + HOUR).astimezone(zone).utcoffset():
            found.append(at + HOUR)
        at += HOUR
    return found


TRANSITIONS = [(name, at) for name in CHANGING for at in changes(name)]


def open_now(at: datetime, calendar: CalendarSettings, zone: ZoneInfo) -> bool:
    """The plain reading of the settings, for one minute. Right while no edge is repeated."""
    wall = at.astimezone(zone)
    minutes = wall.hour * 60 + wall.minute
    names = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    spans = calendar.hours.get(names[wall.weekday()], ())
    return not calendar.hours or any(span.begin <= minutes < span.end for span in spans)


def quiet_now(at: datetime, calendar: CalendarSettings, zone: ZoneInfo) -> bool:
    wall = at.astimezone(zone)
    minutes, quiet = wall.hour * 60 + wall.minute, calendar.quiet
    return quiet is not None and (quiet.begin <= minutes < quiet.end or minutes < quiet.end - 1440)


def test_enough_clock_changes_are_tried() -> None:
    """At least 26 of them, of ten zones."""
    assert len(TRANSITIONS) >= 60
    assert {name for name, _ in TRANSITIONS} == set(CHANGING)


@pytest.mark.parametrize("calendar", [NIGHTS, SPLIT], ids=["nights", "split"])
def test_every_quarter_hour_around_every_change_agrees(calendar: CalendarSettings) -> None:
    """Over two days and each change, a notice is allowed exactly when the wall clock says so."""
    for name, at in TRANSITIONS:
        zone = ZoneInfo(name)
        for quarter in range(-96, 97):
            moment = at + quarter * 15 * MINUTE
            expected = open_now(moment, calendar, zone) and not quiet_now(moment, calendar, zone)
            assert is_allowed(moment, calendar, zone) == expected, (name, moment)


def test_business_time_over_every_change_is_what_the_clock_shows() -> None:
    """Minutes of a working week with a change in it, counted one by one."""
    for name, at in TRANSITIONS[::5]:
        zone = ZoneInfo(name)
        begin = (at - 2 * DAY).replace(minute=0)
        quarters = [begin + n * 15 * MINUTE for n in range(4 * 24 * 4)]
        counted = sum(open_now(quarter, SPLIT, zone) for quarter in quarters) * 15 * MINUTE
        assert business_between(begin, begin + 4 * DAY, SPLIT, zone) == counted, (name, at)


def test_a_night_of_a_clock_change_is_as_long_as_it_is() -> None:
    """Round the clock, 24 business hours are 24 hours, whatever the clock shows."""
    for _, at in TRANSITIONS:
        start = at - 12 * HOUR
        assert add_business_time(start, DAY, ROUND_THE_CLOCK, BERLIN) == start + DAY
        assert business_between(start, start + DAY, ROUND_THE_CLOCK, BERLIN) == DAY


@pytest.mark.parametrize(
    ("hours", "at", "expected"),
    [
        ("02:30-05:00", "2026-03-29T01:00", "2026-03-29T03:00"),  # 02:30 does not exist
        ("01:00-02:30", "2026-03-29T03:00", "2026-04-05T01:00"),  # it ends with the change
    ],
)
def test_a_skipped_hour_begins_and_ends_at_the_change(hours: str, at: str, expected: str) -> None:
    """Sunday 29 March 2026 has no 02:30 in Berlin."""
    calendar = CalendarSettings.model_validate({"hours": {"sun": hours}})
    assert next_allowed(local(at), calendar, BERLIN) == local(expected)


def test_a_repeated_hour_belongs_to_the_span_twice() -> None:
    """From the first 02:15 to the second 02:45 are 90 minutes on 25 October 2026."""
    calendar = CalendarSettings.model_validate({"hours": {"sun": "02:15-02:45"}})
    midnight = local("2026-10-25T00:00")
    assert next_allowed(midnight, calendar, BERLIN) == local("2026-10-25T02:15")
    assert business_between(midnight, midnight + DAY, calendar, BERLIN) == 90 * MINUTE
    assert is_allowed(local("2026-10-25T02:05", fold=1), calendar, BERLIN)
    assert not is_allowed(local("2026-10-25T02:50", fold=1), calendar, BERLIN)


def test_touching_spans_in_a_repeated_hour_are_counted_once() -> None:
    """02:00-02:30 and 02:30-03:00 make two hours that night, not three."""
    calendar = CalendarSettings.model_validate({"hours": {"sun": ["02:00-02:30", "02:30-03:00"]}})
    begin = local("2026-10-25T00:00")
    assert business_between(begin, begin + DAY, calendar, BERLIN) == 2 * HOUR


def test_a_day_that_never_was() -> None:
    """Samoa had no 30 December 2011: its business hours pass in no time."""
    apia = ZoneInfo("Pacific/Apia")
    friday = CalendarSettings.model_validate({"hours": {"fri": "09:00-17:00"}})
    start = local("2011-12-29T12:00", apia)
    assert next_allowed(start, friday, apia) == local("2012-01-06T09:00", apia)


def test_holidays_and_days_off_are_skipped() -> None:
    """From Christmas Eve afternoon to Monday morning; with days off, to the next year."""
    eve = local("2026-12-24T17:30")
    assert next_allowed(eve, OFFICE, BERLIN) == local("2026-12-28T09:00")
    off = OFFICE.model_copy(update={"days_off": tuple(date(2026, 12, d) for d in range(28, 32))})
    assert next_allowed(eve, off, BERLIN) == local("2027-01-04T09:00")
    assert next_allowed(local("2026-01-06T10:00"), OFFICE, BERLIN) == local("2026-01-07T09:00")


def test_business_time_takes_the_weekend_off() -> None:
    """Ten hours from Friday 15:00 end on Monday at 17:00; then it is Tuesday's turn."""
    friday = local("2026-11-20T15:00")
    assert add_business_time(friday, 10 * HOUR, OFFICE, BERLIN) == local("2026-11-23T17:00")
    assert add_business_time(friday, 10 * HOUR + MINUTE, OFFICE, BERLIN) == local(
        "2026-11-24T09:01"
    )
    assert add_business_time(friday, timedelta(0), OFFICE, BERLIN) == friday


def test_people_have_mornings_of_their_own() -> None:
    """The same moment is allowed in Berlin, and waits for nine o'clock in New York."""
    york, moment = ZoneInfo("America/New_York"), local("2026-11-20T12:00")
    assert next_allowed(moment, OFFICE, BERLIN) == moment
    assert next_allowed(moment, OFFICE, york) == local("2026-11-20T09:00", york)


def test_the_last_moment_before_quiet() -> None:
    """A minute before hours end, the limit itself inside them, None where nothing is open."""
    friday, sunday = local("2026-11-20T12:00"), local("2026-11-22T12:00")
    assert last_allowed(friday, sunday, OFFICE, BERLIN) == local("2026-11-20T16:59")
    assert last_allowed(friday, friday + HOUR, OFFICE, BERLIN) == friday + HOUR
    assert last_allowed(sunday, sunday + HOUR, OFFICE, BERLIN) is None


moments = st.integers(0, 7 * 365 * 24 * 60).map(
    lambda minute: datetime(2024, 1, 1, tzinfo=UTC) + minute * MINUTE
)
zones = st.sampled_from(CHANGING).map(ZoneInfo)
calendars = st.sampled_from([OFFICE, NIGHTS, SPLIT, ROUND_THE_CLOCK])


@given(moments, calendars, zones)
@settings(max_examples=150, deadline=None)
def test_the_next_moment_is_the_first_allowed_one(
    moment: datetime, calendar: CalendarSettings, zone: ZoneInfo
) -> None:
    """It is never earlier, is allowed, asking again changes nothing, and none lies before it."""
    found = next_allowed(moment, calendar, zone)
    assert found >= moment
    assert is_allowed(found, calendar, zone)
    assert next_allowed(found, calendar, zone) == found
    if found > moment:
        assert not is_allowed(moment + (found - moment) / 2, calendar, zone)
        assert not is_allowed(found - timedelta(microseconds=1), calendar, zone)


@given(moments, st.integers(0, 200 * 60), calendars, zones)
@settings(max_examples=150, deadline=None)
def test_adding_and_measuring_agree(
    start: datetime, minutes: int, calendar: CalendarSettings, zone: ZoneInfo
) -> None:
    """Between the start and the end of N minutes of business time lie N minutes of it."""
    duration = minutes * MINUTE
    end = add_business_time(start, duration, calendar, zone)
    assert end - start >= duration
    assert business_between(start, end, calendar, zone) == duration


@given(moments, st.integers(1, 5_000), st.integers(1, 5_000), calendars, zones)
@settings(max_examples=100, deadline=None)
def test_adding_twice_is_adding_the_sum(
    start: datetime, first: int, second: int, calendar: CalendarSettings, zone: ZoneInfo
) -> None:
    """Business time is additive, also across holidays and clock changes."""
    half = add_business_time(start, first * MINUTE, calendar, zone)
    there = add_business_time(half, second * MINUTE, calendar, zone)
    assert there == add_business_time(start, (first + second) * MINUTE, calendar, zone)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"hours": {"mon": "17:00-09:00"}}, "ends before it begins; for a night write two spans"),
        ({"hours": {"mon": "09:00-09:00"}}, "is empty"),
        ({"hours": {"mon": "9 to 5"}}, "write for example 09:00-17:00"),
        ({"hours": {"mon": "09:00-25:00"}}, "no clock shows"),
        ({"hours": {"mon": "09:70-10:00"}}, "no clock shows"),
        ({"hours": {"monday": "09:00-17:00"}}, "'monday' is no weekday"),
        ({"hours": {"mon": ["13:00-17:00", "09:00-12:00"]}}, "overlap or are out of order"),
        ({"hours": {"mon": ["09:00-12:00", "11:00-13:00"]}}, "overlap or are out of order"),
        ({"hours": {"mon": ""}}, "no day has hours"),
        ({"holidays": "Germany"}, "two-letter country code"),
        ({"holidays": "DE-XX"}, "has no part 'XX'"),
        ({"zone": "Mars/Olympus"}, "no time zone 'Mars/Olympus'"),
        ({"zone": "/etc/passwd"}, "no time zone"),
        ({"zone": "Europe"}, "no time zone"),
        ({"quiet": "00:00-24:00"}, "quiet hours cover all business hours"),
        ({"hours": {"mon": "09:00-17:00"}, "quiet": "08:00-18:00"}, "nothing could ever be sent"),
        ({"hour": {}}, "Extra inputs"),
    ],
)
def test_every_mistake_has_a_sentence(data: dict[str, object], sentence: str) -> None:
    """Each names the mistake and the way out."""
    with pytest.raises(ValidationError, match=sentence):
        CalendarSettings.model_validate(data)


def test_settings_survive_json() -> None:
    """As written in the policy's snapshot, and read again."""
    for calendar in (OFFICE, NIGHTS, SPLIT):
        assert CalendarSettings.model_validate_json(calendar.model_dump_json()) == calendar


def test_midnight_is_the_end_of_a_day_or_its_beginning() -> None:
    """`22:00-24:00` and `22:00-00:00` say the same; the next day is not touched."""
    late = CalendarSettings.model_validate({"hours": {"fri": "22:00-24:00"}})
    assert late == CalendarSettings.model_validate({"hours": {"fri": "22:00-00:00"}})
    assert is_allowed(local("2026-11-20T23:59"), late, BERLIN)
    assert not is_allowed(local("2026-11-21T00:00"), late, BERLIN)


def test_unknown_zones_of_people_do_no_harm() -> None:
    """Slack's word is taken where it makes sense."""
    assert zone_of("Europe/Berlin") == BERLIN
    for name in ("", "Nowhere", "../../etc/passwd", "Europe", "\0", "x" * 5_000):
        assert zone_of(name, "Europe/Berlin") == BERLIN
    assert zone_of("?", "?").key == "UTC"


def test_moments_without_a_zone_are_refused() -> None:
    """They would be taken for local time of the server."""
    with pytest.raises(ValueError, match="aware"):
        next_allowed(datetime(2026, 1, 1), OFFICE, BERLIN)  # noqa: DTZ001 - that is the point


def test_a_calendar_without_an_end_of_days_off_is_refused() -> None:
    """At most 400 days off, so that every search ends."""
    many = [date(2026, 1, 1) + n * DAY for n in range(401)]
    with pytest.raises(ValidationError, match="400"):
        CalendarSettings.model_validate({"days_off": many})
