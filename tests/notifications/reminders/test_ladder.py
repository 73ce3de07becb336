"""Ladders: which notices go out when."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from notifications.reminders.calendar_settings import CalendarSettings
from notifications.reminders.calendars import ROUND_THE_CLOCK
from notifications.reminders.ladder import deadline, describe, plan
from tests.notifications.allowed import is_allowed
from workflows.messages.ladder import DEFAULT, Act, PlannedRung, Rung, check

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = datetime(2026, 11, 16, 9, tzinfo=UTC)
OFFICE = CalendarSettings.model_validate(
    {"hours": dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), "09:00-17:00")}
)
GROUP = ("@head-of-finance",)


def acts(planned: tuple[PlannedRung, ...]) -> list[tuple[str, datetime]]:
    return [(rung.act.value, rung.at) for rung in planned]


def test_the_default_ladder() -> None:
    """Remind at half, message and mail at three quarters, widen at nine tenths."""
    planned = plan(DEFAULT, MONDAY, MONDAY + 10 * HOUR, next_group=GROUP)
    assert acts(planned) == [
        ("remind", MONDAY + 5 * HOUR),
        ("dm", MONDAY + 7.5 * HOUR),
        ("email", MONDAY + 7.5 * HOUR),
        ("escalate", MONDAY + 9 * HOUR),
    ]
    assert planned[-1].to == GROUP


def test_an_escalation_to_nobody_tells_the_requester() -> None:
    """Somebody has to know that nobody answers."""
    assert plan(DEFAULT, MONDAY, MONDAY + 10 * HOUR)[-1].act is Act.TELL_REQUESTER


def test_a_bare_fraction_is_a_reminder() -> None:
    """`{ at = 0.5 }` and nothing else."""
    rung = Rung.model_validate({"at": 0.5})
    assert (rung.name, rung.act) == ("remind@0.5", Act.REMIND)


def test_rungs_at_durations() -> None:
    """Two hours in; what would lie beyond the deadline is left out."""
    ladder = (Rung.model_validate({"after": "2h"}), Rung.model_validate({"after": "2d"}))
    assert acts(plan(ladder, MONDAY, MONDAY + DAY)) == [("remind", MONDAY + 2 * HOUR)]
    assert ladder[0].name == "remind@7200s"


def test_notices_wait_for_business_hours_escalations_do_not() -> None:
    """Raised on Friday for three days: notices on Monday morning, escalation when due."""
    friday = datetime(2026, 11, 20, 14, tzinfo=UTC)
    end = friday + 3 * DAY + 4 * HOUR
    planned = plan(DEFAULT, friday, end, OFFICE, BERLIN, next_group=GROUP)
    monday = datetime(2026, 11, 23, 8, tzinfo=UTC)
    assert ("remind", monday) in acts(planned)
    assert ("email", monday) in acts(planned)
    escalation = next(rung for rung in planned if rung.act is Act.ESCALATE)
    assert escalation.at == escalation.due == friday + (end - friday) * 0.9


def test_a_notice_that_would_come_too_late_comes_before() -> None:
    """A day from Friday afternoon: the reminder goes out before the office closes."""
    friday = datetime(2026, 11, 20, 14, tzinfo=UTC)
    planned = plan((Rung(at=0.5),), friday, friday + DAY, OFFICE, BERLIN)
    assert acts(planned) == [("remind", datetime(2026, 11, 20, 15, 59, tzinfo=UTC))]


def test_a_notice_that_fits_nowhere_comes_when_due() -> None:
    """Raised and ending on a Sunday: waiting in vain is worse than a message on a Sunday."""
    sunday = datetime(2026, 11, 22, 10, tzinfo=UTC)
    planned = plan((Rung(at=0.5),), sunday, sunday + 4 * HOUR, OFFICE, BERLIN)
    assert acts(planned) == [("remind", sunday + 2 * HOUR)]


def test_equal_notices_at_one_moment_are_one() -> None:
    """Two reminders pushed to Monday morning are one reminder."""
    friday = datetime(2026, 11, 20, 18, tzinfo=UTC)
    ladder = (Rung(at=0.2), Rung(at=0.4))
    planned = plan(ladder, friday, friday + 4 * DAY, OFFICE, BERLIN)
    assert [rung.name for rung in planned] == ["remind@0.4"]


def test_a_deadline_in_business_time() -> None:
    """Two working days from Friday noon end on Tuesday noon, and half of it is Monday noon."""
    friday = datetime(2026, 11, 20, 11, tzinfo=UTC)
    end = deadline(friday, 16 * HOUR, OFFICE, BERLIN, business_time=True)
    assert end == datetime(2026, 11, 24, 11, tzinfo=UTC)
    planned = plan((Rung(at=0.5),), friday, end, OFFICE, BERLIN, business_time=True)
    assert acts(planned) == [("remind", datetime(2026, 11, 23, 11, tzinfo=UTC))]
    assert deadline(friday, 16 * HOUR) == friday + 16 * HOUR


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (
            3 * HOUR,
            "reminder in 2 h, then direct message and e-mail, then @head-of-finance, expires Mon 19:00 UTC",
        ),
        (
            6 * HOUR,
            "direct message and e-mail in 1 h 30 min, then @head-of-finance, expires Mon 19:00 UTC",
        ),
        (8 * HOUR, "@head-of-finance in 1 h, expires Mon 19:00 UTC"),
        (9.5 * HOUR, "expires Mon 19:00 UTC"),
    ],
)
def test_the_card_says_what_is_to_come(now: timedelta, expected: str) -> None:
    """Only what lies ahead, in order, with the deadline at the end."""
    planned = plan(DEFAULT, MONDAY, MONDAY + 10 * HOUR, next_group=GROUP)
    assert describe(planned, MONDAY + now, MONDAY + 10 * HOUR) == expected


def test_the_deadline_is_said_as_wanted() -> None:
    """In a zone, with the date when it is far, with what happens then, or by the caller."""
    end = MONDAY + 9 * DAY
    said = describe((), MONDAY, end, on_timeout="reject", zone=BERLIN)
    assert said == "is rejected 25 Nov 10:00"
    assert describe((), MONDAY, end, say=lambda at: f"<{at:%d}>") == "expires <25>"


@pytest.mark.parametrize(
    ("rung", "sentence"),
    [
        ({}, "either at = 0.5"),
        ({"at": 0.5, "after": "2h"}, "either at = 0.5"),
        ({"at": 1}, "less than 1"),
        ({"at": 0}, "greater than 0"),
        ({"after": "soon"}, "no duration"),
        ({"after": "0s"}, "greater than"),
        ({"at": 0.5, "to": ["@x"]}, "to belongs to act = 'escalate'"),
    ],
)
def test_impossible_rungs_are_refused(rung: dict[str, object], sentence: str) -> None:
    """With a sentence."""
    with pytest.raises(ValidationError, match=sentence):
        Rung.model_validate(rung)


def test_twins_are_refused() -> None:
    """Two rungs of one name could not be told apart."""
    check(DEFAULT)
    with pytest.raises(ValueError, match=r"two rungs dm@0\.5"):
        check((Rung(at=0.5, act=Act.DM), Rung(at=0.5, act=Act.DM)))


rungs = st.builds(
    Rung,
    at=st.floats(0.01, 0.99),
    act=st.sampled_from([Act.REMIND, Act.DM, Act.EMAIL, Act.ESCALATE, Act.TELL_REQUESTER]),
)
starts = st.integers(0, 5 * 365 * 24 * 60).map(
    lambda minute: datetime(2024, 1, 1, tzinfo=UTC) + minute * timedelta(minutes=1)
)


@given(
    st.lists(rungs, max_size=8),
    starts,
    st.integers(1, 14 * 24 * 60),
    st.sampled_from([OFFICE, ROUND_THE_CLOCK]),
    st.booleans(),
)
@settings(max_examples=200, deadline=None)
def test_every_rung_lies_in_the_window_in_order(
    ladder: list[Rung],
    raised: datetime,
    minutes: int,
    calendar: CalendarSettings,
    business: bool,
) -> None:
    """Never before the request, never after the deadline; escalations exactly when due."""
    end = raised + timedelta(minutes=minutes)
    planned = plan(ladder, raised, end, calendar, BERLIN, business_time=business, next_group=GROUP)
    assert [rung.at for rung in planned] == sorted(rung.at for rung in planned)
    for rung in planned:
        assert raised <= rung.at < end
        if rung.act is Act.ESCALATE:
            assert rung.at == rung.due
        elif rung.at != rung.due:
            assert is_allowed(rung.at, calendar, BERLIN)
    assert describe(planned, raised, end).count("expires") == 1


def test_a_week_over_both_clock_changes() -> None:
    """A seven-day ladder with a holiday and a change: every notice at nine in the morning."""
    calendar = CalendarSettings.model_validate(
        {
            "hours": dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), "09:00-17:00"),
            "holidays": "DE",
            "quiet": "18:00-08:00",
        }
    )
    for first in (datetime(2026, 3, 26, 15, tzinfo=UTC), datetime(2026, 10, 22, 15, tzinfo=UTC)):
        planned = plan(DEFAULT, first, first + 7 * DAY, calendar, BERLIN, next_group=GROUP)
        assert [rung.act.value for rung in planned] == ["remind", "dm", "email", "escalate"]
        for rung in planned[:3]:
            wall = rung.at.astimezone(BERLIN)
            assert 9 <= wall.hour < 17
            assert wall.weekday() < 5
            assert wall - rung.due.astimezone(BERLIN) < 4 * DAY
