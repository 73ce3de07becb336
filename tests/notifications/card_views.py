"""Card views for tests: one ordinary approval, and whatever a test changes of it."""

from datetime import UTC, datetime, timedelta
from typing import Any

from workflows.messages.decisions import Decision, Outcome, Place, Verdict
from workflows.messages.electorate import Electorate, Exclusion, Person
from workflows.messages.policy import Policy
from workflows.messages.requests import ApprovalRequest, CardView
from workflows.messages.results import AgentResult, AgentVersion

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
DIGEST = "0123456789abcdef" * 4
ADA, GRACE, LINUS, CARL = "U0ADA00001", "U0GRACE001", "U0LINUS001", "U0CARL0001"
CARD = Place(channel="C0GENERAL1", ts="1.000100")
RESULT = AgentResult(
    summary="Sales rose by 12 % in May.",
    findings=("North grew fastest.", "South shrank."),
    metrics={"rows": 120.0},
    full_text="# Report\n\nAll of it.",
)


def view(
    result: AgentResult = RESULT,
    policy: dict[str, Any] | None = None,
    ballot: dict[str, Any] | None = None,
    excluded: tuple[Exclusion, ...] = (),
    reason: str = "",
    **request: Any,
) -> CardView:
    """A card as the workflow shows it: without the full text."""
    asked = ApprovalRequest.model_validate(
        {
            "id": "t-abcdefgh.analysis.v1",
            "title": "analysis of sales.csv",
            "requester": ADA,
            "result": result.model_copy(update={"full_text": ""}),
            "policy": Policy(approvers=(GRACE, LINUS), **(policy or {})),
            "thread": Place(channel="C0GENERAL1", ts="1.000000"),
            "task_id": "t-abcdefgh",
            "pipeline": "review",
            "step": "analysis",
            "steps_total": 4,
            "version": AgentVersion(name="analysis", version="1.0"),
            "parent": "t-abcdefgh",
        }
        | request
    )
    people = tuple(Person(id=id_, name=id_[2:7].title(), team="T0") for id_ in (GRACE, LINUS))
    cast = asked.ballot().model_copy(
        update={
            "digest": DIGEST,
            "electorate": Electorate(people=people, groups=asked.policy.groups, excluded=excluded),
            "deadline": NOW + timedelta(hours=24),
            "places": (CARD,),
        }
        | (ballot or {})
    )
    return CardView(
        request=asked,
        ballot=cast,
        raised_at=NOW,
        full_text_characters=len(result.full_text),
        reason=reason,
    )


def said(by: str = GRACE, verdict: Verdict = Verdict.APPROVE, **changed: Any) -> Decision:
    """A decision as a click on the card makes it."""
    made: dict[str, Any] = {
        "id": f"T0:{by}:{verdict}",
        "verdict": verdict,
        "by": by,
        "team": "T0",
        "at": NOW,
        "revision": 1,
        "digest": DIGEST[:16],
        "place": CARD,
    }
    return Decision.model_validate(made | changed)


def settled(outcome: Outcome, *counted: Decision, reason: str = "", **changed: Any) -> CardView:
    """A card that has ended so."""
    return view(
        ballot={"outcome": outcome, "settled_at": NOW, "counted": counted},
        reason=reason,
        **changed,
    )
