"""Acting on feedback without a language model: what can be recognised is done, the rest is said.

Recognised are names of columns, outliers, missing values, correlations, trends, "by <column>",
and the draft for less or more text; also that one of the first five is left out; and how a file
is to be read (`agents/inputs/hints.py`).
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from agents.inputs.columns.date_order import AS_ASKED
from agents.inputs.hints import hints_in
from agents.samples.conversation import Call, Conversation
from agents.samples.evidence import Evidence, measures
from agents.samples.markdown import bullets, change, figure, section
from agents.samples.tools.column import Column
from agents.samples.tools.segment import Segments
from agents.samples.tools.table_profile import TableProfile

MOST_COLUMNS = 5
FEW = 4
SHORT_FINDINGS = 3
_WORD = re.compile(r"[^\W_]+")
_SHORTER = re.compile(
    r"\b(short|shorter|brief|briefer|concise|less text|fewer|too long)\b", re.IGNORECASE
)
_OUTLIERS = re.compile(r"\b(outliers?|extremes?|anomal\w+|unusual)\b", re.IGNORECASE)
_MISSING = re.compile(r"\b(missing|empty|gaps?|incomplete|null)\b", re.IGNORECASE)
_RELATIONS = re.compile(r"\b(correlat\w+|relations?\w*|related|depends?)\b", re.IGNORECASE)
_TRENDS = re.compile(
    r"\b(trends?|over time|per year|development|seasons?|seasonal)\b", re.IGNORECASE
)
_CLAUSE_END = re.compile(r"[.,;:!?\n]+|\bbut\b|\binstead\b", re.IGNORECASE)
_LEAVE_OUT = re.compile(
    r"\b(leav\w+ .*\bout|leave out|without|omit|drop|remove|delete|skip|exclude|ignore|no more"
    r"|(do not|don['\u2019]t) (show|use|include|mention|list|report))\b",
    re.IGNORECASE,
)
_ABOUT = {
    "outliers": (_OUTLIERS, re.compile(r"\boutliers?\b|\boutside\b|\bfences\b")),
    "missing values": (_MISSING, re.compile(r"\bmissing\b")),
    "correlations": (_RELATIONS, re.compile(r"\br = |\bcorrelat")),
    "trends": (_TRENDS, re.compile(r"\bper year\b|\bseason\b|\btrend")),
}
"""What can be left out: how people name it, and how it is told."""


@dataclass(frozen=True)
class NamedColumn:
    """A column that the feedback names."""

    table: TableProfile
    column: Column


def wishes(conversation: Conversation, evidence: Evidence) -> list[NamedColumn]:
    """The columns named in the feedback, longest names first, at most five."""
    return _named(_asked(conversation)[0], evidence)


def _named(text: str, evidence: Evidence) -> list[NamedColumn]:
    text = _plain(text)
    found: list[NamedColumn] = []
    everything = [
        NamedColumn(table, column) for table in evidence.tables for column in table.columns
    ]
    for draft in sorted(everything, key=lambda item: -len(item.column.name)):
        spelt = next((name for name in _spellings(draft.column.name) if f" {name} " in text), "")
        if spelt:
            text = text.replace(f" {spelt} ", " ", 1)
            found.append(draft)
    return found[:MOST_COLUMNS]


def _asked(conversation: Conversation) -> tuple[str, str]:
    """What the feedback wants to see, and what it wants left out."""
    feedback = conversation.brief.feedback
    wanted, unwanted = [], []
    for clause in _CLAUSE_END.split(feedback.text if feedback else ""):
        found = _LEAVE_OUT.search(clause)
        at = found.start() if found else len(clause)
        wanted.append(clause[:at])
        unwanted.append(clause[at:])
    return " ; ".join(wanted), " ; ".join(unwanted)


def kept(conversation: Conversation, evidence: Evidence, told: Iterable[str]) -> list[str]:
    """These sentences without those that the feedback wants left out."""
    unwanted = _asked(conversation)[1]
    patterns = [told for asked, told in _ABOUT.values() if asked.search(unwanted)]
    names = [f" {name} " for name in _names(unwanted, evidence)]
    return [
        text
        for text in told
        if not any(pattern.search(text) for pattern in patterns)
        and not any(name in _plain(text) for name in names)
    ]


def _names(text: str, evidence: Evidence) -> list[str]:
    """The columns that are named here, as plain words."""
    return [_spellings(draft.column.name)[-1] for draft in _named(text, evidence)]


def _left_out(conversation: Conversation, evidence: Evidence) -> list[str]:
    unwanted = _asked(conversation)[1]
    topics = [name for name, (asked, _) in _ABOUT.items() if asked.search(unwanted)]
    topics += [draft.column.name for draft in _named(unwanted, evidence)]
    return [f"Left out: {', '.join(topics)}."] if topics else []


def follow_up(conversation: Conversation, evidence: Evidence) -> tuple[Call, ...]:
    """The calls the feedback asks for and that were not made yet."""
    feedback = conversation.brief.feedback
    if feedback is None:
        return ()
    calls = _comparisons(wishes(conversation, evidence))
    if _OUTLIERS.search(_asked(conversation)[0]):
        calls += [Call("find_outliers", {"file": table.file}) for table in evidence.tables]
    return conversation.missing(*calls)


def wants_short(conversation: Conversation) -> bool:
    """Whether the feedback asks for less text."""
    feedback = conversation.brief.feedback
    return feedback is not None and bool(_SHORTER.search(feedback.text))


def what_changed(conversation: Conversation, evidence: Evidence) -> str:
    """The section that answers the feedback; empty on a first run."""
    feedback = conversation.brief.feedback
    if feedback is None:
        return ""
    answers = changes(conversation, evidence)
    quoted = "\n".join(f"> {line}" for line in feedback.text.strip().splitlines()[:20])
    return section("What changed", f"Feedback:\n\n{quoted}", bullets(answers))


def changes(conversation: Conversation, evidence: Evidence) -> list[str]:
    """One sentence for each thing the feedback asked for."""
    feedback = conversation.brief.feedback
    if feedback is None:
        return []
    found = _read_again(feedback.text, evidence)
    found += [_column_sentence(draft) for draft in wishes(conversation, evidence)]
    asked = _comparisons(wishes(conversation, evidence))
    found += [
        _segment_sentence(Segments.model_validate(item.response))
        for item in conversation.results("compare_segments")
        if item.call in asked
    ]
    for pattern, sentences in (
        (_OUTLIERS, _outlier_sentences(conversation)),
        (_MISSING, _missing_sentences(evidence)),
        (_RELATIONS, _relation_sentences(evidence)),
        (_TRENDS, _trend_sentences(evidence)),
    ):
        found += sentences if pattern.search(_asked(conversation)[0]) else []
    found += _left_out(conversation, evidence)
    if wants_short(conversation):
        found.append(f"Shortened to the {SHORT_FINDINGS} most important findings.")
    return list(dict.fromkeys(found)) or [_NOT_UNDERSTOOD]


def _read_again(text: str, evidence: Evidence) -> list[str]:
    """How files were to be read, or why they could not be."""
    words = hints_in(text).words()
    refused = [note for item in evidence.tables for note in item.notes if note.endswith(AS_ASKED)]
    return (refused or [f"Read again: {words}."]) if words else []


_NOT_UNDERSTOOD = (
    "The offline model found nothing in the feedback that it can act on (a column's name, "
    "outliers, missing values, correlations, trends, shorter, or how to read a file: month first, "
    "decimal comma, semicolon, encoding cp1252, header in line 3). Edit the result by hand, or "
    "configure a language model."
)


def _comparisons(named: list[NamedColumn]) -> list[Call]:
    """Each named measure by each named grouping of the same table."""
    calls: list[Call] = []
    for by in (draft for draft in named if draft.column.kind in {"text", "truth"}):
        chosen = [
            w.column
            for w in named
            if w.table == by.table and w.column.kind == "number" and not w.column.parts
        ]
        for measure in (chosen or measures(by.table))[:2]:
            arguments = {"file": by.table.file, "by": by.column.name, "measure": measure.name}
            calls.append(Call("compare_segments", arguments))
    return calls


def _plain(text: str) -> str:
    """Lower case words with single spaces around them."""
    return " " + " ".join(_WORD.findall(text.lower())) + " "


def _spellings(name: str) -> list[str]:
    """The whole name and the name without a unit in brackets; short ones only in full."""
    spelt = {_plain(name).strip(), _plain(re.sub(r"\([^)]*\)", "", name)).strip()}
    return sorted((item for item in spelt if len(item) > 1), key=len, reverse=True)


def column_facts(column: Column, rows: int) -> str:
    """One column in a sentence; in a sentence for each unit, when there are several."""
    if column.parts:
        return " ".join(column_facts(part, rows) for part in column.parts)
    rows = column.rows or rows
    gaps = f"{column.missing} of {rows} values missing" if column.missing else "no value missing"
    if column.kind == "number":
        return f"{column.label}: {_spread(column, rows)}; {gaps}."
    if column.kind == "date":
        return f"{column.name}: {column.low} to {column.high}; {gaps}."
    top = ", ".join(f"{item.value} ({item.count})" for item in column.top[:3])
    return f"{column.name}: {column.distinct} different values, most often {top or '-'}; {gaps}."


def _spread(column: Column, rows: int) -> str:
    if column.distinct == 1:
        return f"{amount(column, column.mean)} in {'its only row' if rows == 1 else 'every row'}"
    total = f"total {amount(column, column.total)}, " if column.total is not None else ""
    few = "" if rows - column.missing < FEW else _middle(column)
    return (
        f"{span(column)}, {total}mean {amount(column, column.mean)}, "
        f"median {amount(column, column.median)}{few}"
    )


def _middle(column: Column) -> str:
    return f", middle 50 % (IQR) {amount(column, column.q25)} to {amount(column, column.q75)}"


def amount(column: Column, value: float | None) -> str:
    """A figure of this column: money to the cent, anything else as its size asks for."""
    return f"{value:,.2f}" if value is not None and column.total is not None else figure(value)


def span(column: Column) -> str:
    """From the lowest to the highest."""
    if column.total is None:
        return f"{column.low} to {column.high}"
    return f"{float(column.low):,.2f} to {float(column.high):,.2f}"


def _column_sentence(draft: NamedColumn) -> str:
    related = [
        f"{pair.second if pair.first == draft.column.name else pair.first} (r = {pair.r:.2f})"
        for pair in draft.table.correlations
        if draft.column.name in {pair.first, pair.second} and abs(pair.r) >= 0.3
    ]
    moves = f" It moves with {', '.join(related[:3])}." if related else ""
    return f"Examined {column_facts(draft.column, draft.table.rows)}{moves}"


def _segment_sentence(found: Segments) -> str:
    first, last = found.groups[0], found.groups[-1]
    return (
        f"Mean {found.measure} by {found.by}: highest for {first.value} ({figure(first.mean)}, "
        f"{first.rows} rows), lowest for {last.value} ({figure(last.mean)}, {last.rows} "
        f"rows); {found.by} explains {found.explained:.0%} of the variance."
    )


def _outlier_sentences(conversation: Conversation) -> list[str]:
    found: list[str] = []
    for item in conversation.results("find_outliers"):
        columns = item.response.get("columns", [])
        found += [
            f"{column['column']}: {column['count']} values outside {figure(column['low'])} to "
            f"{figure(column['high'])}."
            for column in columns
        ]
        if not columns:
            found.append(f"{item.response['file']}: no value lies beyond the outer fences.")
    return found


def _missing_sentences(evidence: Evidence) -> list[str]:
    return [
        f"{table.file}: {table.missing_cells} missing cells ({table.missing_percent} %), "
        "by column: "
        + (", ".join(f"{c.name} {c.missing}" for c in table.columns if c.missing) or "none")
        + "."
        for table in evidence.tables
    ]


def _relation_sentences(evidence: Evidence) -> list[str]:
    return [
        f"{pair.first} and {pair.second}: r = {pair.r:.2f} over {pair.rows} rows ({pair.strength})."
        for table in evidence.tables
        for pair in table.correlations[:3]
    ]


def _trend_sentences(evidence: Evidence) -> list[str]:
    return [
        f"{item.measure} over {item.date}: {change(item.per_year)} per year (R² {item.r2:.2f})."
        if item.is_clear
        else f"{item.measure} over {item.date}: no clear trend (R² {item.r2:.2f})."
        for table in evidence.tables
        for item in table.trends[:3]
    ]
