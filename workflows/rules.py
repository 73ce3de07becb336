"""The rules: what one decision does to a ballot. Pure functions.

`apply(ballot, decision, now)` is the only way a decision counts. It looks at nothing but its
arguments, so every path (button, modal, Home, bulk, command line, e-mail) meets the same rules,
and replaying a workflow gives the same outcome. Everything fails closed.
"""

from collections.abc import Iterable
from datetime import datetime

from workflows.content.fit import UNTOUCHED, Fit
from workflows.content.proposal import typed_rightly
from workflows.messages.ballot import Ballot
from workflows.messages.content_hash import matches
from workflows.messages.decisions import (
    Decision,
    Delegation,
    Outcome,
    Reply,
    ReplyKind,
    Snooze,
    Verdict,
    Via,
    Withdrawal,
)
from workflows.messages.electorate import STILL, Entitled, Entitlement, Person
from workflows.messages.policy import Risk
from workflows.messages.results import ExecutionMode


def apply(
    ballot: Ballot,
    decision: Decision,
    now: datetime,
    fit: Fit = UNTOUCHED,
    entitlement: Entitlement = STILL,
) -> tuple[Ballot, Reply]:
    """Let one decision meet the ballot. A repeated id gets its first answer and changes nothing.

    `fit` is what the decision's edit makes of the result, which the ballot does not hold;
    `entitlement` is what was found out about whoever decides, now that they do.
    """
    if (known := ballot.answers.get(decision.id)) is not None:
        return ballot, known
    refusal = refuse(ballot, decision, now, fit) or _revoked(ballot, decision, entitlement)
    if refusal is not None:
        return _remember(ballot, decision, refusal), refusal
    counted = tuple(d for d in ballot.counted if d.by != decision.by)
    ballot = ballot.model_copy(update={"counted": (*counted, decision)})
    outcome = ballot.tally()
    if outcome is not None:
        ballot = ballot.model_copy(update={"outcome": outcome, "settled_at": now})
    answer = Reply(
        reply=ReplyKind.SETTLED if outcome else ReplyKind.COUNTED,
        verdict=decision.verdict,
        outcome=outcome,
        who=(decision.by,),
        when=now,
        missing="" if outcome else ballot.missing(),
        edited=decision.edit is not None,
        version=_next_version(ballot),
    )
    return _remember(ballot, decision, answer), answer


def _next_version(ballot: Ballot) -> int:
    """Which version an edit made, where somebody waits who raises it; else 0."""
    sent_back = ballot.outcome is Outcome.CHANGES_REQUESTED
    return ballot.revision + 1 if sent_back and ballot.edited() and ballot.followed else 0


def _remember(ballot: Ballot, decision: Decision, answer: Reply) -> Ballot:
    return ballot.model_copy(update={"answers": {**ballot.answers, decision.id: answer}})


def refuse(ballot: Ballot, decision: Decision, now: datetime, fit: Fit = UNTOUCHED) -> Reply | None:
    """The reason this decision doesn't count, or None when it does."""
    return (
        _closed(ballot, now)
        or _unentitled(ballot, decision)
        or _not_what_was_shown(ballot, decision)
        or _unread(decision)
        or _incomplete(ballot, decision, fit)
        or _repeated(ballot, decision)
    )


def _closed(ballot: Ballot, now: datetime) -> Reply | None:
    if ballot.outcome is not None:
        return closed_answer(ballot)
    if ballot.electorate is None:
        return Reply(reply=ReplyKind.NOT_READY)
    if ballot.deadline is not None and now >= ballot.deadline:
        return Reply(reply=ReplyKind.EXPIRED, when=ballot.deadline)
    return None


_CLOSED = {
    Outcome.APPROVED: ReplyKind.ALREADY_DECIDED,
    Outcome.REJECTED: ReplyKind.ALREADY_DECIDED,
    Outcome.CHANGES_REQUESTED: ReplyKind.REPLACED,
    Outcome.EXPIRED: ReplyKind.EXPIRED,
    Outcome.WITHDRAWN: ReplyKind.WITHDRAWN,
}


def closed_answer(ballot: Ballot) -> Reply:
    """What everybody is told who comes after the outcome."""
    assert ballot.outcome is not None
    return Reply(
        reply=_CLOSED[ballot.outcome],
        outcome=ballot.outcome,
        who=ballot.settled_by(),
        when=ballot.settled_at,
        edited=ballot.edited(),
        version=_next_version(ballot),
    )


def _revoked(ballot: Ballot, decision: Decision, entitlement: Entitlement) -> Reply | None:
    """They could decide when they were asked: what is known of them now.

    A known refusal wins. What is not known speaks against approvals only, as the policy says: a
    rejection does no harm.
    """
    if entitlement.entitled is Entitled.NO:
        names = tuple(user for user in ballot.deciders() if user != decision.by)
        return Reply(reply=ReplyKind.NO_LONGER, detail=entitlement.why, approvers=names)
    unknown = entitlement.entitled is Entitled.UNKNOWN and decision.verdict is Verdict.APPROVE
    if unknown and not ballot.policy.counts_unconfirmed():
        return Reply(reply=ReplyKind.UNCONFIRMED, verdict=decision.verdict)
    return None


