"""What models may cost: over all attempts, Retry included; and which model it was."""

import asyncio

import pytest
from prometheus_client.parser import text_string_to_metric_families

from agents.errors import BudgetUsedUp, WrongVersion
from agents.runtime.local import LocalAgents
from bot.config.errors import ConfigurationError
from bot.config.models import require_models
from notifications.cards.details import details
from notifications.mail.plain_card import plain_card
from tests.agents.requests import SALES, request
from tests.models.conftest import PRICES, SMALL, Write
from tests.models.gemini import KEY, GeminiStandIn
from tests.models.gemini_replies import ANSWER, calls, internal
from tests.models.pipeline import FLASH, Pipeline
from tests.workflows.conftest import until
from workflows.messages.audit import AuditKind
from workflows.messages.decisions import Verdict
from workflows.messages.results import AgentPin
from workflows.messages.tasks import Gesture
from workflows.task.cost import Allowance, Budget, Cost, Spent
from workflows.task.workflow import TaskWorkflow

LOOK = calls(("profile_table", {"file": "sales.csv"}))
VERSION = "gemini-3-flash-preview"


def counted(line: Pipeline) -> dict[str, float]:
    _, text = line.metrics.exposition()
    return {
        sample.name: sample.value
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
        if sample.name.startswith("signoff_model_") and sample.name.endswith("_total")
    }


async def test_a_loop_of_tools_stops(line: Pipeline, gemini: GeminiStandIn) -> None:
    """At the step's budget; Retry asks no model again, and says so anew."""
    gemini.says(*[LOOK] * 50)
    task = await line.start("analysis", budget=Budget(calls=7))
    problem = await line.problem(task)
    assert "analysis has used up the budget of the step analysis (7 calls of a model)" in problem
    assert len(gemini.seen) == 7
    await line.retry(task)
    assert await line.problem(task, 2) == problem
    assert len(gemini.seen) == 7
    failed = [row.detail["reason"] for row in line.audited(AuditKind.FAILED)]
    assert failed == [problem, problem]
    assert len(line.audited(AuditKind.RETRIED)) == 1
    assert counted(line)["signoff_model_calls_total"] == 7


async def test_attempts_share_a_budget(line: Pipeline, gemini: GeminiStandIn) -> None:
    """Calls that failed count, those whose answers were kept count once."""
    gemini.says(LOOK, internal(), internal(), *[LOOK] * 9)
    task = await line.start("analysis", budget=Budget(calls=5))
    assert "(5 calls of a model)" in await line.problem(task)
    assert len(gemini.seen) == 5


async def test_steps_share_the_budget_of_the_task(line: Pipeline, gemini: GeminiStandIn) -> None:
    """The second step has what the first has left; the card says what it was."""
    gemini.says(LOOK)
    task = await line.start("analysis", "strategy", whole=Budget(calls=4))
    card = await line.card(task, "analysis")
    assert card.request.spent.calls == 2
    await line.house.decide(card.request.id, Verdict.APPROVE)
    gemini.says(*[LOOK] * 9)
    assert "the budget of the task (4 calls of a model)" in await line.problem(task)
    assert len(gemini.seen) == 4


async def test_what_it_cost_is_said(line: Pipeline, gemini: GeminiStandIn) -> None:
    """On the card, in the audit log and in the metrics; with the version that answered."""
    gemini.says(LOOK)
    task = await line.start("analysis")
    request = (await line.card(task, "analysis")).request
    assert request.version
    assert (request.version.model_version, request.version.asked_model) == (VERSION, FLASH)
    assert request.result.model == VERSION
    assert (request.spent.calls, request.spent.models) == (2, (VERSION,))
    assert request.spent.tokens > 1000
    assert request.spent.money == pytest.approx(request.spent.tokens * 2 / 1_000_000, rel=0.01)
    card = await line.card(task, "analysis")
    cost = f"2 calls of a model, {request.spent.tokens:,} tokens, 0.0"
    assert f"*Model*\\n`{VERSION}` · {cost}" in str(details(card, card.raised_at))
    assert f"{VERSION}, {cost}" in str(plain_card(card, card.raised_at).facts)
    (row,) = line.audited(AuditKind.AGENT_CALLED)
    assert row.detail["cost"] == request.spent.model_dump(mode="json")
    assert row.detail["version"]["model_version"] == VERSION
    said = gemini.seen[0].body["contents"][0]["parts"][0]["text"]
    assert [row.detail["asked"] for row in line.audited(AuditKind.RAISED)] == [said]
    assert counted(line)["signoff_model_tokens_total"] == request.spent.tokens
    assert counted(line)["signoff_model_money_total"] == pytest.approx(request.spent.money)


async def test_a_receipt_says_what_the_step_cost(line: Pipeline, gemini: GeminiStandIn) -> None:
    """Before and after people decided on its calls; money included."""
    pay = ("order_payment", {"to": "Ann", "amount": 1.5, "currency": "EUR", "reason": "x"})
    gemini.says(calls(pay))
    task = await line.start("payment")
    card = await line.card(task, "payment-question-1")
    await line.house.decide(card.request.id, Verdict.APPROVE)
    assert (await task.result()).status == "completed"
    (receipt,) = line.house.cards.receipts
    assert receipt.spent.calls == len(gemini.seen) == 2
    assert receipt.spent.money == pytest.approx(receipt.spent.tokens * 2 / 1_000_000, rel=0.01)


