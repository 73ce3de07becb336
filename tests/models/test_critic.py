"""Critics that are models: what they object to counts, and what code objects to counts beside it."""

import json

import pytest

from agents.errors import BudgetUsedUp
from agents.runtime.local import LocalAgents
from agents.samples.critique import NO_REASON
from tests.agents.requests import EXAMPLES, input_file, request
from tests.models.conftest import Write
from tests.models.gemini import KEY, GeminiStandIn
from tests.models.gemini_replies import Body, ModelAnswer, calls, says
from tests.models.pipeline import FLASH
from workflows.messages.turns import TurnOutcome
from workflows.task.cost import Allowance, Budget

DRAFT = "The pump stops at night.\n"
BETTER = "The pump stops at ten.\n"
APPROVES = json.dumps({"verdict": "approve", "objections": []})
OBJECTS = json.dumps({"verdict": "object", "objections": ["“at night” is not a time."]})


class Pair:
    """A writer and a critic, each with its lines; the last one is said for ever."""

    def __init__(self, writer: list[str], critic: list[str]) -> None:
        self.lines = {"writer": writer, "critic": critic}
        self.heard: dict[str, list[str]] = {"writer": [], "critic": []}

    def answer(self, body: Body) -> ModelAnswer:
        told = body["systemInstruction"]["parts"][0]["text"]
        who = "critic" if "You are a critic" in told else "writer"
        lines, heard = self.lines[who], self.heard[who]
        heard.append(json.dumps(body["contents"]))
        return says(lines.pop(0) if len(lines) > 1 else lines[0])


async def refined(
    gemini: GeminiStandIn, settings_of: Write, pair: Pair, budget: Budget | None = None
) -> TurnOutcome:
    gemini.usual = pair.answer
    asked = request("refine", "a.md", DRAFT.encode()).model_copy(update={"model": FLASH})
    if budget:
        allowed = Allowance(of="the step refine", budget=budget)
        asked = asked.model_copy(update={"allowances": (allowed,)})
    runner = LocalAgents(models=settings_of(env=f"GOOGLE_API_KEY={KEY}").model_access)
    outcome = await runner.run(asked, [DRAFT.encode()])
    assert not gemini.refused
    return outcome


async def test_an_objection_sends_the_text_back(gemini: GeminiStandIn, settings_of: Write) -> None:
    """The writer hears it, and the critic sees what was before; both are counted."""
    pair = Pair([DRAFT, BETTER], [OBJECTS, APPROVES])
    outcome = await refined(gemini, settings_of, pair)
    assert outcome.result
    assert "is not a time" in pair.heard["writer"][1]
    assert "at night" in pair.heard["critic"][1]
    assert "at ten" in pair.heard["critic"][1]
    assert outcome.result.findings == ("All checks pass.", "The critic approves of it.")
    assert outcome.result.full_text.rstrip().endswith(BETTER.strip())
    assert outcome.cost.turn.calls == len(gemini.seen) == 4


async def test_an_approval_overrides_no_check(gemini: GeminiStandIn, settings_of: Write) -> None:
    """A text that fails one never gets to the critic, and is not called approved."""
    pair = Pair(["The price is TODO."], [APPROVES])
    outcome = await refined(gemini, settings_of, pair)
    assert outcome.result
    assert not pair.heard["critic"]
    assert outcome.result.metrics["problems left"] == 1
    assert "The critic was not asked, because checks fail." in outcome.result.findings


async def test_a_mended_objection_may_break_a_check(
    gemini: GeminiStandIn, settings_of: Write
) -> None:
    """What the critic approved of in another round is no approval of this text."""
    pair = Pair([DRAFT, "It stops at TODO."], [OBJECTS, APPROVES])
    outcome = await refined(gemini, settings_of, pair)
    assert outcome.result
    assert len(pair.heard["critic"]) == 1
    assert outcome.result.metrics["problems left"] == 1
    assert "approves" not in outcome.result.full_text


