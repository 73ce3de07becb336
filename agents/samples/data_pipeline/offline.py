"""What the data pipeline says offline: validated, aggregated and reported from the figures."""

import json
from typing import Any

from agents.inputs.columns.inferred import MISSING_SAID
from agents.samples.conversation import Call, Conversation, ModelAnswer, Say
from agents.samples.evidence import answer, evidence_of, gather, groupings, measures
from agents.samples.markdown import bullets, figure, page, section
from agents.samples.tools.segment import Segments
from agents.samples.tools.table_profile import TableProfile


def reply(conversation: Conversation, role: str) -> ModelAnswer:
    """The part of the member called `role`."""
    return {"validator": _validate, "processor": _process}.get(role, _report)(conversation)


def _validate(conversation: Conversation) -> ModelAnswer:
    calls = gather(conversation)
    if calls:
        return calls
    evidence = evidence_of(conversation)
    problems = [*evidence.problems, *(p for item in evidence.tables for p in _faults(item))]
    files = [item.file for item in evidence.tables]
    if not files:
        problems.append("There is no table among the inputs.")
    rows = sum(item.rows for item in evidence.tables)
    found = {"valid": not problems, "problems": problems, "files": files, "rows": rows}
    return Say(json.dumps(found))


def _faults(item: TableProfile) -> list[str]:
    found = [note for note in item.notes if not note.startswith(MISSING_SAID)]
    if item.missing_percent > 50:
        found.append(f"{item.file}: {item.missing_percent:g} % of the cells are missing.")
    if item.duplicate_rows:
        found.append(f"{item.file}: {item.duplicate_rows} rows repeat another one.")
    return found


def _process(conversation: Conversation) -> ModelAnswer:
    calls = gather(conversation)
    if calls:
        return calls
    tables = evidence_of(conversation).tables
    calls = conversation.missing(*(call for item in tables for call in _comparisons(item)))
    if calls:
        return calls
    found = [
        Segments.model_validate(item.response) for item in conversation.results("compare_segments")
    ]
    aggregates = [_sentence(item) for item in sorted(found, key=lambda item: -item.explained)]
    return Say(json.dumps({"aggregates": aggregates, "validation": conversation.so_far()}))


def _comparisons(item: TableProfile) -> list[Call]:
    return [
        Call("compare_segments", {"file": item.file, "by": by.name, "measure": measure.name})
        for by in groupings(item)[:2]
        for measure in measures(item)[:3]
    ]


def _sentence(item: Segments) -> str:
    means = ", ".join(f"{group.value} {figure(group.mean)}" for group in item.groups[:5])
    explained = f"{item.by} explains {item.explained:.0%} of the variance"
    return f"Mean {item.measure} by {item.by}: {means} ({explained})."


def _report(conversation: Conversation) -> ModelAnswer:
    handed: dict[str, Any] = conversation.so_far() or {}
    validation: dict[str, Any] = handed.get("validation") or {}
    problems = [str(problem) for problem in validation.get("problems", [])]
    aggregates = [str(item) for item in handed.get("aggregates", [])]
    files = ", ".join(validation.get("files", [])) or "no table"
    verdict = "valid" if validation.get("valid") else f"not valid ({len(problems)} problems)"
    rows = int(validation.get("rows", 0))
    return answer(
        f"{files}: {verdict}, {rows:,} rows, {len(aggregates)} aggregates. "
        + " ".join([*problems[:2], *aggregates[:2]]),
        [*problems, *aggregates],
        {"valid": float(bool(validation.get("valid"))), "rows": rows, "problems": len(problems)},
        page(
            f"Pipeline run over {files}",
            section("Validation", bullets(problems) or "No problem."),
            section("Aggregates", bullets(aggregates) or "No column to split the rows by."),
        ),
    )