async def test_another_version_than_the_pinned_one(line: Pipeline, gemini: GeminiStandIn) -> None:
    """Is refused before any tool runs; the pinned one, and the pinned alias, pass."""
    gemini.says(LOOK)
    task = await line.start("analysis", pin=AgentPin(model_version="gemini-2.5-flash"))
    problem = await line.problem(task)
    assert f"analysis says it is model {VERSION}, but gemini-2.5-flash is pinned" in problem
    assert len(gemini.seen) == 1
    for right in (VERSION, FLASH):
        task = await line.start("analysis", pin=AgentPin(model_version=right))
        assert (await line.card(task, "analysis")).request.result.summary == ANSWER["summary"]


async def test_a_turn_without_a_budget_ends_too(gemini: GeminiStandIn, settings_of: Write) -> None:
    """After sixty calls, over all attempts of it."""
    gemini.says(*[LOOK] * 40, internal(), *[LOOK] * 99)
    runner = LocalAgents(models=settings_of(env=f"GOOGLE_API_KEY={KEY}").model_access)
    asked = request().model_copy(update={"model": FLASH, "turn": "one"})
    for expected in (41, 60, 60):
        with pytest.raises(Exception, match="analysis") as caught:
            await runner.run(asked, [SALES])
        assert len(gemini.seen) == expected
    assert isinstance(caught.value, BudgetUsedUp)
    assert "a turn (60 calls of a model)" in caught.value.sentence
    assert caught.value.cost == Cost(turn=caught.value.cost.turn)
    assert caught.value.cost.turn.calls == 60


@pytest.mark.parametrize(
    ("budget", "spent"),
    [
        (Budget(tokens=100), Spent(tokens=99)),
        (Budget(seconds=5), Spent(seconds=4.99)),
        (Budget(money=1), Spent(money=0.999)),
    ],
)
async def test_each_limit_is_one(
    gemini: GeminiStandIn, settings_of: Write, budget: Budget, spent: Spent
) -> None:
    """What is left allows one call; after it the limit is passed."""
    gemini.says(*[LOOK] * 5)
    access = settings_of(SMALL + PRICES, env=f"GOOGLE_API_KEY={KEY}").model_access
    left = Allowance(of="the step", budget=budget, spent=spent)
    if budget.seconds:
        left = left.model_copy(update={"spent": Spent(seconds=4.9999)})
    asked = request().model_copy(update={"model": FLASH, "allowances": (left,)})
    with pytest.raises(BudgetUsedUp):
        await LocalAgents(models=access).run(asked, [SALES])
    assert len(gemini.seen) == 1


async def test_a_pin_is_of_the_model_that_answers(
    gemini: GeminiStandIn, settings_of: Write
) -> None:
    """In this process, too."""
    runner = LocalAgents(models=settings_of(env=f"GOOGLE_API_KEY={KEY}").model_access)
    pin = AgentPin(model_version="gemini-3-pro-preview")
    with pytest.raises(WrongVersion):
        await runner.run(request().model_copy(update={"model": FLASH, "pin": pin}), [SALES])


async def test_cancel_stops_the_agent(line: Pipeline, gemini: GeminiStandIn) -> None:
    """Behind A2A: soon after the click no model is asked any more."""
    gemini.pause = 0.4
    gemini.says(*[LOOK] * 50)
    task = await line.start("analysis", budget=Budget(calls=50))
    await until(lambda: len(gemini.seen) >= 2)
    await task.signal(TaskWorkflow.cancel, Gesture(by="U0ADA00001"))
    assert (await task.result()).status == "cancelled"
    await asyncio.sleep(6)
    asked = len(gemini.seen)
    await asyncio.sleep(2)
    assert len(gemini.seen) == asked < 30


@pytest.mark.parametrize(
    "toml", ["[budget]\nmoney = 1\n", "[pipelines.review.budget]\nmoney = 1\n"]
)
def test_a_budget_of_money_needs_a_price(settings_of: Write, toml: str) -> None:
    """Else it would never be used up."""
    env = f"GOOGLE_API_KEY={KEY}"
    with pytest.raises(ConfigurationError, match=f"there is no price for {FLASH}"):
        require_models(settings_of(SMALL + toml, env=env), "a2a")
    require_models(settings_of(SMALL + toml + PRICES, env=env), "a2a")


def test_a_step_has_its_own_budget_or_the_general_one(settings_of: Write) -> None:
    """A task has that of its pipeline."""
    steps = 'steps = [{name = "analysis", budget = {calls = 3}}, {name = "report"}]'
    toml = f"[budget]\ncalls = 9\n[policy]\napprovers = ['a@b.example']\n[pipelines.p]\n{steps}\n"
    plans = settings_of(toml).plans("p")
    assert [plan.budget.calls for plan in plans] == [3, 9]