@pytest.mark.parametrize(
    ("said", "left", "finding"),
    [
        (OBJECTS, 1, "The critic objects."),
        (json.dumps({"verdict": "object"}), 1, NO_REASON),
        (json.dumps({"verdict": "approve", "objections": ["No."]}), 1, "No."),
        (json.dumps({"verdict": "cannot_say"}), 0, "No critic judged it"),
        ("{}", 0, "No critic judged it"),
    ],
)
async def test_what_is_no_approval_is_not_told_as_one(
    gemini: GeminiStandIn, settings_of: Write, said: str, left: int, finding: str
) -> None:
    """A writer that gives up, objections beside an approval, a critic without a verdict."""
    pair = Pair([DRAFT], [said])
    outcome = await refined(gemini, settings_of, pair)
    assert outcome.result
    assert outcome.result.metrics["problems left"] == left
    assert any(one.startswith(finding) for one in outcome.result.findings)
    assert "approves" not in outcome.result.full_text


async def test_it_ends_after_five_rounds(gemini: GeminiStandIn, settings_of: Write) -> None:
    """However the writer turns it."""
    pair = Pair([f"The pump stops at {n}." for n in range(20)], [OBJECTS])
    outcome = await refined(gemini, settings_of, pair)
    assert outcome.result
    assert outcome.result.metrics == {"rounds": 5, "problems before": 1, "problems left": 1}
    assert "The critic objects." in outcome.result.findings


async def test_the_critic_draws_on_the_budget(gemini: GeminiStandIn, settings_of: Write) -> None:
    """Of the step."""
    pair = Pair([f"The pump stops at {n}." for n in range(20)], [OBJECTS])
    with pytest.raises(BudgetUsedUp):
        await refined(gemini, settings_of, pair, Budget(calls=4))
    assert [len(heard) for heard in pair.heard.values()] == [2, 2]


CLAIMS = [
    "There are 344 rows.",
    "The highest flipper length is 241 mm.",
    "About 12 penguins wore a hat.",
    "About 3 penguins sang.",
]


def checker(body: Body) -> ModelAnswer:
    """A drafter with those claims, and a checker that finds the second right, the first wrong."""
    names = {one["name"] for tool in body.get("tools", []) for one in tool["functionDeclarations"]}
    if len(body["contents"]) == 1:
        return calls(("profile_table", {"file": "penguins.csv"}))
    if "set_model_response" not in names:
        return says(json.dumps({"claims": CLAIMS}))
    verdicts = [
        {"claim": CLAIMS[0], "verdict": "invalid", "reason": "I count 345."},
        {"claim": CLAIMS[1].upper(), "verdict": "valid", "reason": "Looks right."},
        {"claim": CLAIMS[2], "verdict": "valid", "reason": "A photo shows them."},
    ]
    return calls(("set_model_response", {"verdicts": verdicts}))


async def test_figures_and_checker_both_count(gemini: GeminiStandIn, settings_of: Write) -> None:
    """What contradicts the figures stays invalid; what the checker doubts is doubted."""
    gemini.usual = checker
    content = (EXAMPLES / "penguins.csv").read_bytes()
    asked = request("fact_check").model_copy(
        update={"inputs": (input_file("penguins.csv", content),), "model": FLASH}
    )
    runner = LocalAgents(models=settings_of(env=f"GOOGLE_API_KEY={KEY}").model_access)
    outcome = await runner.run(asked, [content])
    assert outcome.result
    assert not gemini.refused
    assert list(outcome.result.findings) == [
        f"Invalid: “{CLAIMS[0]}” (the checker: I count 345.).",
        f"Invalid: “{CLAIMS[1]}” (241 is not highest Flipper Length, which is 231).",
        f"Unclear: “{CLAIMS[3]}” (no figure of the data is named).",
        f"Valid: “{CLAIMS[2]}” (the checker: A photo shows them.).",
    ]
