"""What the analysis says offline: shape, quality and key numbers, from the tools' figures."""

from agents.samples.conversation import Conversation, ModelAnswer
from agents.samples.evidence import (
    Evidence,
    answer,
    evidence_of,
    figures,
    gather,
    groupings,
    measures,
)
from agents.samples.markdown import bullets, figure, page, section, table
from agents.samples.rerun import (
    SHORT_FINDINGS,
    amount,
    changes,
    column_facts,
    follow_up,
    kept,
    span,
    wants_short,
    what_changed,
)
from agents.samples.tools.column import Column
from agents.samples.tools.document import Document
from agents.samples.tools.table_profile import TableProfile

KEY_COLUMNS = 5
EXCERPT = 600
_KINDS = {"number": "numeric", "date": "date", "text": "text", "truth": "yes/no"}


def reply(conversation: Conversation, role: str) -> ModelAnswer:
    """Profile and read everything, then write."""
    evidence = evidence_of(conversation)
    calls = gather(conversation) or follow_up(conversation, evidence)
    if calls:
        return calls
    findings = kept(conversation, evidence, _findings(evidence))
    if wants_short(conversation):
        findings = findings[:SHORT_FINDINGS]
    asked = changes(conversation, evidence)
    return answer(
        _summary(evidence, asked),
        [*asked, *findings],
        _metrics(evidence),
        page(
            f"Analysis of {evidence.names}",
            what_changed(conversation, evidence),
            section("Findings", bullets(findings)),
            *(_table_section(item) for item in evidence.tables),
            *(_document_section(item) for item in evidence.documents),
            section("Problems", bullets(evidence.problems)),
        ),
    )


def _summary(evidence: Evidence, asked: list[str]) -> str:
    parts = [_table_summary(item) for item in evidence.tables]
    parts += [_document_summary(item) for item in evidence.documents]
    parts += list(evidence.problems)
    first = f"Reworked: {asked[0]} " if asked else ""
    return first + (" ".join(parts) or "There is no input to analyse. Name a file or paste a text.")


def _table_summary(item: TableProfile) -> str:
    worst = max(item.columns, key=lambda column: column.missing, default=None)
    gaps = f"{item.missing_percent:g} % of its cells are missing"
    if worst is not None and worst.missing:
        gaps += f", most in {worst.name} ({worst.missing_percent:g} %)"
    keys = "; ".join(_key(column) for column in figures(item)[:3])
    return f"{item.file} has {item.rows:,} rows and {item.column_count} columns; {gaps}. " + (
        f"{keys[0].upper()}{keys[1:]}." if keys else "It has no numeric measure."
    )


def _key(column: Column) -> str:
    """The figure that says most about a measure: what money comes to, else the average."""
    if column.total is not None:
        spread = f" ({span(column)})" if column.distinct > 1 else ""
        return f"total {column.label} {amount(column, column.total)}{spread}"
    return f"mean {column.label} {figure(column.mean)} ({span(column)})"


def _document_summary(item: Document) -> str:
    parts = f" in {len(item.headings)} sections" if item.headings else ""
    keys = f", {len(item.keys)} top-level keys" if item.keys else ""
    return f"{item.file} is a {item.format} of {item.words:,} words{parts}{keys}."


def _findings(evidence: Evidence) -> list[str]:
    found: list[str] = []
    for item in evidence.tables:
        found += [*_shape(item), *_quality(item), *_numbers(item), *_groups(item)]
    for document in evidence.documents:
        found.append(_document_summary(document))
        found += [f"{document.file}: {note}" for note in document.notes]
    return found + list(evidence.problems)


def _shape(item: TableProfile) -> list[str]:
    counts = {word: len(item.of_kind(kind)) for kind, word in _KINDS.items()}
    counted = ", ".join(f"{count} {word}" for word, count in counts.items() if count)
    found = [f"{item.file}: {item.rows:,} rows, {item.column_count} columns ({counted})."]
    found += [
        f"{column.name} is in {len(column.parts)} units ({column.unit_column}: "
        f"{', '.join(part.unit for part in column.parts)}), so each has its own figures."
        for column in item.columns
        if column.parts
    ]
    found += [f"{item.file}: {note}" for note in item.notes]
    dates = item.of_kind("date")
    found += [f"{date.name} runs from {date.low} to {date.high}." for date in dates[:1]]
    return found


def _quality(item: TableProfile) -> list[str]:
    found = [
        f"{column.name} is missing in {column.missing} of {item.rows} rows "
        f"({column.missing_percent:g} %)."
        for column in sorted(item.columns, key=lambda column: -column.missing)[:4]
        if column.missing
    ]
    if item.duplicate_rows:
        found.append(f"{item.duplicate_rows} rows repeat another row exactly.")
    constant = [column.name for column in item.columns if column.distinct == 1 and item.rows > 1]
    if constant:
        found.append(f"{', '.join(constant)}: the same value in every row, so it tells nothing.")
    return found or [f"{item.file}: no missing values, no repeated rows, no constant columns."]


def _numbers(item: TableProfile) -> list[str]:
    found = [column_facts(column, item.rows) for column in figures(item)[:KEY_COLUMNS]]
    skewed = [
        column.name
        for column in measures(item)
        if column.mean is not None
        and column.median is not None
        and column.deviation
        and abs(column.mean - column.median) > 0.3 * column.deviation
    ]
    if skewed:
        found.append(f"{', '.join(skewed[:5])}: skewed, so the median says more than the mean.")
    return found


def _groups(item: TableProfile) -> list[str]:
    return [
        f"{column.name}: {column.top[0].value} is the most frequent of {column.distinct} values "
        f"({column.top[0].count / item.rows:.0%} of the rows)."
        for column in groupings(item)[:3]
        if column.top
    ]


def _metrics(evidence: Evidence) -> dict[str, float | None]:
    tables = evidence.tables
    found: dict[str, float | None] = {
        "files": len(tables) + len(evidence.documents),
        "unreadable_files": len(evidence.problems),
    }
    if tables:
        found |= {
            "rows": sum(item.rows for item in tables),
            "columns": sum(item.column_count for item in tables),
            "missing_cells": sum(item.missing_cells for item in tables),
            "missing_percent": max(item.missing_percent for item in tables),
            "duplicate_rows": sum(item.duplicate_rows or 0 for item in tables),
        }
        first = figures(tables[0])[:KEY_COLUMNS]
        found |= {f"mean {column.label}": column.mean for column in first}
        found |= {f"total {column.label}": column.total for column in first}
    if evidence.documents:
        found["words"] = sum(document.words for document in evidence.documents)
    return found


def _table_section(item: TableProfile) -> str:
    rows = [
        (
            column.label,
            column.kind,
            column.missing,
            column.distinct,
            column.low,
            column.high,
            amount(column, column.mean),
            amount(column, column.median),
        )
        for whole in item.columns
        for column in whole.by_unit
    ]
    head = ("column", "kind", "missing", "different", "lowest", "highest", "mean", "median")
    return section(f"Columns of {item.file}", table(head, rows))


def _document_section(item: Document) -> str:
    excerpt = "\n".join(f"> {line}" for line in item.text[:EXCERPT].splitlines())
    return section(
        f"Document {item.file}", bullets(item.headings), bullets(item.keys), "Begins:\n\n" + excerpt
    )
