"""Which reminders become one digest."""

from datetime import UTC, datetime, timedelta
from typing import Any

from notifications.reminders.bursts import DueRung, Gathering

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
SPAN = timedelta(minutes=10)
SECOND = timedelta(seconds=1)


def due(number: int, **changes: Any) -> DueRung:
    values: dict[str, Any] = {
        "approval": f"a-{number}",
        "rung": "remind@0.5",
        "at": NOW + number * SECOND,
        "deadline": NOW + timedelta(hours=12),
        "channel": "C1",
        "approvers": ("U0GRACE001", "U0LINUS001"),
    }
    return DueRung.model_validate({**values, **changes})


def test_five_are_no_burst_and_six_are() -> None:
    """And one that was due a few minutes ago counts, too."""
    gathering = Gathering(5, SPAN)
    assert gathering.bursts([due(n) for n in range(5)]) == []
    sixth = due(6, at=NOW + 5 * SECOND * 60)
    assert gathering.bursts([sixth]) == [(sixth,)]


def test_the_same_reminders_seen_again_are_not_more() -> None:
    """A look every fifteen seconds finds them several times."""
    gathering = Gathering(5, SPAN)
    for _ in range(4):
        assert gathering.bursts([due(n) for n in range(5)]) == []


def test_what_was_due_long_ago_does_not_count() -> None:
    """Five, and one a quarter of an hour later."""
    gathering = Gathering(5, SPAN)
    gathering.bursts([due(n) for n in range(5)])
    assert gathering.bursts([due(9, at=NOW + 15 * SECOND * 60)]) == []


def test_audiences_are_counted_apart() -> None:
    """Another channel, other people, and what goes to nobody in particular."""
    gathering = Gathering(2, SPAN)
    here = [due(n) for n in range(3)]
    there = [due(n + 10, channel="C2") for n in range(2)]
    copies = [due(n + 20, rung="dm@0.75") for n in range(3)]
    letters = [due(n + 30, rung="email@0.75") for n in range(3)]
    found = gathering.bursts([*here, *there, *copies, *letters])
    assert found == [tuple(here), tuple(copies)]
    assert found[0][0].audience == ("C1",)
    assert found[1][0].audience == ("U0GRACE001", "U0LINUS001")


def test_who_is_in_a_hurry_goes_alone() -> None:
    """An approval that ends soon does not wait for a digest that may have to wait itself."""
    gathering = Gathering(2, SPAN)
    urgent = [due(n, deadline=NOW + SPAN) for n in range(5)]
    assert gathering.bursts(urgent) == []
