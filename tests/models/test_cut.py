"""Cut, blocked and missing answers, through a whole pipeline: never a card, never kept."""

import json

import pytest

from agents.errors import AgentError, BadAnswer
from agents.runtime.local import LocalAgents
from agents.turn.answer import parse_answer
from tests.agents.requests import SALES, request
from tests.models.conftest import Write
from tests.models.gemini import KEY, GeminiStandIn
from tests.models.gemini_replies import ANSWER, Fault, ModelAnswer, calls, internal, says
from tests.models.pipeline import FLASH, Pipeline

WHOLE = json.dumps(ANSWER)
PROFILE = calls(("profile_table", {"file": "sales.csv"}))
CUT: dict[str, tuple[ModelAnswer | Fault, str, int]] = {
    "half, no room": (says(WHOLE[:60], "MAX_TOKENS"), "was cut off", 1),
    "whole, no room": (says(WHOLE, "MAX_TOKENS"), "was cut off", 1),
    "a call, no room": (ModelAnswer(PROFILE.parts, "MAX_TOKENS"), "was cut off", 1),
    "all thoughts": (ModelAnswer(finish="MAX_TOKENS"), "was cut off", 1),
    "blocked": (ModelAnswer(finish="SAFETY"), "rules on contents (SAFETY)", 1),
    "blocked in the middle": (says("Take two", "SAFETY"), "rules on contents (SAFETY)", 1),
    "blocked before": (
        ModelAnswer(blocked="PROHIBITED_CONTENT"),
        "rules on contents (PROHIBITED_CONTENT)",
        1,
    ),
    "recited": (says("Shall I compare", "RECITATION"), "recited somebody else's text", 3),
    "no candidate": (ModelAnswer(), "gave no usable answer", 3),
    "a list": (Fault(status=200, body=["x"]), "gave no usable answer", 3),
    "another object": (Fault(status=200, body={"candidates": "x"}), "gave no usable answer", 3),
    "no text": (says("  \n"), "gave no usable answer", 3),
    "only a thought": (
        ModelAnswer(({"text": "Hm.", "thought": True},)),
        "gave no usable answer",
        3,
    ),
    "a bad call": (ModelAnswer(finish="MALFORMED_FUNCTION_CALL"), "(MALFORMED_FUNCTION_CALL)", 3),
    "half of the JSON": (says(WHOLE[:70]), "broke off its answer", 3),
    "half, fenced": (says(f"```json\n{WHOLE[:70]}"), "broke off its answer", 3),
    "half, after words": (says(f"Here it is: {WHOLE[:70]}"), "broke off its answer", 3),
    "no summary": (says('{"summary": " ", "full_text": ""}'), "said nothing", 3),
}


WHOLE_LINE = ("whole, no room", "blocked in the middle", "no candidate", "half of the JSON")


@pytest.mark.parametrize("name", CUT)
async def test_it_is_a_failure(gemini: GeminiStandIn, settings_of: Write, name: str) -> None:
    """With a sentence that names agent and model; asked again only where that may help."""
    reply, says_so, tries = CUT[name]
    gemini.says(reply)
    runner = LocalAgents(models=settings_of(env=f"GOOGLE_API_KEY={KEY}").model_access)
    with pytest.raises(AgentError) as caught:
        await runner.run(request().model_copy(update={"model": FLASH}), [SALES])
    assert says_so in caught.value.sentence
    assert f"analysis ({FLASH})" in caught.value.sentence
    assert caught.value.retryable is (tries > 1)
    assert len(gemini.seen) == 1


@pytest.mark.parametrize("name", WHOLE_LINE)
async def test_no_card_and_nothing_kept(line: Pipeline, gemini: GeminiStandIn, name: str) -> None:
    """Through the whole pipeline; a later failure finds no such answer to fall back on."""
    reply, says_so, tries = CUT[name]
    gemini.says(*[reply] * tries)
    task = await line.start("analysis")
    assert says_so in await line.problem(task)
    assert len(gemini.seen) == tries
    assert not [card for card in line.house.cards.cards if card.startswith(task.id)]
    gemini.says(*[internal()] * 3)
    await line.retry(task)
    assert "overloaded" in await line.problem(task, 2)
    await line.retry(task, 2)
    card = await line.card(task, "analysis")
    assert card.request.result.summary == ANSWER["summary"]
    assert not gemini.refused


@pytest.mark.parametrize(
    "text",
    [
        f"Sure, {{name}}! Here is {{it}}:\n\n{WHOLE}\n\nAnything else, {{name}}?",
        f'First I thought {{"summary": "no"}}, then:\n```json\n{WHOLE}\n```\nDone {{}}.',
        f'{{"note": 1}} {WHOLE} {{"a": {{"b": 2}}}}',
    ],
)
def test_prose_around_json_is_parsed(text: str) -> None:
    """Whatever braces are in it; the last answer counts."""
    result = parse_answer(text, "m")
    assert (result.summary, result.metrics) == (ANSWER["summary"], {"rows": 10.0})


def test_an_answer_without_a_summary_has_one() -> None:
    """Of what it says; never a sentence that says there is none."""
    result = parse_answer(json.dumps({"summary": "", "full_text": "# Rows\n\nTen."}), "m")
    assert result.summary == "Rows"
    result = parse_answer(json.dumps({"summary": "", "findings": ["Ten rows."]}), "m")
    assert result.summary == "Ten rows."


@pytest.mark.parametrize("text", ["", " \n", "null", "{}", '{"summary": 1}', "{" * 9, WHOLE[:-1]])
def test_what_is_no_answer_is_refused(text: str) -> None:
    """With the names of agent and model."""
    with pytest.raises(BadAnswer, match=r"analysis \(m\)"):
        parse_answer(text, "m", "analysis")