def _unentitled(ballot: Ballot, decision: Decision) -> Reply | None:
    assert ballot.electorate is not None
    names = ballot.deciders()
    person = ballot.electorate.find(decision.by)
    if person is not None and not person.at_home_in(decision.team, decision.enterprise):
        return Reply(reply=ReplyKind.OTHER_WORKSPACE, detail=decision.team, approvers=names)
    if person is not None and decision.by in ballot.moved:
        return Reply(reply=ReplyKind.DELEGATED, who=(ballot.moved[decision.by],))
    if decision.by in ballot.barred():
        own = decision.by == ballot.requester and not ballot.policy.requester_may_decide
        return Reply(reply=ReplyKind.REQUESTER if own else ReplyKind.AUTHOR, approvers=names)
    if person is not None:
        return None
    why = ballot.electorate.why_excluded(decision.by)
    return Reply(reply=ReplyKind.NOT_APPROVER, approvers=names, detail=why)


def _not_what_was_shown(ballot: Ballot, decision: Decision) -> Reply | None:
    if decision.revision != ballot.revision or not matches(decision.digest, ballot.digest):
        return Reply(reply=ReplyKind.STALE)
    if decision.via is Via.BUTTON and decision.place is None:
        return Reply(reply=ReplyKind.WRONG_PLACE)
    if decision.place is not None and decision.place not in ballot.places:
        return Reply(reply=ReplyKind.WRONG_PLACE)
    return None


def _unread(decision: Decision) -> Reply | None:
    return Reply(reply=ReplyKind.HASTY, verdict=decision.verdict) if decision.hasty else None


def _incomplete(ballot: Ballot, decision: Decision, fit: Fit) -> Reply | None:
    if decision.verdict is Verdict.APPROVE:
        return _careless(ballot, decision, fit) or _edit_refused(ballot, decision, fit)
    if decision.verdict is Verdict.REQUEST_CHANGES:
        if not decision.comment.strip():
            return Reply(reply=ReplyKind.REASON_MISSING, verdict=decision.verdict)
        return _used_up(ballot)
    if ballot.policy.reason_required and not decision.comment.strip():
        return Reply(reply=ReplyKind.REASON_MISSING, verdict=decision.verdict)
    return None


def _careless(ballot: Ballot, decision: Decision, fit: Fit) -> Reply | None:
    policy = ballot.policy
    if _not_live(ballot):
        return Reply(reply=ReplyKind.NOT_LIVE, detail=ballot.execution_mode.value)
    if policy.risk is not Risk.HIGH:
        return None
    if decision.via is Via.BULK:
        return Reply(reply=ReplyKind.NO_BULK)
    if decision.via is Via.EMAIL and not policy.email_decides_high_risk:
        return Reply(reply=ReplyKind.NO_EMAIL)
    return _mistyped(ballot, decision, fit)


def _mistyped(ballot: Ballot, decision: Decision, fit: Fit) -> Reply | None:
    """Whoever approves calls types what they come to, as they were edited.

    An edit that makes the next version approves nothing: whoever approves that types its phrase.
    """
    wanted = ballot.phrase
    if decision.edit is not None and fit.phrase is not None:
        wanted = fit.phrase if ballot.policy.edit_settles() else decision.confirmation
    if typed_rightly(decision.confirmation, wanted):
        return None
    return Reply(reply=ReplyKind.CONFIRMATION_MISSING, detail=wanted)


def _not_live(ballot: Ballot) -> bool:
    policy, mode = ballot.policy, ballot.execution_mode
    return (mode is ExecutionMode.FALLBACK and not policy.approve_fallback) or (
        mode is ExecutionMode.SYNTHETIC and not policy.approve_synthetic
    )


def _edit_refused(ballot: Ballot, decision: Decision, fit: Fit) -> Reply | None:
    if fit.problem:
        return Reply(reply=ReplyKind.UNFIT_EDIT, verdict=decision.verdict, detail=fit.problem)
    if decision.edit is None or ballot.policy.edit_settles():
        return None
    return _used_up(ballot)


def _used_up(ballot: Ballot) -> Reply | None:
    if ballot.revision < ballot.policy.max_revisions:
        return None
    return Reply(reply=ReplyKind.REVISIONS_USED_UP, detail=str(ballot.policy.max_revisions))


def _repeated(ballot: Ballot, decision: Decision) -> Reply | None:
    """A person counts once. Taking back an approval is possible, taking back a no is not."""
    before = next((d for d in ballot.counted if d.by == decision.by), None)
    if before is None or (
        before.verdict is Verdict.APPROVE and decision.verdict is not Verdict.APPROVE
    ):
        return None
    return Reply(reply=ReplyKind.ALREADY_COUNTED, verdict=before.verdict, when=before.at)


