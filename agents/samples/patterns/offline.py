"""What the patterns agent says offline: each pattern with its size, its rows and a warning."""

from calendar import month_name

from agents.samples.conversation import Call, Conversation, ModelAnswer
from agents.samples.evidence import Evidence, answer, evidence_of, gather, groupings, measures
from agents.samples.markdown import bullets, change, figure, page, section, table
from agents.samples.rerun import SHORT_FINDINGS, changes, follow_up, kept, wants_short, what_changed
from agents.samples.tools.correlation import Correlation
from agents.samples.tools.document import Document
from agents.samples.tools.segment import Segments
from agents.samples.tools.table_profile import TableProfile
from agents.samples.tools.trend import CLEAR_R2, Period, Trend

CLEAR_SEASON = 0.2
MOST_COMPARISONS = 9


def reply(conversation: Conversation, role: str) -> ModelAnswer:
    """Outliers and segments on top of the profile, then write."""
    evidence = evidence_of(conversation)
    calls = gather(conversation) or conversation.missing(*_looks(evidence))
    calls = calls or follow_up(conversation, evidence)
    if calls:
        return calls
    found = kept(conversation, evidence, _patterns(conversation, evidence))
    if wants_short(conversation):
        found = found[:SHORT_FINDINGS]
    asked = changes(conversation, evidence)
    return answer(
        _summary(evidence, found, asked),
        [*asked, *found],
        _metrics(conversation, evidence),
        _page(conversation, evidence, found),
    )


def _looks(evidence: Evidence) -> list[Call]:
    calls = [Call("find_outliers", {"file": item.file}) for item in evidence.tables]
    for item in evidence.tables:
        calls += [
            Call("compare_segments", {"file": item.file, "by": by.name, "measure": measure.name})
            for by in groupings(item)[:3]
            for measure in measures(item)[:3]
        ][:MOST_COMPARISONS]
    return calls


def _patterns(conversation: Conversation, evidence: Evidence) -> list[str]:
    found: list[str] = []
    for item in evidence.tables:
        found += [_correlation(pair) for pair in item.correlations[:5] if abs(pair.r) >= 0.3]
        found += [_trend(trend) for trend in item.trends if trend.is_clear][:3]
        found += [text for trend in item.trends for text in _season(trend)][:3]
    found += [_segment(item) for item in _segments(conversation) if item.explained >= 0.1][:4]
    found += _outliers(conversation)
    found += [_wording(document) for document in evidence.documents]
    return found


def _correlation(pair: Correlation) -> str:
    way = "rise together" if pair.r > 0 else "move in opposite directions"
    return (
        f"{pair.first} and {pair.second} {way}: r = {pair.r:.2f} over {pair.rows} rows "
        f"({pair.strength})."
    )


def _trend(trend: Trend) -> str:
    return (
        f"{trend.measure} changes by {change(trend.per_year)} per year from {trend.first_day} to "
        f"{trend.last_day} (R² {trend.r2:.2f}, {trend.rows} rows)."
    )


def _season(trend: Trend) -> list[str]:
    """The twelve months compared; a season when they differ clearly from their own mean."""
    if len(trend.months) < 6:
        return []
    high = max(trend.months, key=lambda month: month.mean)
    low = min(trend.months, key=lambda month: month.mean)
    middle = sum(abs(month.mean) for month in trend.months) / len(trend.months)
    if not middle or (high.mean - low.mean) / middle < CLEAR_SEASON:
        return []
    return [
        (
            f"{trend.measure} has a season: highest in {_month(high)} "
            f"(mean {figure(high.mean)}), lowest in {_month(low)} (mean {figure(low.mean)})."
        )
    ]


def _month(period: Period) -> str:
    return month_name[int(period.start)]


def _segments(conversation: Conversation) -> list[Segments]:
    found = [
        Segments.model_validate(item.response) for item in conversation.results("compare_segments")
    ]
    return sorted(found, key=lambda item: (-item.explained, item.by, item.measure))


def _segment(item: Segments) -> str:
    high, low = item.groups[0], item.groups[-1]
    return (
        f"{item.by} separates {item.measure}: {high.value} averages {figure(high.mean)} "
        f"({high.rows} rows), {low.value} {figure(low.mean)} ({low.rows} rows); it explains "
        f"{item.explained:.0%} of the variance."
    )


def _outliers(conversation: Conversation) -> list[str]:
    return [
        f"{column['column']} has {column['count']} outliers beyond {figure(column['low'])} to "
        f"{figure(column['high'])}, farthest {figure(column['examples'][0])}."
        for item in conversation.results("find_outliers")
        for column in item.response.get("columns", [])
    ]


def _wording(document: Document) -> str:
    words = [word.strip(".,;:!?()\"'").lower() for word in document.text.split()]
    counts: dict[str, int] = {}
    for word in words:
        if len(word) > 5 and word.isalpha():
            counts[word] = counts.get(word, 0) + 1
    top = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:5]
    listed = ", ".join(f"{word} ({count})" for word, count in top)
    return f"{document.file}: the most frequent longer words are {listed or 'none'}."


def _summary(evidence: Evidence, found: list[str], asked: list[str]) -> str:
    first = f"Reworked: {asked[0]} " if asked else ""
    if not found:
        return f"{first}No clear pattern in {evidence.names}. " + " ".join(evidence.problems)
    return f"{first}{len(found)} patterns in {evidence.names}. " + " ".join(found[:3])


def _metrics(conversation: Conversation, evidence: Evidence) -> dict[str, float | None]:
    pairs = [pair for item in evidence.tables for pair in item.correlations]
    outliers = [
        column["count"]
        for item in conversation.results("find_outliers")
        for column in item.response.get("columns", [])
    ]
    explained = [item.explained for item in _segments(conversation)]
    return {
        "correlations_moderate_or_more": sum(1 for pair in pairs if abs(pair.r) >= 0.5),
        "strongest_correlation": pairs[0].r if pairs else None,
        "clear_trends": sum(
            1 for item in evidence.tables for trend in item.trends if trend.is_clear
        ),
        "outliers": sum(outliers) if evidence.tables else None,
        "variance_explained_by_best_segment": explained[0] if explained else None,
    }


def _page(conversation: Conversation, evidence: Evidence, found: list[str]) -> str:
    return page(
        f"Patterns in {evidence.names}",
        what_changed(conversation, evidence),
        section("Patterns", bullets(found) or "None that is clear."),
        *(_table_section(item) for item in evidence.tables),
        section(
            "How sure",
            bullets(
                [
                    "A correlation is no cause; both may follow a third thing, such as a group.",
                    f"Trends below R² {CLEAR_R2} and correlations below 0.3 are no patterns.",
                    "An outlier lies more than three interquartile ranges outside the middle half.",
                ]
            ),
        ),
        section("Problems", bullets(evidence.problems)),
    )


def _table_section(item: TableProfile) -> str:
    pairs = [(p.first, p.second, f"{p.r:.2f}", p.rows, p.strength) for p in item.correlations[:10]]
    lines = [
        (t.measure, change(t.per_year), f"{t.r2:.2f}", t.rows, t.first_day, t.last_day)
        for t in item.trends
    ]
    return section(
        f"Figures of {item.file}",
        table(("first", "second", "r", "rows", "strength"), pairs),
        table(("measure", "per year", "R²", "rows", "from", "to"), lines),
    )
