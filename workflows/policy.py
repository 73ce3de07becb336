"""The rules: who may decide, how many it takes, and what one decision does. Pure functions.

`apply(ballot, decision, now)` is the only way a ballot changes. It looks at nothing but its
arguments, so every path (button, modal, Home, bulk, command line, e-mail) meets the same rules,
and replaying a workflow gives the same outcome. Everything fails closed.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Self

from pydantic import Field, model_validator

from workflows.decisions import Answer, Decision, Outcome, Place, Reply, Verdict, Via
from workflows.digest import matches
from workflows.durations import Duration
from workflows.electorate import Electorate
from workflows.frozen import Frozen
from workflows.results import ExecutionMode


class Risk(StrEnum):
    """How much care a decision needs."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"


class OnTimeout(StrEnum):
    """What happens when nobody decided in time."""

    EXPIRE = "expire"
    REJECT = "reject"
    APPROVE = "approve"


class Rung(Frozen):
    """One step of the ladder: remind in the thread at this fraction of the window."""

    at: float = Field(gt=0, lt=1)

    @property
    def name(self) -> str:
        """What the reminder signal carries, so that each rung is sent once."""
        return f"remind@{self.at:g}"


class Policy(Frozen):
    """Who may decide, how many, by when, what then. Declared in `signoff.toml`."""

    approvers: tuple[str, ...] = ()
    quorum: int = Field(default=1, ge=1)
    groups: dict[str, tuple[str, ...]] = {}
    reject_quorum: int = Field(default=1, ge=1, description="1 is a veto")
    requester_may_decide: bool = False
    editor_may_decide: bool = False
    allow_guests: bool = False
    risk: Risk = Risk.NORMAL
    reason_required: bool = True
    reject_reasons: tuple[str, ...] = Field(default=(), max_length=20)
    max_revisions: int = Field(default=3, ge=1)
    timeout: Duration = Field(default=timedelta(hours=24), gt=timedelta(0))
    on_timeout: OnTimeout = OnTimeout.EXPIRE
    ladder: tuple[Rung, ...] = (Rung(at=0.5),)
    auto_approve: str = Field(default="", description="CEL over result and metrics; low risk only")
    approve_fallback: bool = True
    approve_synthetic: bool = False
    open_first: bool = Field(default=False, description="Approve opens the full view first")
    email_decides_high_risk: bool = False

    @model_validator(mode="after")
    def _only_low_risk_decides_itself(self) -> Self:
        if self.risk is not Risk.LOW and self.auto_approve:
            raise ValueError("auto_approve needs risk = 'low'")
        if self.risk is not Risk.LOW and self.on_timeout is OnTimeout.APPROVE:
            raise ValueError("on_timeout = 'approve' needs risk = 'low'")
        return self


class Ballot(Frozen):
    """Everything the rules look at. `electorate` is None until the approval is raised."""

    approval_id: str
    revision: int
    digest: str
    requester: str
    policy: Policy
    authors: tuple[str, ...] = ()
    phrase: str = Field(default="", description="what high risk has to type")
    execution_mode: ExecutionMode = ExecutionMode.LIVE_AGENT
    electorate: Electorate | None = None
    deadline: datetime | None = None
    places: tuple[Place, ...] = ()
    moved: dict[str, str] = Field(default={}, description="who delegated to whom")
    counted: tuple[Decision, ...] = ()
    answers: dict[str, Answer] = Field(default={}, description="by decision id")
    outcome: Outcome | None = None
    settled_at: datetime | None = None

    def approvals(self) -> tuple[str, ...]:
        """Who approved so far, in order."""
        return tuple(d.by for d in self.counted if d.verdict is Verdict.APPROVE)

    def rejections(self) -> tuple[str, ...]:
        """Who rejected so far, in order."""
        return tuple(d.by for d in self.counted if d.verdict is Verdict.REJECT)


def apply(ballot: Ballot, decision: Decision, now: datetime) -> tuple[Ballot, Answer]:
    """Let one decision meet the ballot. A repeated id gets its first answer and changes nothing."""
    if (known := ballot.answers.get(decision.id)) is not None:
        return ballot, known
    if (refusal := refuse(ballot, decision, now)) is not None:
        return _remember(ballot, decision, refusal), refusal
    counted = tuple(d for d in ballot.counted if d.by != decision.by)
    ballot = ballot.model_copy(update={"counted": (*counted, decision)})
    outcome = tally(ballot)
    if outcome is not None:
        ballot = ballot.model_copy(update={"outcome": outcome, "settled_at": now})
    answer = Answer(
        reply=Reply.SETTLED if outcome else Reply.COUNTED,
        verdict=decision.verdict,
        outcome=outcome,
        who=(decision.by,),
        when=now,
        missing="" if outcome else missing(ballot),
    )
    return _remember(ballot, decision, answer), answer


