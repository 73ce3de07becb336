"""The four agents of the review pipeline on the offline model."""

import pytest

from agents.errors import AgentFailed, UnknownAgent, UnusableInput
from agents.inputs.table import open_table
from agents.runtime.local import LocalAgents
from agents.samples.tools.table_profile import profile
from agents.samples.tools.trend import CLEAR_R2
from agents.turn.answer import OFFLINE_LINE
from tests.agents.requests import EXAMPLES, SALES, request, said
from workflows.messages.results import SUMMARY_CHARACTERS, AgentResult
from workflows.messages.turns import Feedback

STEPS = ("analysis", "strategy", "patterns", "report")


async def run(local: LocalAgents, agent: str, **changes: object) -> AgentResult:
    outcome = await local.run(request(agent, **changes), [SALES])  # type: ignore[arg-type]
    assert outcome.result is not None
    return outcome.result


async def test_the_pipeline_writes_from_the_figures(local: LocalAgents) -> None:
    """Each step says something else, all of it from the same file, and is labelled offline."""
    earlier: tuple = ()  # type: ignore[type-arg]
    results = {}
    for step in STEPS:
        results[step] = await run(local, step, earlier=earlier)
        earlier = (*earlier, said(step, results[step]))
    assert results["analysis"].metrics["rows"] == 10
    assert "note is missing in 9 of 10 rows (90 %)." in results["analysis"].findings
    assert any("note" in finding for finding in results["strategy"].findings)
    assert any("units has 1 outliers" in finding for finding in results["patterns"].findings)
    assert "The approved number of rows (10) still holds." in results["report"].findings
    assert len({result.summary for result in results.values()}) == len(STEPS)
    for result in results.values():
        assert result.offline
        assert result.full_text.startswith(OFFLINE_LINE)
        assert len(result.summary) <= SUMMARY_CHARACTERS


@pytest.mark.parametrize("step", STEPS)
async def test_the_same_request_gives_the_same_result(local: LocalAgents, step: str) -> None:
    """To the byte, in another process-wide instance as well."""
    first = await run(local, step)
    second = await run(LocalAgents(offline=True), step, key="another key")
    assert first == second


async def test_an_edited_result_is_what_the_report_uses(local: LocalAgents) -> None:
    """People's words win, and a figure that no longer fits the data is pointed at."""
    edited = AgentResult(summary="We count nine rows.", metrics={"rows": 9})
    result = await run(local, "report", earlier=(said("analysis", edited),))
    assert "We count nine rows." in result.summary
    assert "The approved analysis says 9 rows, but the data has 10." in result.findings


async def test_feedback_about_a_column_is_acted_on(local: LocalAgents) -> None:
    """The named columns are examined, by the named group, and the result says what changed."""
    before = await run(local, "analysis")
    feedback = Feedback(text="What about units by region, and outliers?", by="Ann", previous=before)
    after = await run(local, "analysis", feedback=feedback)
    assert after.summary.startswith("Reworked: Examined")
    assert "## What changed" in after.full_text
    assert "> What about units by region, and outliers?" in after.full_text
    assert any(
        finding.startswith("Mean units by region: highest for South") for finding in after.findings
    )
    assert any(finding.startswith("units: 1 values outside") for finding in after.findings)
    assert after != before


async def test_feedback_that_is_not_understood_is_said(local: LocalAgents) -> None:
    """No pretence: the text names what the offline model can do, and the way out."""
    before = await run(local, "strategy")
    feedback = Feedback(text="Make it sing.", by="Ann", previous=before)
    after = await run(local, "strategy", feedback=feedback)
    assert "found nothing in the feedback that it can act on" in after.full_text


@pytest.mark.parametrize("step", STEPS)
async def test_a_trend_that_explains_next_to_nothing_is_not_told(
    local: LocalAgents, step: str
) -> None:
    """Seattle's weather has seasons and hardly a line: nobody is to plan for an R² of 0.03."""
    content = (EXAMPLES / "seattle-weather.csv").read_bytes()
    with open_table("seattle-weather.csv", content) as table:
        lines = profile(table).trends
    assert lines
    assert max(line.r2 for line in lines) < CLEAR_R2
    outcome = await local.run(request(step, "seattle-weather.csv", content), [content])
    assert outcome.result is not None
    told = "\n".join((outcome.result.summary, *outcome.result.findings))
    assert "per year" not in told
    assert "Plan for" not in told


