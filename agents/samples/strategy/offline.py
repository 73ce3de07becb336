"""What the strategy says offline: actions ranked by what the figures promise, none invented."""

from dataclasses import dataclass

from agents.samples.conversation import Call, Conversation, ModelAnswer
from agents.samples.evidence import (
    Evidence,
    answer,
    evidence_of,
    gather,
    groupings,
    measures,
    tellable,
)
from agents.samples.markdown import bullets, change, figure, numbered, page, section, table
from agents.samples.rerun import SHORT_FINDINGS, changes, follow_up, kept, wants_short, what_changed
from agents.samples.tools.document import Document
from agents.samples.tools.segment import Segments
from agents.samples.tools.table_profile import TableProfile
from agents.samples.tools.trend import CLEAR_R2

MOST_ACTIONS = 7
MOST_COMPARISONS = 6


@dataclass(frozen=True)
class Recommendation:
    """Something to do. `weight` (0 to 100) is how much of the data or the variance it touches."""

    what: str
    why: str
    effort: str
    weight: float

    @property
    def sentence(self) -> str:
        """The action and the figure behind it."""
        return f"{self.what} {self.why}"


def reply(conversation: Conversation, role: str) -> ModelAnswer:
    """Look at the data again, compare the promising segments, then rank."""
    evidence = evidence_of(conversation)
    calls = gather(conversation) or conversation.missing(*_comparisons(evidence))
    calls = calls or follow_up(conversation, evidence)
    if calls:
        return calls
    ranked = _ranked(conversation, evidence)
    fine = kept(conversation, evidence, (action.sentence for action in ranked))
    actions = [action for action in ranked if action.sentence in fine][:MOST_ACTIONS]
    if wants_short(conversation):
        actions = actions[:SHORT_FINDINGS]
    asked = changes(conversation, evidence)
    return answer(
        _summary(evidence, actions, asked),
        [*asked, *(action.sentence for action in actions)],
        _metrics(actions),
        _page(conversation, evidence, actions),
    )


def _comparisons(evidence: Evidence) -> list[Call]:
    calls = [
        Call("compare_segments", {"file": item.file, "by": by.name, "measure": measure.name})
        for item in evidence.tables
        for by in groupings(item)[:3]
        for measure in measures(item)[:2]
    ]
    return calls[:MOST_COMPARISONS]


def _ranked(conversation: Conversation, evidence: Evidence) -> list[Recommendation]:
    found: list[Recommendation] = []
    for item in evidence.tables:
        found += [*_repairs(item), *_drops(item), *_redundant(item), *_trend_actions(item)]
    found += _segment_actions(conversation)
    found += [action for document in evidence.documents for action in _document_actions(document)]
    return sorted(found, key=lambda action: (-action.weight, action.what))


def _repairs(item: TableProfile) -> list[Recommendation]:
    holes = [column for column in item.columns if 0 < column.missing_percent < 50]
    found: list[Recommendation] = []
    for column in sorted(holes, key=lambda column: -column.missing)[:2]:
        median = "the median of its unit" if column.parts else "its median"
        how = median if column.kind == "number" else "an explicit 'unknown'"
        found.append(
            Recommendation(
                f"Complete {column.name} at the source, or fill it with {how} and mark the rows.",
                f"It is missing in {column.missing} of {item.rows} rows "
                f"({column.missing_percent:g} %).",
                "low",
                20 + column.missing_percent,
            )
        )
    return found


def _drops(item: TableProfile) -> list[Recommendation]:
    empty = [column for column in item.columns if column.missing_percent >= 50]
    constant = [column for column in item.columns if column.distinct == 1 and item.rows > 1]
    names = [column.name for column in dict.fromkeys([*empty, *constant])]
    if not names:
        return []
    why = f"{len(empty)} of them at least half empty, {len(constant)} the same in every row."
    weight = 15 + 100 * len(names) / max(1, item.column_count)
    return [Recommendation(f"Leave {', '.join(names)} out of decisions.", why, "none", weight)]


