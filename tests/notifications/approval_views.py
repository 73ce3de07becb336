"""Approvals as a workflow shows them, for tests of whatever renders them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from workflows.messages.decisions import Decision, Outcome, Place, Verdict
from workflows.messages.electorate import Electorate, Person
from workflows.messages.policy import Policy
from workflows.messages.requests import ApprovalRequest, CardView
from workflows.messages.results import AgentResult, AgentVersion

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
ADA, GRACE, LINUS = "U0ADA00001", "U0GRACE001", "U0LINUS001"
PEOPLE = (
    Person(id=GRACE, name="Grace Hopper", email="grace@example.com", tz="Europe/Berlin"),
    Person(id=LINUS, name="Linus", email="linus@example.com", tz="America/New_York"),
)
RESULT = AgentResult(
    summary="Revenue rose by 4 %.",
    findings=("North: 12 %", "South: -3 %"),
    full_text="# Everything\n\nRevenue rose by 4 %, in detail.",
)


def approval_view(
    *,
    policy: dict[str, Any] | None = None,
    result: AgentResult = RESULT,
    deadline: timedelta = timedelta(hours=5),
    ballot: dict[str, Any] | None = None,
    reason: str = "",
    **request: Any,
) -> CardView:
    """A pending approval of Grace and Linus, asked for by Ada; the full text as views carry it."""
    values: dict[str, Any] = {
        "id": "t1.analyse.v1",
        "title": "Sales review: analyse",
        "requester": ADA,
        "thread": Place(channel="C1", ts="1.1"),
        "step": "analyse",
        "steps_total": 3,
        "version": AgentVersion(name="analyst", version="1.0"),
        **request,
    }
    rules = Policy.model_validate({"approvers": (GRACE, LINUS), **(policy or {})})
    asked = ApprovalRequest(policy=rules, result=result, **values)
    electorate = Electorate(people=PEOPLE)
    state: dict[str, Any] = {
        "electorate": electorate,
        "digest": asked.digest(electorate),
        "deadline": NOW + deadline,
        **(ballot or {}),
    }
    return CardView(
        request=asked.model_copy(update={"result": result.model_copy(update={"full_text": ""})}),
        ballot=asked.ballot().model_copy(update=state),
        raised_at=NOW,
        full_text_characters=len(result.full_text),
        reason=reason,
    )


def decided(by: str = LINUS, outcome: Outcome = Outcome.APPROVED, reason: str = "") -> CardView:
    """The same, settled by one person an hour later."""
    view = approval_view()
    at = NOW + timedelta(hours=1)
    decision = Decision(
        id="d1",
        verdict=Verdict.APPROVE if outcome is Outcome.APPROVED else Verdict.REJECT,
        by=by,
        at=at,
        revision=1,
        digest=view.ballot.digest,
        comment=reason,
    )
    return approval_view(
        ballot={"counted": (decision,), "outcome": outcome, "settled_at": at}, reason=reason
    )
