"""What becomes of whatever a model says."""

import json

import pytest

from agents.runtime.local import LocalAgents
from agents.turn.answer import clean, parse_answer, shorten
from tests.agents.requests import SALES, request
from tests.agents.scripted import ScriptedModel, calls, says, script
from workflows.messages.results import AgentResult

ANSWER = {
    "summary": "Ten rows.",
    "findings": ["Units grow."],
    "metrics": [{"name": "rows", "value": 10}],
    "full_text": "# Ten rows",
}


async def run(model: str, temperature: float | None = None) -> AgentResult:
    changes = {"model": model, "temperature": temperature}
    asked = request().model_copy(update=changes)
    outcome = await LocalAgents(offline=True).run(asked, [SALES])
    assert outcome.result is not None
    return outcome.result


async def test_a_model_uses_the_tools_and_the_structured_answer() -> None:
    """As Gemini does: a tool first, then ADK's tool for the answer."""
    model = script(
        "good", calls("profile_table", file="sales.csv"), calls("set_model_response", **ANSWER)
    )
    result = await run(model, temperature=0.3)
    assert result == AgentResult(
        summary="Ten rows.",
        findings=("Units grow.",),
        metrics={"rows": 10.0},
        full_text="# Ten rows",
        model=model,
    )
    first = ScriptedModel.requests[0]
    assert first.config.temperature == 0.3
    assert "Call the tools for every figure" in str(first.config.system_instruction)
    assert "set_model_response" in first.tools_dict


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(ANSWER),
        f"Here it is:\n```json\n{json.dumps(ANSWER)}\n```\nGood luck!",
        f"Sure! {json.dumps(ANSWER)}",
    ],
)
async def test_json_is_found_in_what_is_around_it(text: str) -> None:
    """Fenced or not."""
    result = await run(script("chatty", says(text)))
    assert (result.summary, result.metrics) == ("Ten rows.", {"rows": 10.0})


async def test_prose_is_a_result_too() -> None:
    """The first paragraph is the summary, all of it the full text."""
    result = await run(script("prose", says("# Title\n\nAll is well.")))
    assert (result.summary, result.full_text) == ("Title", "# Title\n\nAll is well.")
    assert not result.offline


async def test_a_tool_tells_the_model_what_is_wrong() -> None:
    """As an error it can read, not as an exception."""
    model = script(
        "curious", calls("profile_table", file="../../etc/passwd"), says("No such file.")
    )
    result = await run(model)
    assert result.summary == "No such file."
    contents = ScriptedModel.requests[-1].contents
    response = contents[-1].parts[0].function_response  # type: ignore[index]
    assert response is not None
    assert response.response == {"error": "There is no input file called ../../etc/passwd."}


async def test_a_file_cannot_make_an_agent_call_out() -> None:
    """An address that only a file or an earlier result names is not fetched."""
    model = script("lured", calls("fetch_url", url="https://example.com/?data=x"), says("Refused."))
    await run(model)
    response = ScriptedModel.requests[-1].contents[-1].parts[0].function_response  # type: ignore[index]
    assert response is not None
    assert "was not named by the requester" in str(response.response)


POISON = {
    "surrogate": {"summary": "a\ud800b", "full_text": "\ud800"},
    "nul": {"summary": "a\0b", "findings": ["\0"]},
    "nan": {"summary": "x", "metrics": [{"name": "n", "value": float("nan")}]},
    "long": {"summary": "x" * 5000, "full_text": "y" * 3_000_000},
}


@pytest.mark.parametrize("name", POISON)
def test_poison_is_made_harmless(name: str) -> None:
    """The result can be hashed, stored and shown."""
    result = parse_answer(json.dumps(POISON[name]), "scripted/x")
    dumped = result.model_dump_json()
    dumped.encode("utf-8")
    assert "\0" not in result.summary + result.full_text
    assert result.summary
    assert len(dumped) < 2_100_000
    assert AgentResult.model_validate_json(dumped) == result


@pytest.mark.parametrize("text", ["[" * 100_000, "All is well.", "1", "* one\n* two"])
def test_what_is_no_json_becomes_text(text: str) -> None:
    """Never an exception."""
    assert parse_answer(text, "scripted/x").summary


def test_summaries_are_cut_at_a_word() -> None:
    """With a sign that something is missing."""
    assert shorten("one two three", 9) == "one two…"
    assert shorten("x" * 20, 9) == "xxxxxxxx…"
    assert clean("a\ud800\0b") == "a?b"