async def test_a_weak_trend_that_people_ask_for_is_called_none(local: LocalAgents) -> None:
    """They asked, so they get the figure, and what it is worth."""
    content = (EXAMPLES / "seattle-weather.csv").read_bytes()
    asked = request("strategy", "seattle-weather.csv", content)
    before = (await local.run(asked, [content])).result
    assert before is not None
    feedback = Feedback(text="What about the trend?", by="Ann", previous=before)
    after = request("strategy", "seattle-weather.csv", content, feedback=feedback)
    result = (await local.run(after, [content])).result
    assert result is not None
    assert any("no clear trend (R² 0.0" in finding for finding in result.findings)


async def test_a_clear_trend_is_planned_for(local: LocalAgents) -> None:
    """Units grow by the month."""
    steady = b"day,units\n" + b"".join(b"2024-%02d-01,%d\n" % (n, 10 * n) for n in range(1, 13))
    outcome = await local.run(request("strategy", content=steady), [steady])
    assert outcome.result is not None
    assert any(item.startswith("Plan for units to go up.") for item in outcome.result.findings)


LEFT_OUT = [
    ("strategy", "Leave out the trend.", "per year", "Left out: trends."),
    ("strategy", "Please leave the missing values out", "is missing in", "Left out: missing values."),
    ("strategy", "Don't mention region, but look at units", "region", "Left out: region."),
    ("patterns", "without outliers and correlations", "outliers", "Left out: outliers, correlations."),
    ("analysis", "Too long: drop note", "note is missing", "Left out: note."),
]  # fmt: skip


@pytest.mark.parametrize(("step", "text", "gone", "told"), LEFT_OUT)
async def test_what_is_to_be_left_out_is_left_out(
    local: LocalAgents, step: str, text: str, gone: str, told: str
) -> None:
    """It was there, it is gone, and that is said; nothing about it is added."""
    before = await run(local, step)
    assert any(gone in finding for finding in before.findings)
    after = await run(local, step, feedback=Feedback(text=text, by="Ann", previous=before))
    assert told in after.findings
    assert not any(gone in finding for finding in after.findings if finding != told)
    assert gone not in after.summary.replace(told, "")


async def test_feedback_is_never_passed_over_in_silence(local: LocalAgents) -> None:
    """An agent that cannot act on it says so."""
    feedback = Feedback(text="Use green.", by="Ann", previous=AgentResult(summary="x"))
    after = await run(local, "data_pipeline", feedback=feedback)
    assert "## What changed\n\nNothing: offline, this agent cannot act on" in after.full_text


async def test_shorter_is_shorter(local: LocalAgents) -> None:
    """A draft for less text is granted."""
    before = await run(local, "analysis")
    feedback = Feedback(text="Too long, please shorter", by="Ann", previous=before)
    after = await run(local, "analysis", feedback=feedback)
    assert len(after.findings) < len(before.findings)


@pytest.mark.parametrize("step", STEPS)
async def test_a_text_is_worked_on_too(local: LocalAgents, step: str) -> None:
    """Markdown goes through the same four steps."""
    content = (EXAMPLES / "release-plan.md").read_bytes()
    outcome = await local.run(request(step, "release-plan.md", content), [content])
    assert outcome.result is not None
    assert "release-plan.md" in outcome.result.summary


async def test_an_unreadable_input_is_refused_before_any_model_is_asked(local: LocalAgents) -> None:
    """The sentence names the file and the way out; trying again is no use."""
    with pytest.raises(UnusableInput, match=r"sales.csv has a header but no rows") as caught:
        await local.run(request(content=b"a,b\n"), [b"a,b\n"])
    assert not caught.value.retryable


async def test_an_unknown_agent_is_named() -> None:
    """With the names there are."""
    with pytest.raises(UnknownAgent, match="There are: analysis, strategy"):
        await LocalAgents(offline=True).run(request("analyst"), [SALES])


async def test_without_a_key_gemini_is_refused_with_the_way_out() -> None:
    """Not retried: a key does not appear by itself."""
    with pytest.raises(AgentFailed, match="Set GOOGLE_API_KEY, or use the model offline") as e:
        await LocalAgents(offline=False).run(request(), [SALES])
    assert not e.value.retryable


async def test_hostile_names_stay_data(local: LocalAgents) -> None:
    """Column names with Markdown, pipes and line breaks do not break the table of the result."""
    content = b'"a|b\n# heading",`x`\n1,2\n3,4\n'
    outcome = await local.run(request(content=content), [content])
    assert outcome.result is not None
    assert "\n# heading" not in outcome.result.full_text
    assert "a\\|b # heading" in outcome.result.full_text