def _remember(ballot: Ballot, decision: Decision, answer: Answer) -> Ballot:
    return ballot.model_copy(update={"answers": {**ballot.answers, decision.id: answer}})


def refuse(ballot: Ballot, decision: Decision, now: datetime) -> Answer | None:
    """The reason this decision doesn't count, or None when it does."""
    return (
        _closed(ballot, now)
        or _unentitled(ballot, decision)
        or _not_what_was_shown(ballot, decision)
        or _incomplete(ballot, decision)
        or _repeated(ballot, decision)
    )


def _closed(ballot: Ballot, now: datetime) -> Answer | None:
    if ballot.outcome is not None:
        return closed_answer(ballot)
    if ballot.electorate is None:
        return Answer(reply=Reply.NOT_READY)
    if ballot.deadline is not None and now >= ballot.deadline:
        return Answer(reply=Reply.EXPIRED, when=ballot.deadline)
    return None


_CLOSED = {
    Outcome.APPROVED: Reply.ALREADY_DECIDED,
    Outcome.REJECTED: Reply.ALREADY_DECIDED,
    Outcome.CHANGES_REQUESTED: Reply.REPLACED,
    Outcome.EXPIRED: Reply.EXPIRED,
    Outcome.WITHDRAWN: Reply.WITHDRAWN,
}


def closed_answer(ballot: Ballot) -> Answer:
    """What everybody is told who comes after the outcome."""
    assert ballot.outcome is not None
    return Answer(
        reply=_CLOSED[ballot.outcome],
        outcome=ballot.outcome,
        who=tuple(d.by for d in ballot.counted),
        when=ballot.settled_at,
    )


def _unentitled(ballot: Ballot, decision: Decision) -> Answer | None:
    assert ballot.electorate is not None
    names = tuple(person.id for person in ballot.electorate.people)
    person = ballot.electorate.find(decision.by)
    if person is None or (person.team and decision.team and person.team != decision.team):
        return Answer(reply=Reply.NOT_APPROVER, approvers=names)
    if decision.by in ballot.moved:
        return Answer(reply=Reply.DELEGATED, who=(ballot.moved[decision.by],))
    if decision.by in barred(ballot):
        own = decision.by == ballot.requester
        return Answer(reply=Reply.REQUESTER if own else Reply.AUTHOR, approvers=names)
    return None


def barred(ballot: Ballot) -> frozenset[str]:
    """Who wrote part of what is to be decided: the requester and the editors."""
    policy = ballot.policy
    requester = () if policy.requester_may_decide else (ballot.requester,)
    editors = () if policy.editor_may_decide else ballot.authors
    return frozenset({*requester, *editors})


def _not_what_was_shown(ballot: Ballot, decision: Decision) -> Answer | None:
    if decision.revision != ballot.revision or not matches(decision.digest, ballot.digest):
        return Answer(reply=Reply.STALE)
    if decision.via is Via.BUTTON and decision.place is None:
        return Answer(reply=Reply.WRONG_PLACE)
    if decision.place is not None and decision.place not in ballot.places:
        return Answer(reply=Reply.WRONG_PLACE)
    return None


def _incomplete(ballot: Ballot, decision: Decision) -> Answer | None:
    if decision.verdict is Verdict.APPROVE:
        return _careless(ballot, decision) or _edit_refused(ballot, decision)
    if decision.verdict is Verdict.REQUEST_CHANGES:
        if not decision.comment.strip():
            return Answer(reply=Reply.REASON_MISSING, verdict=decision.verdict)
        return _used_up(ballot)
    if ballot.policy.reason_required and not decision.comment.strip():
        return Answer(reply=Reply.REASON_MISSING, verdict=decision.verdict)
    return None


