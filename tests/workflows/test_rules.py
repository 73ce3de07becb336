"""The rules, as pure functions: tables for what each refusal is, properties for what never is."""

import os
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workflows import rules
from workflows.messages.ballot import Ballot
from workflows.messages.decisions import Decision, Edit, Outcome, Place, ReplyKind, Verdict, Via
from workflows.messages.electorate import Electorate, Person
from workflows.messages.policy import Policy, Risk
from workflows.messages.results import ExecutionMode

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
DIGEST = "0123456789abcdef" * 4
CARD = Place(channel="C1", ts="1.1")
ASKER, ANN, BEN, CAT = "ASKER", "ANN", "BEN", "CAT"


def ballot(people: str = "ASKER ANN BEN CAT", **changed: Any) -> Ballot:
    """An open ballot these people may decide, by a policy of `changed`."""
    declared = {k: changed.pop(k) for k in list(changed) if k in Policy.model_fields}
    groups = declared.get("groups", {})
    names = people.split()
    return Ballot(
        approval_id="t.analysis.v1",
        revision=1,
        digest=DIGEST,
        requester=ASKER,
        policy=Policy(approvers=tuple(names), **declared),
        phrase="analysis",
        electorate=Electorate(people=tuple(Person(id=n, team="T") for n in names), groups=groups),
        deadline=NOW + timedelta(hours=1),
        places=(CARD,),
    ).model_copy(update=changed)


def says(by: str, verdict: Verdict = Verdict.APPROVE, **changed: Any) -> Decision:
    """A click on the card."""
    made = {
        "id": f"{by}:{verdict}:{changed}",
        "verdict": verdict,
        "by": by,
        "team": "T",
        "at": NOW,
        "revision": 1,
        "digest": DIGEST[:16],
        "place": CARD,
        "comment": "because" if verdict is not Verdict.APPROVE else "",
    }
    return Decision.model_validate(made | changed)


REJECT, CHANGES = Verdict.REJECT, Verdict.REQUEST_CHANGES
EDIT = Edit(summary="edited")

REFUSED = [
    ("a stranger", {}, says("EVE"), ReplyKind.NOT_APPROVER),
    ("an approver of another workspace", {}, says(ANN, team="OTHER"), ReplyKind.OTHER_WORKSPACE),
    ("the requester", {}, says(ASKER), ReplyKind.REQUESTER),
    ("the requester rejecting", {}, says(ASKER, REJECT), ReplyKind.REQUESTER),
    ("an editor", {"authors": (ANN,)}, says(ANN), ReplyKind.AUTHOR),
    ("somebody who delegated", {"moved": {ANN: BEN}}, says(ANN), ReplyKind.DELEGATED),
    ("an older revision", {"revision": 2}, says(ANN), ReplyKind.STALE),
    ("another digest", {}, says(ANN, digest="f" * 16), ReplyKind.STALE),
    ("a digest cut too short", {}, says(ANN, digest=DIGEST[:15]), ReplyKind.STALE),
    ("an empty digest", {}, says(ANN, digest=""), ReplyKind.STALE),
    ("another message", {}, says(ANN, place=Place(channel="C1", ts="2.2")), ReplyKind.WRONG_PLACE),
    ("another channel", {}, says(ANN, place=Place(channel="C2", ts="1.1")), ReplyKind.WRONG_PLACE),
    ("a button without a message", {}, says(ANN, place=None), ReplyKind.WRONG_PLACE),
    ("as soon as the card came", {}, says(ANN, hasty=True), ReplyKind.HASTY),
    ("a rejection as soon as it came", {}, says(ANN, REJECT, hasty=True), ReplyKind.HASTY),
    ("after the deadline", {"deadline": NOW}, says(ANN), ReplyKind.EXPIRED),
    ("before it is raised", {"electorate": None}, says(ANN), ReplyKind.NOT_READY),
    ("a rejection without reason", {}, says(ANN, REJECT, comment=" "), ReplyKind.REASON_MISSING),
    ("changes without words", {}, says(ANN, CHANGES, comment=""), ReplyKind.REASON_MISSING),
    ("changes after the last version", {"max_revisions": 1}, says(ANN, CHANGES), ReplyKind.REVISIONS_USED_UP),
    ("an edit after the last version", {"max_revisions": 1}, says(ANN, edit=EDIT), ReplyKind.REVISIONS_USED_UP),
    ("high risk by one click", {"risk": Risk.HIGH}, says(ANN), ReplyKind.CONFIRMATION_MISSING),
    ("high risk, another word typed", {"risk": Risk.HIGH}, says(ANN, confirmation="report"), ReplyKind.CONFIRMATION_MISSING),
    ("high risk in bulk", {"risk": Risk.HIGH}, says(ANN, via=Via.BULK, confirmation="analysis"), ReplyKind.NO_BULK),
    ("high risk by e-mail", {"risk": Risk.HIGH}, says(ANN, via=Via.EMAIL, confirmation="analysis"), ReplyKind.NO_EMAIL),
    ("a synthetic result", {"execution_mode": ExecutionMode.SYNTHETIC}, says(ANN), ReplyKind.NOT_LIVE),
    ("a fallback the policy forbids", {"execution_mode": ExecutionMode.FALLBACK, "approve_fallback": False}, says(ANN), ReplyKind.NOT_LIVE),
]  # fmt: skip


