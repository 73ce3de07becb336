"""The audit log as JSON Lines and as an evaluation set."""

import json
from datetime import UTC, datetime
from typing import Any

from google.adk.evaluation.eval_set import EvalSet
from sqlalchemy.ext.asyncio import AsyncEngine

from storage.audit.export import evaluation_set, json_lines
from storage.audit.log import AuditLog
from storage.audit.signing_keys import AuditKeyFile
from storage.audit.verify import exported_rows, verify
from workflows.messages.audit import AuditEntry, AuditKind

RESULT = {"summary": "Short", "full_text": "The whole text"}


async def tell(log: AuditLog, kind: AuditKind, approval: str, **detail: Any) -> None:
    """One event about an approval."""
    number = (await log.verify()).rows
    await log.append(
        AuditEntry(
            id=f"e{number}",
            at=datetime(2026, 3, 1, 12, number, tzinfo=UTC),
            kind=kind,
            approval_id=approval,
            revision=1,
            actor=f"U{number}",
            detail=detail,
        )
    )


async def test_an_export_is_verified_like_the_log(engine: AsyncEngine, keys: AuditKeyFile) -> None:
    """Every row is a line of JSON with its detail as an object; the file verifies by itself."""
    log = AuditLog(engine, keys)
    await tell(log, AuditKind.RAISED, "a1", result=RESULT, odd=["\ud800\0", 0.1, -0.0, 1e300])
    await tell(log, AuditKind.DECIDED, "a1", verdict="approve")
    lines = [line async for line in json_lines(log.rows())]
    assert json.loads(lines[1])["detail"]["result"] == RESULT
    report = verify(exported_rows(lines), trusted=keys.ring().public())
    assert (report.ok, report.rows, report.head_hash) == (True, 3, (await log.verify()).head_hash)


async def test_what_ran_is_kept_like_everything_else(
    engine: AsyncEngine, keys: AuditKeyFile
) -> None:
    """Runs of tools, failures and Retry are rows that verify, and are no evaluation cases."""
    log = AuditLog(engine, keys)
    await tell(log, AuditKind.TOOL_RAN, "", key="k", tool="pay", arguments={"amount": 1.5})
    await tell(log, AuditKind.FAILED, "", reason="Asleep.", problem=1)
    await tell(log, AuditKind.RETRIED, "", problem=1)
    lines = [line async for line in json_lines(log.rows())]
    report = verify(exported_rows(lines), trusted=keys.ring().public())
    assert (report.ok, report.rows) == (True, 4)
    assert [json.loads(line)["kind"] for line in lines[1:]] == ["tool_ran", "failed", "retried"]
    assert await evaluation_set(log.rows()) is None


async def test_decisions_become_evaluation_cases(engine: AsyncEngine) -> None:
    """Approved, edited and rejected results, with the feedback, in the schema ADK reads."""
    log = AuditLog(engine)
    raised = {"step": "analysis", "agent": "analyst", "input": "sales.csv", "result": RESULT}
    for approval in ("good", "edited", "bad", "open", "sent on", "ruled"):
        asked = {"asked": "Do the step."} if approval == "good" else {}
        await tell(log, AuditKind.RAISED, approval, **raised, **asked)
    await tell(log, AuditKind.DECIDED, "good", verdict="approve", comment="Clear")
    await tell(log, AuditKind.DECIDED, "edited", verdict="approve", edit={"summary": "Better"})
    await tell(log, AuditKind.DECIDED, "bad", verdict="reject", comment="Wrong \ud800 year")
    await tell(
        log,
        AuditKind.DECIDED,
        "sent on",
        verdict="request_changes",
        edit={"findings": ["One", "Two"]},
    )
    await tell(log, AuditKind.DECIDED, "ruled", reason="rows < 10")
    document = await evaluation_set(log.rows(), "feedback")
    cases = {case.eval_id: case for case in EvalSet.model_validate(document).eval_cases}
    asked_with = [
        _only_turn(cases[name]).user_content.parts[0].text for name in ("good-v1", "bad-v1")
    ]
    assert asked_with == ["Do the step.", "sales.csv"]
    assert sorted(cases) == ["bad-v1", "edited-v1", "good-v1", "ruled-v1", "sent on-v1"]
    assert _only_turn(cases["sent on-v1"]).final_response.parts[0].text == "Short\n- One\n- Two"
    ruled = cases["ruled-v1"].session_input
    assert ruled is not None
    assert ruled.state["verdict"] == "approve"
    good, edited, bad = (_only_turn(cases[f"{name}-v1"]) for name in ("good", "edited", "bad"))
    assert good.final_response.parts[0].text == "The whole text"
    assert good.rubrics[0].rubric_content.text_property == "Clear"
    assert edited.final_response.parts[0].text == "Better"
    assert edited.intermediate_data.intermediate_responses[0][1][0].text == "The whole text"
    assert bad.final_response is None
    assert bad.rubrics[0].rubric_content.text_property == "Wrong ? year"


def _only_turn(case: Any) -> Any:
    [turn] = case.conversation
    return turn


async def test_an_edited_call_is_the_expected_answer_as_a_whole(engine: AsyncEngine) -> None:
    """What ran, and not the edit beside what was proposed; only who said so is named."""
    log = AuditLog(engine)
    call = {"id": "q", "tool": "pay", "arguments": {"to": "Ann", "amount": 1890.0}, "hint": ""}
    edited = {**call, "arguments": {"to": "Ann", "amount": 18.9}}
    await tell(log, AuditKind.RAISED, "pay", step="pay", result={"summary": "", "calls": [call]})
    await tell(log, AuditKind.DECIDED, "pay", verdict="reject", comment="no")
    await tell(
        log,
        AuditKind.DECIDED,
        "pay",
        verdict="approve",
        edit={"arguments": {"q": {"amount": 18.9}}},
        edited_result={"summary": "", "calls": [edited]},
    )
    found = await evaluation_set(log.rows())
    assert found is not None
    (case,) = EvalSet.model_validate(found).eval_cases
    assert case.session_input is not None
    assert case.session_input.state["decided_by"] == ["U2"]
    assert case.conversation is not None
    answer = case.conversation[0].final_response
    assert answer is not None
    assert answer.parts is not None
    assert json.loads(str(answer.parts[0].text)) == [edited]


async def test_nothing_decided_is_no_evaluation_set(engine: AsyncEngine) -> None:
    """ADK wants cases; without any there is nothing to write."""
    log = AuditLog(engine)
    await tell(log, AuditKind.RAISED, "open", result=RESULT)
    assert await evaluation_set(log.rows()) is None
