"""The statement about a decision: what is signed and handed to the program that asked.

    approval_id, revision, program, title
    outcome         approved, rejected, changes_requested, expired, withdrawn
    digest          sha256 over result, revision and policy: what the card showed
    result_digest   sha256 over the result alone, as it was decided (edited: as it was edited)
    decided         who: id, name, verdict, at, via, comment
    comments        the comments, in order
    settled_at      when, ISO 8601
    edited_result   only when an approver changed it: summary, findings, full_text; or calls
    feedback        only when changes were requested

`result_digest` can be computed from what was sent: sha256 over the JSON of `[result]` with sorted
keys, no spaces and ASCII only, where result has exactly the keys of `AgentResult`
(`findings, full_text, metrics, model, offline, summary`; metrics {}, model "", offline false), and
`calls` where there are some (each with `arguments, hint, id, tool`; all texts are empty then).
"""

from typing import Any

from agents.programs.port import ApprovalStanding
from workflows.messages.decisions import Decision


def statement(standing: ApprovalStanding, program: str, revision: int) -> dict[str, Any]:
    """The statement about a settled approval, plain JSON."""
    settlement = standing.settlement
    assert settlement is not None
    said = {
        "approval_id": standing.id,
        "revision": revision,
        "principal": program,
        "title": standing.title,
        "outcome": settlement.outcome.value,
        "digest": settlement.digest,
        "result_digest": settlement.result_digest,
        "decided": [_who(decision, standing) for decision in settlement.decisions],
        "comments": [d.comment for d in settlement.decisions if d.comment],
        "settled_at": settlement.at.isoformat(),
    }
    if standing.feedback:
        said["feedback"] = standing.feedback
    if standing.edited is not None:
        kept = {"calls"} if standing.edited.calls else {"summary", "findings", "full_text"}
        said["edited_result"] = standing.edited.model_dump(mode="json", include=kept)
        said["editor"] = settlement.editor
    return said


def _who(decision: Decision, standing: ApprovalStanding) -> dict[str, str]:
    return {
        "id": decision.by,
        "name": standing.names.get(decision.by) or decision.name or decision.by,
        "verdict": decision.verdict.value,
        "at": decision.at.isoformat(),
        "via": decision.via.value,
        "comment": decision.comment,
    }
