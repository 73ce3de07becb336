"""The audit log for others: JSON Lines, and an evaluation set for ADK.

The feedback people give is what makes agents better: each decided approval becomes one evaluation
case, in ADK's `EvalSet` schema (`adk eval`, `*.evalset.json`).
"""

import json
from collections.abc import AsyncIterable, AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any

from storage.audit.events import AuditRow
from workflows.messages.audit import AuditKind

_VERDICTS = (AuditKind.DECIDED, AuditKind.BYPASSED)
_FEEDBACK = "HUMAN_FEEDBACK"


async def json_lines(rows: AsyncIterable[AuditRow]) -> AsyncIterator[str]:
    """One line of JSON per row, without a line end; `storage/audit/verify.py` verifies the file."""
    async for row in rows:
        document = row.model_dump()
        document["at"] = row.at.isoformat(timespec="microseconds")
        yield json.dumps(document, sort_keys=True, separators=(",", ":"))


async def evaluation_set(
    rows: AsyncIterable[AuditRow], name: str = "signoff"
) -> dict[str, Any] | None:
    """Every decided approval as an evaluation case; None when nothing was decided.

    The expected answer is the edited result if there is one, else the approved result. A rejected
    result, or one sent back without an edit, has no expected answer; its text is kept as an
    intermediate response. Each comment is a rubric.
    """
    approvals: dict[tuple[str, int], _Approval] = {}
    async for row in rows:
        if row.approval_id:
            approvals.setdefault((row.approval_id, row.revision), _Approval()).take(row)
    cases = [case for key in sorted(approvals) for case in approvals[key].cases()]
    if not cases:
        return None
    return {
        "eval_set_id": name,
        "name": name,
        "description": "Results of agents, with what people decided about them.",
        "eval_cases": cases,
        "creation_timestamp": max(case["creation_timestamp"] for case in cases),
    }


@dataclass
class _Approval:
    """What one revision of an approval left in the log."""

    raised: AuditRow | None = None
    decided: list[AuditRow] = field(default_factory=list)
    edit: Any = None

    def take(self, row: AuditRow) -> None:
        if row.kind is AuditKind.RAISED:
            self.raised = row
        elif row.kind in _VERDICTS:
            self.decided.append(row)
            self.edit = row.detail.get("edited_result") or row.detail.get("edit") or self.edit
        elif row.kind is AuditKind.EDITED:
            self.edit = row.detail.get("edit") or self.edit

    def cases(self) -> Iterator[dict[str, Any]]:
        """One case, if it was raised with a result and somebody decided."""
        if self.raised is None or not self.decided or "result" not in self.raised.detail:
            return
        raised, last = self.raised, self.decided[-1]
        verdict = _verdict(last)
        result = _text(raised.detail["result"])
        yield {
            "eval_id": f"{raised.approval_id}-v{raised.revision}",
            "conversation": [self._turn(raised, result, verdict == "approve")],
            "session_input": {
                "app_name": str(raised.detail.get("agent") or raised.detail.get("step") or "agent"),
                "user_id": raised.actor or "requester",
                "state": {
                    "verdict": verdict,
                    "decided_by": [row.actor for row in self.decided if _verdict(row) == verdict],
                    "edited": self.edit is not None,
                },
            },
            "creation_timestamp": last.at.timestamp(),
        }

    def _turn(self, raised: AuditRow, result: str, approved: bool) -> dict[str, Any]:
        turn: dict[str, Any] = {
            "invocation_id": raised.id,
            "user_content": _content("user", _text(_asked(raised))),
            "creation_timestamp": raised.at.timestamp(),
            "rubrics": list(self._rubrics()),
        }
        if approved or self.edit is not None:
            turn["final_response"] = _content("model", self._expected(raised.detail["result"]))
        if not approved or self.edit is not None:
            author = str(raised.detail.get("agent") or "agent")
            response = [author, [{"text": result}]]
            turn["intermediate_data"] = {"intermediate_responses": [response]}
        return turn

    def _expected(self, result: Any) -> str:
        """The result as edited; a full text that was not edited along says the old things."""
        if isinstance(self.edit, dict) and isinstance(result, dict):
            kept = {name: value for name, value in result.items() if name != "full_text"}
            return _text({**kept, **self.edit})
        return _text(self.edit or result)

    def _rubrics(self) -> Iterator[dict[str, Any]]:
        for row in self.decided:
            comment = _text(row.detail.get("comment", ""))
            if comment:
                yield {
                    "rubric_id": row.id,
                    "rubric_content": {"text_property": comment},
                    "description": f"{row.detail.get('verdict', '')} by {row.actor}".strip(),
                    "type": _FEEDBACK,
                }


def _asked(raised: AuditRow) -> Any:
    """What the agent was asked with; the inputs' names where the log is older than that."""
    return raised.detail.get("asked") or raised.detail.get("input", "")


def _verdict(row: AuditRow) -> str:
    """A rule or a bypass only approves."""
    return str(row.detail.get("verdict") or "approve")


def _content(role: str, text: str) -> dict[str, Any]:
    return {"role": role, "parts": [{"text": text}]}


def _text(value: Any) -> str:
    """Words for a person: a result's full text, or its summary and findings; else JSON."""
    if isinstance(value, dict) and value.get("calls"):
        value = json.dumps(value["calls"], sort_keys=True)
    if isinstance(value, dict):
        value = value.get("full_text") or _short(value) or json.dumps(value, sort_keys=True)
    text = value if isinstance(value, str) else json.dumps(value)
    return text.encode("utf-8", "replace").decode()


def _short(result: dict[str, Any]) -> str:
    """The summary, and a line for each finding."""
    findings = result.get("findings")
    lines = [f"- {finding}" for finding in findings] if isinstance(findings, list) else []
    return "\n".join([str(result.get("summary") or ""), *lines]).strip()