def _redundant(item: TableProfile) -> list[Recommendation]:
    return [
        Recommendation(
            f"Measure {pair.first} or {pair.second}, and estimate the other.",
            f"They move together (r = {pair.r:.2f} over {pair.rows} rows).",
            "low",
            10 + 50 * pair.r**2,
        )
        for pair in tellable(item)[:1]
    ]


def _trend_actions(item: TableProfile) -> list[Recommendation]:
    return [
        Recommendation(
            f"Plan for {trend.measure} to go {'up' if trend.per_year > 0 else 'down'}.",
            f"It changes by {change(trend.per_year)} per year over {trend.date} "
            f"(R² {trend.r2:.2f}, {trend.rows} rows).",
            "medium",
            10 + 80 * trend.r2,
        )
        for trend in item.trends[:1]
        if trend.is_clear
    ]


def _segment_actions(conversation: Conversation) -> list[Recommendation]:
    found = [
        Segments.model_validate(item.response) for item in conversation.results("compare_segments")
    ]
    clear = [item for item in found if item.explained >= CLEAR_R2]
    return [_segment_action(item) for item in sorted(clear, key=lambda item: -item.explained)[:3]]


def _segment_action(item: Segments) -> Recommendation:
    high, low = item.groups[0], item.groups[-1]
    return Recommendation(
        f"Treat {item.by} separately for {item.measure}, beginning with {high.value}.",
        f"Mean {item.measure}: {figure(high.mean)} for {high.value}, {figure(low.mean)} for "
        f"{low.value}; {item.by} explains "
        f"{item.explained:.0%} of the variance.",
        "medium",
        20 + 80 * item.explained,
    )


def _document_actions(item: Document) -> list[Recommendation]:
    found = [
        Recommendation(
            f"Give {item.file} headings.",
            f"It has {item.words} words and no heading, so nobody can find a decision in it.",
            "low",
            30,
        )
    ]
    if item.headings or item.words < 200:
        found = []
    listed = ", ".join(item.headings[:5])
    if listed:
        why = f"Those are its sections; it has {item.words} words in all."
        found.append(
            Recommendation(f"Decide on each part of {item.file}: {listed}.", why, "medium", 25)
        )
    return found


def _summary(evidence: Evidence, actions: list[Recommendation], asked: list[str]) -> str:
    if not actions:
        return f"Nothing in {evidence.names} calls for action. " + " ".join(evidence.problems)
    first = f"Reworked: {asked[0]} " if asked else ""
    listed = " ".join(f"{at}) {action.what}" for at, action in enumerate(actions[:3], 1))
    return (
        f"{first}{len(actions)} actions from {evidence.names}. {listed} First because: "
        f"{actions[0].why}"
    )


def _metrics(actions: list[Recommendation]) -> dict[str, float | None]:
    found: dict[str, float | None] = {"actions": len(actions)}
    found |= {f"weight {at}": round(action.weight, 1) for at, action in enumerate(actions, 1)}
    return found


def _page(conversation: Conversation, evidence: Evidence, actions: list[Recommendation]) -> str:
    analysis = conversation.brief.earlier_result("analysis")
    approved = [analysis.summary, bullets(analysis.findings[:5])] if analysis else []
    head = ("priority", "action", "because", "effort", "weight")
    rows = [
        (at, action.what, action.why, action.effort, f"{action.weight:.0f}")
        for at, action in enumerate(actions, 1)
    ]
    return page(
        f"Strategy for {evidence.names}",
        what_changed(conversation, evidence),
        section("Actions", numbered(action.sentence for action in actions)),
        section("Ranking", table(head, rows), _HOW),
        section("Approved analysis this builds on", *approved),
        section("Problems", bullets(evidence.problems)),
    )


_HOW = (
    "The weight (0 to 100) grows with the share of missing cells, of columns, or of the variance "
    "that the action touches."
)
