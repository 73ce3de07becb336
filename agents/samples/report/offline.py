"""What the report says offline: the approved results brought together and checked once more."""

from agents.inputs.hints import is_reading_line
from agents.samples.conversation import Conversation, ModelAnswer
from agents.samples.evidence import Evidence, answer, evidence_of, gather
from agents.samples.markdown import bullets, cell, figure, numbered, page, section, table
from agents.samples.rerun import SHORT_FINDINGS, changes, follow_up, kept, wants_short, what_changed
from workflows.messages.turns import EarlierStep

MOST_PER_STEP = 5


def reply(conversation: Conversation, role: str) -> ModelAnswer:
    """Read the data once more to check the approved figures, then write."""
    evidence = evidence_of(conversation)
    calls = gather(conversation) or follow_up(conversation, evidence)
    if calls:
        return calls
    earlier = conversation.brief.earlier
    most = SHORT_FINDINGS if wants_short(conversation) else MOST_PER_STEP
    asked = changes(conversation, evidence)
    checks = _checks(earlier, evidence)
    lead = [finding for item in earlier for finding in _told(item)[:2]]
    findings = kept(conversation, evidence, [*lead, *checks])
    return answer(
        _summary(earlier, evidence, asked, checks),
        [*asked, *findings],
        _metrics(earlier, evidence),
        page(
            f"Report on {evidence.names}",
            what_changed(conversation, evidence),
            section("In short", bullets(_short(earlier))),
            *(_step(item, most) for item in earlier),
            section("Figures", _figures(earlier)),
            section("Checked again", bullets(checks)),
            section("Open", bullets(_open(earlier, evidence))),
        ),
    )


def _summary(
    earlier: tuple[EarlierStep, ...], evidence: Evidence, asked: list[str], checks: list[str]
) -> str:
    first = f"Reworked: {asked[0]} " if asked else ""
    if not earlier:
        return (
            f"{first}Report on {evidence.names} without approved results: there is nothing to "
            f"bring together yet. {' '.join(checks)}"
        )
    steps = ", ".join(item.step for item in earlier)
    lead = " ".join(_first_sentence(item.result.summary) for item in earlier)
    return f"{first}Report on {evidence.names} from {steps}. {lead}"


def _first_sentence(text: str) -> str:
    cut = text.partition(". ")[0].strip().rstrip(".")
    return f"{cut[:180]}."


def _short(earlier: tuple[EarlierStep, ...]) -> list[str]:
    return [f"{item.step}: {item.result.summary}" for item in earlier]


def _step(item: EarlierStep, most: int) -> str:
    listed = _told(item)[:most]
    text = numbered(listed) if item.step == "strategy" else bullets(listed)
    return section(item.step.capitalize(), item.result.summary, text)


def _told(item: EarlierStep) -> list[str]:
    """Its findings, without how files were read: this report says that itself."""
    return [finding for finding in item.result.findings if not is_reading_line(finding)]


def _figures(earlier: tuple[EarlierStep, ...]) -> str:
    rows = [
        (item.step, name, figure(value))
        for item in earlier
        for name, value in item.result.metrics.items()
    ]
    return table(("step", "figure", "value"), rows)


def _checks(earlier: tuple[EarlierStep, ...], evidence: Evidence) -> list[str]:
    """The approved number of rows and missing cells against the data as it is now."""
    analysis = next((item.result for item in earlier if item.step == "analysis"), None)
    if not evidence.tables:
        return []
    rows = sum(item.rows for item in evidence.tables)
    missing = sum(item.missing_cells for item in evidence.tables)
    if analysis is None:
        return [f"{evidence.names}: {rows:,} rows, {missing:,} missing cells."]
    return [
        _check("rows", analysis.metrics.get("rows"), rows),
        _check("missing cells", analysis.metrics.get("missing_cells"), missing),
    ]


def _check(name: str, approved: float | None, found: int) -> str:
    if approved is None:
        return f"The approved analysis gives no number of {name}; the data has {found:,}."
    if int(approved) == found:
        return f"The approved number of {name} ({found:,}) still holds."
    return f"The approved analysis says {figure(approved)} {name}, but the data has {found:,}."


def _metrics(earlier: tuple[EarlierStep, ...], evidence: Evidence) -> dict[str, float | None]:
    return {
        "steps": len(earlier),
        "findings": sum(len(item.result.findings) for item in earlier),
        "rows": sum(item.rows for item in evidence.tables) if evidence.tables else None,
    }


def _open(earlier: tuple[EarlierStep, ...], evidence: Evidence) -> list[str]:
    offline = [item.step for item in earlier if item.result.offline]
    found = list(evidence.problems)
    if offline:
        found.append(f"Written offline, without a language model: {', '.join(map(cell, offline))}.")
    return found or ["Nothing."]