@pytest.mark.parametrize(
    ("who", "changed", "decision", "reply"), REFUSED, ids=[r[0] for r in REFUSED]
)
def test_refused(who: str, changed: dict[str, Any], decision: Decision, reply: ReplyKind) -> None:
    """Each of these is refused with its own answer, and nothing counts."""
    after, answer = rules.apply(ballot(**changed), decision, NOW)
    assert answer.reply is reply, who
    assert (after.outcome, after.counted) == (None, ())


ACCEPTED = [
    ("one approval", {}, says(ANN), Outcome.APPROVED),
    ("one rejection", {}, says(ANN, REJECT), Outcome.REJECTED),
    ("requested changes", {}, says(ANN, CHANGES), Outcome.CHANGES_REQUESTED),
    ("an edit goes to the next version", {}, says(ANN, edit=EDIT), Outcome.CHANGES_REQUESTED),
    ("an edit the policy trusts", {"editor_may_decide": True}, says(ANN, edit=EDIT), Outcome.APPROVED),
    ("the requester, where allowed", {"requester_may_decide": True}, says(ASKER), Outcome.APPROVED),
    ("high risk with the word", {"risk": Risk.HIGH}, says(ANN, via=Via.MODAL, confirmation=" Analysis "), Outcome.APPROVED),
    ("the command line, which has no message", {}, says(ANN, via=Via.CLI, place=None), Outcome.APPROVED),
    ("a synthetic result where allowed", {"execution_mode": ExecutionMode.SYNTHETIC, "approve_synthetic": True}, says(ANN), Outcome.APPROVED),
    ("no reason where none is required", {"reason_required": False}, says(ANN, REJECT, comment=""), Outcome.REJECTED),
]  # fmt: skip


@pytest.mark.parametrize(
    ("what", "changed", "decision", "outcome"), ACCEPTED, ids=[a[0] for a in ACCEPTED]
)
def test_accepted(what: str, changed: dict[str, Any], decision: Decision, outcome: Outcome) -> None:
    """Each of these settles the approval."""
    after, answer = rules.apply(ballot(**changed), decision, NOW)
    assert (after.outcome, answer.reply) == (outcome, ReplyKind.SETTLED), what


def run(start: Ballot, *decisions: Decision) -> tuple[Ballot, list[ReplyKind]]:
    """Apply one after the other."""
    replies = []
    for decision in decisions:
        start, answer = rules.apply(start, decision, NOW)
        replies.append(answer.reply)
    return start, replies


def test_a_quorum_needs_distinct_people() -> None:
    """The same person twice is one; the second person settles."""
    two = ballot(quorum=2)
    after, replies = run(two, says(ANN), says(ANN, id="again"), says(BEN))
    assert replies == [ReplyKind.COUNTED, ReplyKind.ALREADY_COUNTED, ReplyKind.SETTLED]
    assert after.outcome is Outcome.APPROVED


def test_a_repeated_id_gets_its_first_answer() -> None:
    """Signals come at least once: the second delivery changes nothing and answers the same."""
    first, once = rules.apply(ballot(), says(ANN), NOW)
    second, twice = rules.apply(first, says(ANN), NOW + timedelta(days=1))
    assert (second, twice) == (first, once)


def test_one_person_fills_one_seat_only() -> None:
    """Ann is in both groups and fills one; Ben has to come too."""
    start = ballot(quorum=1, groups={"finance": (ANN, BEN), "legal": (ANN,)})
    after, replies = run(start, says(ANN))
    assert (after.outcome, replies) == (None, [ReplyKind.COUNTED])
    assert after.missing() == "1 of 2, missing: legal"
    after, _ = run(after, says(BEN))
    assert after.outcome is Outcome.APPROVED


def test_an_approval_can_be_taken_back_but_a_rejection_cannot() -> None:
    """A change of mind towards caution counts; the other way round it does not."""
    start = ballot(quorum=2, reject_quorum=2)
    after, replies = run(start, says(ANN), says(ANN, REJECT), says(ANN, id="back"))
    assert replies == [ReplyKind.COUNTED, ReplyKind.COUNTED, ReplyKind.ALREADY_COUNTED]
    assert (after.approvals(), after.rejections()) == ((), (ANN,))


