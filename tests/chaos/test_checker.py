"""The checker finds what it is there to find: each test spoils a sound run in one way."""

from collections.abc import Callable
from typing import Any

import pytest

from benchmarks.chaos.checks.checker import check
from benchmarks.chaos.people.crowd import OTHER_TEAM, STRANGERS, TEAM
from tests.chaos.traces import (
    APPROVAL,
    DECIDER,
    OTHER,
    REQUESTER,
    TASK,
    VALUE,
    Trace,
    click,
    restated,
    row,
    with_buttons,
)

Spoil = Callable[[Trace], None]


def broken(trace: Trace) -> set[str]:
    """The invariants this breaks."""
    return {name for name, found in check(trace.evidence()).items() if found}


def test_a_sound_run_breaks_nothing() -> None:
    """Otherwise everything below would mean nothing."""
    assert broken(Trace()) == set()


def lost_click(trace: Trace) -> None:
    trace.deliveries.insert(0, click(OTHER, "15.000001"))


def lost_task(trace: Trace) -> None:
    trace.started["t-promised"] = REQUESTER


def click_twice_in_the_log(trace: Trace) -> None:
    trace.rows.insert(5, trace.rows[4])


def settled_twice(trace: Trace) -> None:
    trace.rows.insert(5, row("settled", OTHER, 21, outcome="approved"))


def ended_twice(trace: Trace) -> None:
    trace.rows.append(trace.rows[-1])


def two_decisions_counted(trace: Trace) -> None:
    trace.rows[4]["kind"] = "decided"


def card_says_otherwise(trace: Trace) -> None:
    trace.messages[1]["text"] = "Rejected: analysis of input.csv"


def task_says_otherwise(trace: Trace) -> None:
    trace.messages[0]["text"] = "Task t-abcdefgh (x) rejected at analysis: x"


def task_ended_otherwise(trace: Trace) -> None:
    trace.rows[5]["detail"]["status"] = "rejected_at_analysis"


def other_digest_counted(trace: Trace) -> None:
    trace.deliveries[0]["action"]["value"] = restated(VALUE, d="f" * 16)


def other_revision_counted(trace: Trace) -> None:
    trace.deliveries[0]["action"]["value"] = restated(VALUE, r=2)


def other_message_counted(trace: Trace) -> None:
    trace.deliveries[0]["place"] = ["C0FINANCE1", "1.1"]


def other_workspace_counted(trace: Trace) -> None:
    trace.deliveries[0]["team"] = OTHER_TEAM
    trace.rows[2]["detail"]["id"] = f"{OTHER_TEAM}:{DECIDER}:20.000001"


def stranger_counted(trace: Trace) -> None:
    stranger = STRANGERS[0]
    trace.deliveries[0]["user"] = trace.rows[2]["actor"] = stranger
    trace.rows[2]["detail"]["id"] = f"{TEAM}:{stranger}:20.000001"


def own_click_counted(trace: Trace) -> None:
    trace.deliveries[0]["user"] = trace.rows[2]["actor"] = REQUESTER
    trace.rows[2]["detail"]["id"] = f"{TEAM}:{REQUESTER}:20.000001"


def click_nobody_made(trace: Trace) -> None:
    del trace.deliveries[0]


def no_outcome(trace: Trace) -> None:
    del trace.rows[2:4]


def no_end(trace: Trace) -> None:
    del trace.rows[5]


def buttons_left(trace: Trace) -> None:
    trace.messages[1] = with_buttons(trace.messages[1])


def chain_broken(trace: Trace) -> None:
    trace.chain = "row 3: content does not match its hash"


def forged_and_counted(trace: Trace) -> None:
    trace.forged = frozenset({trace.rows[2]["detail"]["id"]})


def copied_and_counted(trace: Trace) -> None:
    other = "t-hgfedcba.analysis.v1"
    trace.deliveries[0]["action"]["value"] = restated(VALUE, a=other)


def forged_and_jammed(trace: Trace) -> None:
    trace.targets = frozenset({APPROVAL, TASK, "t-hgfedcba"})


