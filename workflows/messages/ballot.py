"""The ballot: everything the rules look at, and what the counted decisions add up to."""

from collections.abc import Iterable
from datetime import datetime

from pydantic import Field

from workflows.messages.base import Frozen
from workflows.messages.decisions import Decision, Outcome, Place, Reply, Verdict, settled_by
from workflows.messages.electorate import Electorate
from workflows.messages.policy import Policy
from workflows.messages.results import ExecutionMode


class Ballot(Frozen):
    """Everything the rules look at. `electorate` is None until the approval is raised."""

    approval_id: str
    revision: int
    digest: str
    requester: str
    policy: Policy
    authors: tuple[str, ...] = ()
    phrase: str = Field(default="", description="what high risk has to type")
    followed: bool = Field(default=False, description="an edit is raised as the next version")
    execution_mode: ExecutionMode = ExecutionMode.LIVE_AGENT
    electorate: Electorate | None = None
    deadline: datetime | None = None
    places: tuple[Place, ...] = ()
    moved: dict[str, str] = Field(default={}, description="who delegated to whom")
    counted: tuple[Decision, ...] = ()
    answers: dict[str, Reply] = Field(default={}, description="by decision id")
    outcome: Outcome | None = None
    settled_at: datetime | None = None

    def approvals(self) -> tuple[str, ...]:
        """Who approved so far, in order."""
        return tuple(d.by for d in self.counted if d.verdict is Verdict.APPROVE)

    def rejections(self) -> tuple[str, ...]:
        """Who rejected so far, in order."""
        return tuple(d.by for d in self.counted if d.verdict is Verdict.REJECT)

    def settled_by(self) -> tuple[str, ...]:
        """Who gave the verdict that the outcome is, in order."""
        return settled_by(self.outcome, self.counted)

    def edited(self) -> bool:
        """Whether somebody decided with an edit."""
        return any(decision.edit is not None for decision in self.counted)

    def needed(self) -> int:
        """How many approvals it takes: one person fills one seat only."""
        seats = self.electorate.groups if self.electorate else self.policy.groups
        return max(self.policy.quorum, len(seats))

    def barred(self) -> frozenset[str]:
        """Who wrote part of what is to be decided: the requester and the editors."""
        policy = self.policy
        requester = () if policy.requester_may_decide else (self.requester,)
        editors = () if policy.editor_may_decide else self.authors
        return frozenset({*requester, *editors})

    def eligible(self) -> set[str]:
        """Everybody whose approval would count."""
        people = self.electorate.people if self.electorate else ()
        return {person.id for person in people} - self.barred() - set(self.moved)

    def deciders(self) -> tuple[str, ...]:
        """The same in the order of the policy."""
        able = self.eligible()
        people = self.electorate.people if self.electorate else ()
        return tuple(person.id for person in people if person.id in able)

    def missing_people(self) -> set[str]:
        """Everybody who may still decide and has not."""
        return self.eligible() - {decision.by for decision in self.counted}

    def tally(self) -> Outcome | None:
        """The outcome the counted decisions add up to, or None while something is missing."""
        for decision in self.counted:
            edited = decision.edit is not None and not self.policy.edit_settles()
            if decision.verdict is Verdict.REQUEST_CHANGES or edited:
                return Outcome.CHANGES_REQUESTED
        if len(self.rejections()) >= self.policy.reject_quorum or not self.reachable():
            return Outcome.REJECTED
        if self._enough(self.approvals()):
            return Outcome.APPROVED
        return None

    def reachable(self) -> bool:
        """Whether the people who have not said no could still approve."""
        return self._enough(self.eligible() - set(self.rejections()))

    def _enough(self, people: Iterable[str]) -> bool:
        people = list(people)
        return len(people) >= self.policy.quorum and not self.open_seats(people)

    def open_seats(self, people: Iterable[str]) -> tuple[str, ...]:
        """Groups none of these people can fill, when one person fills one seat only.

        A maximum matching by augmenting paths (Kuhn's algorithm): groups are few, people are few.
        """
        seats = self.electorate.groups if self.electorate else {}
        people = sorted(people)
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

    def missing(self) -> str:
        """What is still needed, in words: `2 of 3, missing: legal`."""
        approvals = self.approvals()
        seats = self.open_seats(approvals)
        needed = max(self.policy.quorum, len(approvals) + len(seats))
        count = f"{len(approvals)} of {needed}" if needed > 1 else ""
        return ", missing: ".join(part for part in (count, ", ".join(seats)) if part)

    def why_unreachable(self) -> str:
        """A sentence when nobody, or too few, could ever approve; empty when all is well."""
        able = self.eligible()
        if not able:
            return "Nobody is left who may decide: add approvers to the policy of this step."
        if len(able) < self.policy.quorum:
            return (
                f"The policy asks for {self.policy.quorum} people and only {len(able)} may decide: "
                "add approvers or lower the quorum."
            )
        if seats := self.open_seats(able):
            return f"Nobody can fill the seat of {', '.join(seats)}: add people to these groups."
        return ""