LONGEST_CHAIN = 3


def delegate(
    ballot: Ballot,
    delegation: Delegation,
    to: Person | None,
    now: datetime,
    entitlement: Entitlement = STILL,
) -> tuple[Ballot, Reply]:
    """Hand a seat on; `to` is the person as looked up, None when they may not be an approver.

    `entitlement` is what was found out about whoever hands it on: they approve by another's hand.
    """
    by = says_nothing(delegation.by, delegation.team, now, enterprise=delegation.enterprise)
    refusal = may_delegate(ballot, delegation, now) or _revoked(ballot, by, entitlement)
    if refusal is not None:
        return ballot, refusal
    assert ballot.electorate is not None
    moved = {**ballot.moved, delegation.by: delegation.to}
    after = ballot.model_copy(
        update={"electorate": ballot.electorate.handed_on(delegation.by, to), "moved": moved}
    )
    if why := _not_delegable(ballot, after, delegation, to):
        return ballot, Reply(reply=ReplyKind.NOT_DELEGABLE, detail=why)
    return after, Reply(reply=ReplyKind.DELEGATED, who=(delegation.to,), when=now)


def may_delegate(ballot: Ballot, delegation: Delegation, now: datetime) -> Reply | None:
    """The reason why not, or None: only who is asked can hand it on, whoever it is to be."""
    by = says_nothing(delegation.by, delegation.team, now, enterprise=delegation.enterprise)
    return _closed(ballot, now) or _unentitled(ballot, by)


def may_snooze(ballot: Ballot, snooze: Snooze, now: datetime) -> Reply | None:
    """The reason why not, or None: only who is asked can be reminded."""
    by = says_nothing(snooze.by, snooze.team, now, enterprise=snooze.enterprise)
    return _closed(ballot, now) or _unentitled(ballot, by)


def says_nothing(
    by: str,
    team: str,
    now: datetime,
    *,
    id: str = "",  # noqa: A002
    enterprise: str = "",
) -> Decision:
    """A decision that stands for its author only, where their right is asked for.

    With the `id` of another gesture of theirs it is known by that.
    """
    return Decision(
        id=id,
        verdict=Verdict.APPROVE,
        by=by,
        team=team,
        enterprise=enterprise,
        at=now,
        revision=0,
        digest="",
    )


def _not_delegable(before: Ballot, after: Ballot, delegation: Delegation, to: Person | None) -> str:
    if to is None:
        return (
            "that person may not be an approver (guest, bot, deactivated, of another workspace, or "
            "unknown to Slack and the policy)"
        )
    if delegation.to in before.barred():
        return "that person asked for this or edited it"
    if delegation.to in before.eligible() and not delegation.deputy:
        return "that person may decide already"
    if any(decision.by == delegation.by for decision in before.counted):
        return "your decision is counted already"
    if _chain(after.moved, delegation.to) > LONGEST_CHAIN:
        return f"it was handed on {LONGEST_CHAIN} times already"
    return after.why_unreachable().rstrip(".")


def _chain(moved: dict[str, str], end: str) -> int:
    """How often a seat was handed on until it came to `end`; a circle is too long."""
    sources = {to: by for by, to in moved.items()}
    length = 0
    while end in sources and length <= LONGEST_CHAIN:
        end, length = sources[end], length + 1
    return length


def escalate(ballot: Ballot, more: Iterable[Person]) -> Ballot:
    """Let more people decide. Nothing else changes: who is barred stays barred."""
    if ballot.electorate is None or ballot.outcome is not None:
        return ballot
    new = tuple(person for person in more if ballot.electorate.find(person.id) is None)
    people = (*ballot.electorate.people, *new)
    return ballot.model_copy(
        update={"electorate": ballot.electorate.model_copy(update={"people": people})}
    )


def may_withdraw(ballot: Ballot, withdrawal: Withdrawal) -> Reply | None:
    """The reason why not, or None: the requester, their task, or an operator may."""
    if ballot.outcome is not None:
        return closed_answer(ballot)
    if withdrawal.via in {Via.TASK, Via.CLI} or withdrawal.by == ballot.requester:
        return None
    return Reply(reply=ReplyKind.NOT_YOURS, who=(ballot.requester,))


def settle_by_rule(ballot: Ballot, decision: Decision, now: datetime) -> Ballot:
    """Approve without a person: a rule (low risk only) or an open bypass. Otherwise no change.

    What a person edited is for people, and so is a result that the policy lets nobody approve.
    """
    allowed = decision.via is Via.BYPASS or (
        decision.via is Via.RULE and ballot.policy.risk is Risk.LOW
    )
    if ballot.authors or decision.by in ballot.barred() or _not_live(ballot):
        return ballot
    if not allowed or ballot.outcome is not None or ballot.electorate is None:
        return ballot
    return ballot.model_copy(
        update={"counted": (decision,), "outcome": Outcome.APPROVED, "settled_at": now}
    )
