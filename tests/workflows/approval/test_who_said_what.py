"""Named as deciding is who gave that verdict; what is needed is what the policy really takes."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.cards.facts import outcome_line
from notifications.mail.plain_card import plain_card
from notifications.views.replies import sentence
from notifications.views.words import rule
from tests.notifications.card_views import GRACE, LINUS, NOW, said, settled, view
from tests.workflows.test_rules import ANN, BEN, CAT, CHANGES, EDIT, REJECT, ballot, says
from workflows import rules
from workflows.content.fit import fit
from workflows.content.proposal import heading, phrase, total, typed_rightly
from workflows.messages.ballot import Ballot
from workflows.messages.decisions import (
    Decision,
    Delegation,
    Edit,
    Outcome,
    ReplyKind,
    Settlement,
    Verdict,
)
from workflows.messages.electorate import Person
from workflows.messages.policy import Risk
from workflows.messages.results import AgentResult, ProposedCall


def after(*decisions: Decision, **changed: Any) -> Ballot:
    """The ballot once these were said."""
    cast = ballot(**changed)
    for decision in decisions:
        cast, answer = rules.apply(cast, decision, NOW)
        assert answer.accepted, answer
    return cast


STORIES = [
    ((says(ANN), says(BEN, REJECT)), {"quorum": 2}, Outcome.REJECTED, (BEN,)),
    ((says(ANN), says(BEN)), {"quorum": 2}, Outcome.APPROVED, (ANN, BEN)),
    ((says(ANN, REJECT), says(BEN)), {"reject_quorum": 2}, Outcome.APPROVED, (BEN,)),
    ((says(ANN), says(BEN, CHANGES)), {"quorum": 2}, Outcome.CHANGES_REQUESTED, (BEN,)),
    ((says(ANN), says(BEN, edit=EDIT)), {"quorum": 2}, Outcome.CHANGES_REQUESTED, (BEN,)),
    ((says(ANN, REJECT), says(BEN, REJECT)), {"reject_quorum": 2}, Outcome.REJECTED, (ANN, BEN)),
]


@pytest.mark.parametrize(("said_", "policy", "outcome", "who"), STORIES)
def test_only_who_gave_the_verdict_is_named(
    said_: tuple[Decision, ...], policy: dict[str, int], outcome: Outcome, who: tuple[str, ...]
) -> None:
    """In the ballot, in the answer for latecomers, and in what the task is told."""
    cast = after(*said_, **policy)
    assert cast.outcome is outcome
    assert cast.settled_by() == who
    assert rules.closed_answer(cast).who == who
    editor = next((d.by for d in cast.counted if d.edit), "")
    settlement = Settlement(
        approval_id="a", outcome=outcome, revision=1, digest="d", result_digest="r", at=NOW,
        decisions=tuple(d.model_copy(update={"edit": None}) for d in cast.counted), editor=editor,
    )  # fmt: skip
    assert settlement.settled_by() == who


@pytest.mark.parametrize("outcome", [Outcome.EXPIRED, Outcome.WITHDRAWN])
def test_an_end_that_nobody_decided_names_nobody(outcome: Outcome) -> None:
    """One of two had approved."""
    made = settled(outcome, said(GRACE))
    assert GRACE not in outcome_line(made)
    assert " by " not in plain_card(made, NOW).outcome


def test_cards_and_letters_name_them_only() -> None:
    """Grace approves, Linus rejects."""
    made = settled(Outcome.REJECTED, said(GRACE), said(LINUS, Verdict.REJECT))
    assert outcome_line(made).startswith(f"❌ *Rejected* by <@{LINUS}> ·")
    assert plain_card(made, NOW).outcome.startswith("Rejected by Linus")


def test_an_editor_is_told_what_became_of_the_edit() -> None:
    """It approves nothing by itself, and only a task raises the next version."""
    _, answer = rules.apply(ballot(followed=True), says(ANN, edit=EDIT), NOW)
    assert sentence(answer) == (
        "Resubmitted as v2 with your edits; somebody else has to approve it."
    )
    _, answer = rules.apply(ballot(), says(ANN, edit=EDIT), NOW)
    assert "Nothing was approved" in sentence(answer)
    _, answer = rules.apply(ballot(editor_may_decide=True), says(ANN, edit=EDIT), NOW)
    assert sentence(answer) == "Approved with your edits."
    late = rules.closed_answer(after(says(ANN, edit=EDIT), followed=True))
    assert "was edited" in sentence(late)
    assert "v2" in sentence(late)


GROUPS = {"finance": (ANN,), "legal": (BEN, CAT)}


def test_the_rule_counts_what_progress_counts() -> None:
    """Two seats take two people, whatever the quorum says."""
    cast = after(says(ANN), groups=GROUPS)
    assert cast.missing() == "1 of 2, missing: legal"
    assert rule(cast) == "2 approvals, one each from finance and legal; any rejection ends it"
    three = ballot(groups=GROUPS, quorum=3)
    assert rule(three).startswith("3 approvals, among them one each from finance and legal;")
    assert rule(ballot()) == "1 approval; any rejection ends it"
    assert rule(view(policy={"reject_quorum": 2}).ballot).endswith("2 rejections end it")


@given(st.integers(1, 4), st.sets(st.sampled_from(["a", "b", "c"])))
def test_as_many_as_the_rule_says_can_be_enough(quorum: int, seats: set[str]) -> None:
    """And never fewer."""
    people = "ANN BEN CAT DAN EVE"
    groups = {name: tuple(people.split()) for name in sorted(seats)}
    cast = ballot(people, quorum=quorum, groups=groups)
    able = people.split()
    assert cast._enough(able[: cast.needed()])
    assert not cast._enough(able[: cast.needed() - 1])


# What high risk has to type for calls, and what an edit does to that.

CALLS = AgentResult(
    summary="",
    calls=(
        ProposedCall(id="a", tool="order_payment", arguments={"amount": 120.5, "currency": "EUR"}),
        ProposedCall(id="b", tool="order_payment", arguments={"amount": 1890.0, "currency": "EUR"}),
    ),
)


def test_the_phrase_is_what_the_calls_come_to() -> None:
    """With marks or without; another total is not it."""
    assert heading(CALLS.calls) == "2 payments: 2,010.50 EUR"
    assert phrase(CALLS.calls) == "2,010.50 EUR"
    assert all(typed_rightly(text, "2,010.50") for text in ("2,010.50", " 2010.50 ", "2 010.50"))
    assert not any(typed_rightly(text, "2,010.50") for text in ("", "201050", "2,010.5", "payment"))
    pay = ProposedCall(id="c", tool="restart_service", arguments={"service": "web", "hard": True})
    assert phrase([pay]) == "web"
    assert heading([pay]) == "restart_service"
    assert phrase([pay.model_copy(update={"arguments": {"x": "\u202eweb"}})]) == "restart_service"


def test_the_title_s_own_words_are_the_phrase() -> None:
    """With or without currencies and marks; another currency or another order is not it."""
    wanted = "2,010.50 EUR + 640.00 CHF"
    right = (wanted, "2010.50 + 640.00", "2010.50 eur+640.00CHF", "2 010.50 EUR + 640.00")
    assert all(typed_rightly(text, wanted) for text in right)
    wrong = ("2,010.50 CHF + 640.00 EUR", "640.00 + 2,010.50", "2,010.50", "20,10.50 + 640.00", "+")
    assert not any(typed_rightly(text, wanted) for text in wrong)


def pays(*amounts: float, currency: str = "EUR") -> tuple[ProposedCall, ...]:
    return tuple(
        ProposedCall(
            id=str(number),
            tool="order_payment",
            arguments={"to": "Ann", "amount": amount, "currency": currency},
        )
        for number, amount in enumerate(amounts)
    )


def test_an_amount_of_nothing_or_less_is_not_netted_out() -> None:
    """Each line is named in its place."""
    calls = pays(-999979.5, 1000000.0)
    assert total(calls) == ()
    assert heading(calls) == "2 payments: -999,979.50 EUR + 1,000,000.00 EUR"
    assert phrase(calls) == "-999,979.50 EUR + 1,000,000.00 EUR"
    assert typed_rightly("-999979.50 + 1000000.00", phrase(calls))
    assert total(pays(0, 5)) == ()


def test_a_phrase_is_short_enough_to_be_typed() -> None:
    """Of many currencies, or of many digits, the payee is typed."""
    many = [
        one
        for n in range(20)
        for one in pays(1234567.0 + n, currency="ABCDEFGHIJKLMNOPQRST"[n] * 3)
    ]
    assert phrase(many) == "Ann"
    assert phrase(pays(1e300)) == "Ann"


def test_an_editor_who_may_decide_types_what_the_edited_calls_come_to() -> None:
    """Else the old total would be confirmed, and the new one paid."""
    edit = Edit(arguments={"b": {"amount": 18.9}})
    cast = ballot(risk=Risk.HIGH, editor_may_decide=True, phrase="2,010.50")
    for typed, reply in (
        ("2,010.50", ReplyKind.CONFIRMATION_MISSING),
        ("139.40", ReplyKind.SETTLED),
    ):
        decision = says(ANN, edit=edit, confirmation=typed)
        assert rules.apply(cast, decision, NOW, fit(edit, CALLS))[1].reply is reply
    plain = ballot(risk=Risk.HIGH, phrase="2,010.50")
    _, answer = rules.apply(plain, says(ANN, edit=edit), NOW, fit(edit, CALLS))
    assert answer.outcome is Outcome.CHANGES_REQUESTED


def test_an_edit_that_does_not_fit_is_refused_in_a_sentence() -> None:
    """Prose about calls, or a call that is not there: nothing counts."""
    for edit in (EDIT, Edit(arguments={"z": {"amount": 1.0}})):
        cast, answer = rules.apply(ballot(), says(ANN, edit=edit), NOW, fit(edit, CALLS))
        assert answer.reply is ReplyKind.UNFIT_EDIT
        assert sentence(answer).startswith("Your decision wasn't recorded. ")
        assert not cast.counted


# Deputies.


def handed(deputy: bool, **changed: Any) -> tuple[Ballot, ReplyKind]:
    draft = Delegation(id="d", by=ANN, to=BEN, team="T", deputy=deputy)
    cast, answer = rules.delegate(ballot(**changed), draft, Person(id=BEN, team="T"), NOW)
    return cast, answer.reply


def test_a_deputy_may_be_one_who_decides_anyway() -> None:
    """Then whoever is away is asked no more; but never so that too few are left."""
    cast, reply = handed(deputy=True)
    assert (reply, cast.moved) == (ReplyKind.DELEGATED, {ANN: BEN})
    assert ANN not in cast.eligible()
    assert handed(deputy=False)[1] is ReplyKind.NOT_DELEGABLE
    assert handed(deputy=True, quorum=3)[1] is ReplyKind.NOT_DELEGABLE
    assert handed(deputy=True, groups={"a": (ANN,), "b": (BEN,)})[1] is ReplyKind.NOT_DELEGABLE
