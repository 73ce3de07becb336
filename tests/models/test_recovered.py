"""What a model or a member gets wrong is told to whoever can mend it, and costs no good answer."""

import importlib
import json
from typing import Any

import pytest

from agents.catalogue import CATALOGUE
from agents.errors import AgentError
from agents.runtime.adk_tools import members_of
from agents.runtime.local import LocalAgents
from notifications.cards.card import card as blocks_of
from notifications.mail.plain_card import plain_card
from tests.agents.requests import SALES, request
from tests.models.conftest import Write
from tests.models.gemini import KEY, GeminiStandIn
from tests.models.gemini_replies import ANSWER, ModelAnswer, calls, says
from tests.models.pipeline import FLASH, Pipeline
from workflows.messages.results import AgentResult

SAFETY = ModelAnswer(finish="SAFETY")
GOOD = calls(("set_model_response", ANSWER))


async def run(settings_of: Write, agent: str) -> AgentResult:
    runner = LocalAgents(models=settings_of(env=f"GOOGLE_API_KEY={KEY}").model_access)
    asked = request(agent).model_copy(update={"model": FLASH})
    outcome = await runner.run(asked, [SALES])
    assert outcome.result is not None
    return outcome.result


def heard(gemini: GeminiStandIn, call: int) -> list[dict[str, Any]]:
    """What the tools answered, as the model was told."""
    parts = gemini.seen[call].body["contents"][-1]["parts"]
    return [part["functionResponse"]["response"] for part in parts if "functionResponse" in part]


WRONG: dict[str, tuple[str, dict[str, Any], str]] = {
    "a number for a name": ("profile_table", {"file": 7}, "file: Input should be a valid string"),
    "a list for a name": ("read_document", {"file": ["a", "b"]}, "file: Input should"),
    "nothing at all": ("profile_table", {}, "file"),
    "too many": ("profile_table", {"file": "sales.csv", "deep": True}, ""),
    "no such tool": ("no_such_tool", {"x": 1}, "no_such_tool"),
    "an answer of another shape": ("set_model_response", {"summary": 7}, "summary"),
}


@pytest.mark.parametrize("name", WRONG)
async def test_wrong_arguments_go_back_to_the_model(
    gemini: GeminiStandIn, settings_of: Write, name: str
) -> None:
    """As an answer it can mend; the turn goes on."""
    tool, arguments, says_so = WRONG[name]
    gemini.says(calls((tool, arguments)), GOOD)
    assert (await run(settings_of, "analysis")).summary == ANSWER["summary"]
    assert len(gemini.seen) == 2
    assert says_so in json.dumps(heard(gemini, 1))
    assert not gemini.refused


async def test_wrong_arguments_of_what_acts(gemini: GeminiStandIn, settings_of: Write) -> None:
    """Nobody is asked to approve it."""
    amount = {"to": "Ann", "amount": "a lot", "currency": "EUR", "reason": "17"}
    wrong = calls(("order_payment", amount))
    gemini.says(wrong, says("I could not pay."))
    result = await run(settings_of, "payment")
    assert result.summary == "I could not pay."
    assert "amount: Input should be a valid number" in json.dumps(heard(gemini, 1))


async def test_a_member_that_failed_was_heard_of(line: Pipeline, gemini: GeminiStandIn) -> None:
    """Whoever asked it goes on without, and its answer counts."""
    ask = {"request": "what is in it?"}
    gemini.says(
        calls(("research_assistant", ask)),
        calls(("searcher", ask)),
        SAFETY,
        says("The searcher found nothing."),
        GOOD,
    )
    task = await line.start("report_writer")
    card = await line.card(task, "report_writer")
    assert card.request.result.summary == ANSWER["summary"]
    assert not gemini.refused


async def test_a_member_nobody_asks_anew_fails_the_turn(
    gemini: GeminiStandIn, settings_of: Write
) -> None:
    """The checker would check nothing, and call that good."""
    gemini.says(SAFETY, GOOD)
    with pytest.raises(AgentError, match="SAFETY"):
        await run(settings_of, "fact_check")


async def test_a_claim_that_no_call_bears_out_is_marked(
    line: Pipeline, gemini: GeminiStandIn
) -> None:
    """On the card, whatever agent says so."""
    lie = {**ANSWER, "full_text": "I have ordered three laptops."}
    gemini.says(says(json.dumps(lie)))
    task = await line.start("analysis")
    card = await line.card(task, "analysis")
    assert card.request.claimed == ("ordered",)
    warned = "something was ordered: no tool call of this step did that"
    assert warned in str(blocks_of(card))
    assert warned in str(plain_card(card, card.raised_at).warnings)


async def test_a_specialist_hands_the_message_to_nobody(
    gemini: GeminiStandIn, settings_of: Write
) -> None:
    """The desk may transfer, once; whoever got the message has no tool to pass it on with."""
    gemini.says(calls(("transfer_to_agent", {"agent_name": "billing"})))
    assert (await run(settings_of, "help_desk")).summary == ANSWER["summary"]
    declared = [
        {one["name"] for tool in seen.body["tools"] for one in tool["functionDeclarations"]}
        for seen in gemini.seen
    ]
    assert ["transfer_to_agent" in names for names in declared] == [True, False]
    assert not gemini.refused


@pytest.mark.parametrize("agent", CATALOGUE)
def test_only_a_coordinator_can_transfer(agent: str) -> None:
    """Of all members of all agents of ours: the one at the top, to those below it."""
    root = importlib.import_module(f"agents.samples.{agent}.agent").build(FLASH)
    for member in members_of(root):
        if member is not root:
            assert member.disallow_transfer_to_parent
            assert member.disallow_transfer_to_peers