def test_rejected_as_soon_as_the_quorum_is_out_of_reach() -> None:
    """Nobody waits for an approval that cannot come any more."""
    after, _ = run(ballot(quorum=3, reject_quorum=3), says(ANN, REJECT))
    assert after.outcome is Outcome.REJECTED


@pytest.mark.parametrize(
    ("people", "wanted", "says_what"),
    [
        ("ASKER", {}, "Nobody is left"),
        ("", {}, "Nobody is left"),
        ("ASKER ANN", {"quorum": 2}, "asks for 2 people and only 1"),
        ("ANN BEN", {"groups": {"legal": ()}}, "Nobody can fill the seat of legal"),
        ("ANN", {"groups": {"a": (ANN,), "b": (ANN,)}}, "Nobody can fill the seat of b"),
        ("ANN", {}, ""),
    ],
)
def test_a_policy_nobody_can_satisfy_is_named(
    people: str, wanted: dict[str, Any], says_what: str
) -> None:
    """Fail closed, with a sentence."""
    problem = ballot(people, **wanted).why_unreachable()
    assert (says_what in problem) if says_what else not problem


@pytest.mark.parametrize(
    "wanted",
    [{"auto_approve": "true"}, {"on_timeout": "approve"}, {"quorum": 0}, {"timeout": "0s"}],
)
def test_dangerous_policies_are_refused(wanted: dict[str, Any]) -> None:
    """What decides by itself needs low risk; a quorum of nobody does not exist."""
    with pytest.raises(ValueError, match="validation error"):
        Policy.model_validate(wanted)


PEOPLE = [ASKER, ANN, BEN, CAT, "EVE"]
decisions = st.builds(
    lambda n, by, verdict, revision, digest, place, team, edit: says(
        by,
        verdict,
        id=f"d{n}",
        revision=revision,
        digest=digest,
        place=place,
        team=team,
        edit=edit if verdict is Verdict.APPROVE else None,
    ),
    st.integers(0, 12),
    st.sampled_from(PEOPLE),
    st.sampled_from(list(Verdict)),
    st.sampled_from([1, 1, 1, 2]),
    st.sampled_from([DIGEST[:16], DIGEST[:16], DIGEST, "f" * 16]),
    st.sampled_from([CARD, CARD, Place(channel="C2", ts="1.1"), None]),
    st.sampled_from(["T", "T", "T", "OTHER"]),
    st.sampled_from([None, None, EDIT]),
)
ballots = st.builds(
    ballot,
    quorum=st.integers(1, 3),
    reject_quorum=st.integers(1, 2),
    authors=st.sampled_from([(), (BEN,)]),
    editor_may_decide=st.booleans(),
    groups=st.sampled_from([{}, {"a": (ANN, BEN)}, {"a": (ANN, BEN), "b": (ANN, CAT)}]),
)


@settings(max_examples=10_000 if os.environ.get("SIGNOFF_FULL") else 500, deadline=None)
@given(ballots, st.lists(decisions, max_size=14), st.randoms())
def test_no_sequence_of_clicks_breaks_the_rules(
    start: Ballot, clicks: list[Decision], random: Any
) -> None:
    """Duplicated, reordered, stale, own and foreign clicks: one outcome, one count each, by right."""
    clicks = clicks + clicks[: len(clicks) // 2]
    random.shuffle(clicks)
    state, outcomes = start, []
    for decision in clicks:
        before = state
        state, answer = rules.apply(state, decision, NOW)
        outcomes.append(state.outcome)
        if before.outcome is not None:
            assert state.counted == before.counted
        if answer.accepted and decision.id not in before.answers:
            assert decision.revision == 1
            assert DIGEST.startswith(decision.digest)
            assert decision.place == CARD
            assert decision.team == "T"
    settled = [outcome for outcome in outcomes if outcome is not None]
    assert len(set(settled)) <= 1
    counted = [decision.by for decision in state.counted]
    assert len(counted) == len(set(counted))
    assert not {ASKER, "EVE"} & set(counted)
    assert start.policy.editor_may_decide or not set(start.authors) & set(counted)
    if state.outcome is Outcome.APPROVED:
        assert len(set(state.approvals())) >= start.policy.quorum
        assert not state.open_seats(state.approvals())


def test_a_requester_who_is_no_approver_reads_why() -> None:
    """Not that they are no approver; the same for whoever wrote it."""
    _, answer = rules.apply(ballot("ANN BEN"), says(ASKER), NOW)
    assert (answer.reply, answer.approvers) == (ReplyKind.REQUESTER, (ANN, BEN))
    _, answer = rules.apply(ballot("ANN BEN", authors=(CAT,)), says(CAT), NOW)
    assert answer.reply is ReplyKind.AUTHOR
    _, answer = rules.apply(ballot("ANN BEN", requester_may_decide=True), says(ASKER), NOW)
    assert answer.reply is ReplyKind.NOT_APPROVER
