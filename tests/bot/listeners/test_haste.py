"""How long something was shown before a button of it was pressed."""

import time

import pytest

from bot.listeners.click import Click, clicked
from notifications.cards.buttons import ButtonValue
from tests.bot.every_gesture import click, in_home
from workflows.messages.decisions import Place, Verdict

BUTTON = ButtonValue(approval="t-1.analysis.v1", revision=1, digest="0" * 16, verdict="approve")


@pytest.mark.parametrize(
    ("pressed", "seconds"),
    [("1700000000.100000", 0.1), ("1700000002.500000", 2.5), ("1699999999.900000", -0.1)],
)
def test_a_card_is_timed_by_slack(pressed: str, seconds: float) -> None:
    """Its own timestamp, and that of the press: whenever it reaches us."""
    card = Place(channel="C1", ts="1700000000.000000")
    pressing = Click(user="U1", unique=pressed, place=card)
    assert pressing.seconds_after(BUTTON) == pytest.approx(seconds, abs=1e-3)


def test_a_list_is_timed_by_its_buttons() -> None:
    """It is replaced in place, so that its message says nothing; a card there may be old."""
    for line in (in_home("signoff_approve"), _listed()):
        pressing = clicked(line)
        shown = BUTTON.model_copy(update={"shown": time.time() - 1})
        assert 1 <= pressing.seconds_after(shown) < 2


def test_buttons_of_before_are_old_enough() -> None:
    """A Home that an older release showed carries no moment."""
    assert clicked(in_home("signoff_approve")).seconds_after(BUTTON) > 1e9
    assert '"s"' not in BUTTON.text()


def test_a_timestamp_that_is_none_counts_as_too_soon() -> None:
    """Nobody knows when it was pressed."""
    pressing = Click(user="U1", unique="?", place=Place(channel="C1", ts="1700000000.000000"))
    assert pressing.seconds_after(BUTTON) < 0


def _listed() -> dict[str, object]:
    made = click("signoff_approve")
    return made | {"container": made["container"] | {"is_ephemeral": True}}


def test_verdicts_of_buttons_stay_short() -> None:
    """Slack's limit for a button's value is 2,000 characters."""
    full = ButtonValue(
        approval="x" * 255, revision=9, digest="0" * 64, verdict=Verdict.APPROVE, shown=time.time()
    )
    assert len(full.text()) < 2_000