SPOILT: list[tuple[Spoil, str]] = [
    (lost_click, "lost"),
    (lost_task, "lost"),
    (click_twice_in_the_log, "doubled"),
    (settled_twice, "doubled"),
    (ended_twice, "doubled"),
    (two_decisions_counted, "contradictory"),
    (card_says_otherwise, "contradictory"),
    (task_says_otherwise, "contradictory"),
    (task_ended_otherwise, "contradictory"),
    (other_digest_counted, "stale_accepted"),
    (other_revision_counted, "stale_accepted"),
    (other_message_counted, "stale_accepted"),
    (other_workspace_counted, "foreign_accepted"),
    (stranger_counted, "foreign_accepted"),
    (own_click_counted, "foreign_accepted"),
    (click_nobody_made, "foreign_accepted"),
    (no_outcome, "undecided"),
    (no_end, "undecided"),
    (buttons_left, "live_buttons"),
    (chain_broken, "audit_unsound"),
    (forged_and_counted, "forged_counted"),
    (copied_and_counted, "forged_counted"),
    (forged_and_jammed, "forged_jammed"),
]


@pytest.mark.parametrize(("spoil", "invariant"), SPOILT, ids=[s.__name__ for s, _ in SPOILT])
def test_each_way_to_break_an_invariant_is_found(spoil: Spoil, invariant: str) -> None:
    """By the invariant that names it."""
    trace = Trace()
    spoil(trace)
    assert invariant in broken(trace)


def test_a_click_after_the_outcome_may_be_answered_only() -> None:
    """It met a closed door: the log need not know it."""
    trace = Trace()
    trace.deliveries.append(click(OTHER, "25.000001"))
    assert broken(trace) == set()


def test_a_click_before_the_approval_was_there_may_be_answered_only() -> None:
    """Its id can be guessed; there was nothing to count it for."""
    trace = Trace()
    trace.deliveries.insert(0, click(OTHER, "05.000001"))
    assert broken(trace) == set()


def test_the_same_click_delivered_again_is_one_click() -> None:
    """Acknowledged twice, in the log once."""
    trace = Trace()
    trace.deliveries.append(trace.deliveries[0])
    assert broken(trace) == set()


def test_a_click_that_was_not_acknowledged_may_be_lost() -> None:
    """Its person was told by Slack."""
    trace = Trace()
    unheard = click(OTHER, "15.000001")
    trace.deliveries.append(unheard | {"acked_after_ms": None, "error": "timeout"})
    assert broken(trace) == set()


def test_a_kept_click_that_came_too_late_has_to_be_answered() -> None:
    """Kept while Temporal was down, delivered after the outcome: told in thread or channel.

    The same person has another click in the log, which has an answer of its own.
    """
    for thread in (None, "9.000100"):
        trace = Trace()
        lost_click(trace)
        trace.calls.append(_answer("9.000100"))
        assert broken(trace) == {"lost"}
        trace.calls.append(_answer(thread))
        assert broken(trace) == set()


def test_what_does_not_answer_a_kept_click() -> None:
    """That it is kept, what was said before the outcome, and what was said elsewhere."""
    for other in ({"text": "Your click is safely kept."}, {"at": 19.0}, {"thread": "8.000100"}):
        trace = Trace()
        lost_click(trace)
        trace.calls += [_answer("9.000100"), _answer("9.000100") | other]
        assert broken(trace) == {"lost"}


def _answer(thread: str | None) -> dict[str, Any]:
    told = {"method": "chat.postEphemeral", "user": OTHER, "thread": thread, "place": [None, None]}
    text = "This was already approved."
    return told | {"at": 23.0, "text": text, "event": "", "about": {}, "values": []}


def test_what_was_forged_may_be_refused() -> None:
    """A message without proof is nobody's click, and its workflow came to its end."""
    trace = Trace()
    trace.forged, trace.targets = frozenset({"forged-1"}), frozenset({APPROVAL, TASK})
    trace.rows.insert(2, row("refused", "", 15, message="signal decide", unverified="no MAC"))
    assert broken(trace) == set()


def test_a_task_may_end_with_a_fallback() -> None:
    """Its agents were being killed, and a person approved what stood in for them."""
    trace = Trace()
    trace.rows[5]["detail"]["status"] = "completed_with_fallback"
    assert broken(trace) == set()