def _careless(ballot: Ballot, decision: Decision) -> Answer | None:
    policy, mode = ballot.policy, ballot.execution_mode
    if (mode is ExecutionMode.FALLBACK and not policy.approve_fallback) or (
        mode is ExecutionMode.SYNTHETIC and not policy.approve_synthetic
    ):
        return Answer(reply=Reply.NOT_LIVE, detail=mode.value)
    if policy.risk is not Risk.HIGH:
        return None
    if decision.via is Via.BULK:
        return Answer(reply=Reply.NO_BULK)
    if decision.via is Via.EMAIL and not policy.email_decides_high_risk:
        return Answer(reply=Reply.NO_EMAIL)
    if decision.confirmation.strip().casefold() != ballot.phrase.casefold():
        return Answer(reply=Reply.CONFIRMATION_MISSING, detail=ballot.phrase)
    return None


def _edit_refused(ballot: Ballot, decision: Decision) -> Answer | None:
    if decision.edit is None or edit_settles(ballot.policy):
        return None
    return _used_up(ballot)


def _used_up(ballot: Ballot) -> Answer | None:
    if ballot.revision < ballot.policy.max_revisions:
        return None
    return Answer(reply=Reply.REVISIONS_USED_UP, detail=str(ballot.policy.max_revisions))


def _repeated(ballot: Ballot, decision: Decision) -> Answer | None:
    """A person counts once. Taking back an approval is possible, taking back a no is not."""
    before = next((d for d in ballot.counted if d.by == decision.by), None)
    if before is None or (
        before.verdict is Verdict.APPROVE and decision.verdict is not Verdict.APPROVE
    ):
        return None
    return Answer(reply=Reply.ALREADY_COUNTED, verdict=before.verdict, when=before.at)


def edit_settles(policy: Policy) -> bool:
    """Whether an edit is approved by its own editor; otherwise it becomes the next revision."""
    return policy.editor_may_decide and policy.quorum == 1 and not policy.groups


def tally(ballot: Ballot) -> Outcome | None:
    """The outcome the counted decisions add up to, or None while something is missing."""
    for decision in ballot.counted:
        edited = decision.edit is not None and not edit_settles(ballot.policy)
        if decision.verdict is Verdict.REQUEST_CHANGES or edited:
            return Outcome.CHANGES_REQUESTED
    if len(ballot.rejections()) >= ballot.policy.reject_quorum or not reachable(ballot):
        return Outcome.REJECTED
    if _enough(ballot, ballot.approvals()):
        return Outcome.APPROVED
    return None


def reachable(ballot: Ballot) -> bool:
    """Whether the people who have not said no could still approve."""
    return _enough(ballot, eligible(ballot) - set(ballot.rejections()))


def eligible(ballot: Ballot) -> set[str]:
    """Everybody whose approval would count."""
    people = ballot.electorate.people if ballot.electorate else ()
    return {person.id for person in people} - barred(ballot) - set(ballot.moved)


def _enough(ballot: Ballot, people: Iterable[str]) -> bool:
    people = list(people)
    return len(people) >= ballot.policy.quorum and not open_seats(ballot, people)


def open_seats(ballot: Ballot, people: Iterable[str]) -> tuple[str, ...]:
    """Groups none of these people can fill, when one person fills one seat only.

    A maximum matching by augmenting paths (Kuhn's algorithm): groups are few, people are few.
    """
    seats = ballot.electorate.groups if ballot.electorate else {}
    people = list(people)
    taken: dict[str, str] = {}

    def fill(group: str, tried: set[str]) -> bool:
        for person in people:
            if person in seats[group] and person not in tried:
                tried.add(person)
                if person not in taken or fill(taken[person], tried):
                    taken[person] = group
                    return True
        return False

    return tuple(group for group in seats if not fill(group, set()))


def missing(ballot: Ballot) -> str:
    """What is still needed, in words: `2 of 3, missing: legal`."""
    approvals = ballot.approvals()
    seats = open_seats(ballot, approvals)
    needed = max(ballot.policy.quorum, len(approvals) + len(seats))
    count = f"{len(approvals)} of {needed}" if needed > 1 else ""
    return ", missing: ".join(part for part in (count, ", ".join(seats)) if part)


def why_unreachable(ballot: Ballot) -> str:
    """A sentence when nobody, or too few, could ever approve; empty when all is well."""
    able = eligible(ballot)
    if not able:
        return "Nobody is left who may decide: add approvers to the policy of this step."
    if len(able) < ballot.policy.quorum:
        return (
            f"The policy asks for {ballot.policy.quorum} people and only {len(able)} may decide: "
            "add approvers or lower the quorum."
        )
    if seats := open_seats(ballot, able):
        return f"Nobody can fill the seat of {', '.join(seats)}: add people to these groups."
    return ""
