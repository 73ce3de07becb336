"""Tool calls that people decide on: asked, waited for as JSON, and gone on with elsewhere."""

import json

import pytest

from agents.errors import AgentFailed
from agents.runtime.local import LocalAgents
from agents.tool_policy.engine import Judgement, Ruling, ToolCall
from agents.turn.brief import brief_of, spoken
from tests.agents.requests import EXAMPLES, request
from workflows.messages.turns import Feedback, Question, ToolDecision, TurnOutcome, TurnRequest

PAYMENTS = (EXAMPLES / "payments.csv").read_bytes()
RUNBOOK = (EXAMPLES / "runbook.md").read_bytes()


async def ask(agent: str, name: str, content: bytes) -> tuple[TurnRequest, TurnOutcome]:
    asked = request(agent, name, content)
    return asked, await LocalAgents(offline=True).run(asked, [content])


async def go_on(
    asked: TurnRequest, outcome: TurnOutcome, content: bytes, *answers: ToolDecision
) -> TurnOutcome:
    """In a new instance, as if every process had been killed in between."""
    following = asked.model_copy(update={"session": outcome.session, "answers": answers})
    return await LocalAgents(offline=True).run(following, [content])


def yes(question: Question, **changes: object) -> ToolDecision:
    edited = {**question.arguments, **changes} if changes else None
    return ToolDecision(question_id=question.id, confirmed=True, arguments=edited)


def no(question: Question, why: str = "") -> ToolDecision:
    return ToolDecision(question_id=question.id, confirmed=False, comment=why)


async def test_every_payment_is_asked_for_and_none_is_made() -> None:
    """Three questions of one turn, with the arguments people see, and no result yet."""
    _, outcome = await ask("payment", "payments.csv", PAYMENTS)
    assert outcome.result is None
    assert [question.tool for question in outcome.questions] == ["order_payment"] * 3
    assert [question.arguments["amount"] for question in outcome.questions] == [120.5, 1890, 640]
    assert "order\\u" not in outcome.session
    json.loads(outcome.session)


async def test_each_decision_takes_effect() -> None:
    """Approved, rejected with a reason, and approved with another amount."""
    asked, outcome = await ask("payment", "payments.csv", PAYMENTS)
    first, second, third = outcome.questions
    answers = (yes(first), no(second, "twice the offer"), yes(third, amount=600.0))
    done = await go_on(asked, outcome, PAYMENTS, *answers)
    assert done.result is not None
    assert done.result.metrics == {
        "ordered": 2,
        "not ordered": 1,
        "total CHF": 600,
        "total EUR": 120.5,
    }
    assert any("twice the offer" in finding for finding in done.result.findings)
    edited = "Ordered: 600.00 CHF to "
    assert any(f.startswith(edited) and "before: 640.00 CHF" in f for f in done.result.findings)


@pytest.mark.parametrize(
    ("agent", "name", "changes"),
    [
        ("payment", "payments.csv", {"to": "Eve", "amount": 1980.5, "reason": "new offer"}),
        ("operations", "runbook.md", {"service": "edited-service"}),
    ],
)
async def test_the_report_tells_what_ran_and_not_what_was_asked(
    agent: str, name: str, changes: dict[str, object]
) -> None:
    """In this turn, and in a revision that runs nothing again."""
    content = (EXAMPLES / name).read_bytes()
    asked, outcome = await ask(agent, name, content)
    question = outcome.questions[0]
    rest = map(yes, outcome.questions[1:])
    done = await go_on(asked, outcome, content, yes(question, **changes), *rest)
    edited = [run for run in done.ran if run.proposed is not None]
    assert [run.arguments for run in edited] == [{**question.arguments, **changes}]
    assert "ran_with" not in edited[0].response
    assert done.result is not None
    feedback = Feedback(text="Shorter, please.", by="grace", previous=done.result)
    later = {"key": "k2", "revision": 2, "feedback": feedback, "ran": done.ran}
    again = await LocalAgents(offline=True).run(asked.model_copy(update=later), [content])
    for told in (done, again):
        assert told.result is not None
        for field, value in changes.items():
            shown = "1,980.50" if field == "amount" else str(value)
            assert shown in told.result.full_text, (field, told.result.full_text)


async def test_a_partial_answer_leaves_the_rest_open() -> None:
    """The same questions as before, fewer of them."""
    asked, outcome = await ask("payment", "payments.csv", PAYMENTS)
    first, second, third = outcome.questions
    half = await go_on(asked, outcome, PAYMENTS, yes(first))
    assert half.questions == (second, third)
    done = await go_on(asked, half, PAYMENTS, no(second), no(third))
    assert done.result is not None
    assert done.result.metrics["ordered"] == 1


async def test_an_answer_nobody_asked_for_is_refused() -> None:
    """Rather than being dropped without a word."""
    asked, outcome = await ask("payment", "payments.csv", PAYMENTS)
    stray = ToolDecision(question_id="tool:adk-made-up", confirmed=True)
    with pytest.raises((AgentFailed, ValueError)):
        await go_on(asked, outcome, PAYMENTS, stray)


async def test_the_policy_allows_denies_and_asks() -> None:
    """Each action of the runbook as its rule says; people see the rule's reason."""
    asked, outcome = await ask("operations", "runbook.md", RUNBOOK)
    assert [question.hint for question in outcome.questions] == [
        "This changes a running system."
    ] * 2
    restart, scale = outcome.questions
    assert scale.arguments["replicas"] == 40
    done = await go_on(asked, outcome, RUNBOOK, yes(restart), no(scale, "too dear"))
    assert done.result is not None
    assert done.result.metrics["done"] == 4
    assert done.result.metrics["refused by the policy"] == 1
    assert done.result.metrics["rejected by people"] == 1


async def test_an_edit_does_not_get_round_the_policy() -> None:
    """Edited arguments are judged again, and a denial stands whoever confirmed."""

    class Editable:
        def evaluate(self, call: ToolCall) -> Judgement:
            """See `PolicyEngine`."""
            amount = call.arguments.get("amount", 0)
            denied = isinstance(amount, float) and amount > 10_000
            ruling = Ruling.DENY if denied else Ruling.ALLOW
            return Judgement(ruling=ruling, reason="Nobody pays more than 10,000.")

    asked, outcome = await ask("payment", "payments.csv", PAYMENTS)
    first, second, third = outcome.questions
    answers = (yes(first, amount=99_999.0), no(second), no(third))
    following = asked.model_copy(update={"session": outcome.session, "answers": answers})
    agents = LocalAgents(offline=True, policy=Editable())
    done = await agents.run(following, [PAYMENTS])
    assert done.result is not None
    assert done.result.metrics["ordered"] == 0
    assert any("Nobody pays more than 10,000" in finding for finding in done.result.findings)


async def test_a_broken_engine_lets_nothing_through() -> None:
    """An exception in somebody's engine is a denial."""

    class Broken:
        def evaluate(self, call: ToolCall) -> Judgement:
            """See `PolicyEngine`."""
            raise RuntimeError("database gone")

    outcome = await LocalAgents(offline=True, policy=Broken()).run(
        request("payment", "payments.csv", PAYMENTS), [PAYMENTS]
    )
    assert outcome.result is not None
    assert outcome.result.metrics["ordered"] == 0
    assert "database gone" not in outcome.result.full_text


async def test_a_policy_over_all_agents_can_ask_as_well() -> None:
    """A tool that needs no confirmation by itself gets one by policy."""

    class Careful:
        def evaluate(self, call: ToolCall) -> Judgement:
            """See `PolicyEngine`."""
            asked = call.tool == "read_document"
            return Judgement(ruling=Ruling.CONFIRM if asked else Ruling.ALLOW, reason="Private.")

    content = (EXAMPLES / "release-plan.md").read_bytes()
    asked = request("analysis", "release-plan.md", content)
    agents = LocalAgents(offline=True, policy=Careful())
    outcome = await agents.run(asked, [content])
    (question,) = outcome.questions
    assert (question.tool, question.hint) == ("read_document", "Private.")
    following = {"session": outcome.session, "answers": (yes(question),)}
    done = await agents.run(asked.model_copy(update=following), [content])
    assert done.result is not None
    assert "release-plan.md is a markdown" in done.result.summary


async def test_a_revision_reports_what_was_done_before_it() -> None:
    """Nobody is asked again, nothing is ordered again, and the agent says so."""
    asked, outcome = await ask("payment", "payments.csv", PAYMENTS)
    done = await go_on(asked, outcome, PAYMENTS, *map(yes, outcome.questions))
    assert len({run.response["order"] for run in done.ran}) == 3
    assert done.result is not None
    feedback = Feedback(text="Shorter, please.", by="grace", previous=done.result)
    later = asked.model_copy(
        update={"key": "k2", "revision": 2, "feedback": feedback, "ran": done.ran}
    )
    again = await LocalAgents(offline=True).run(later, [PAYMENTS])
    assert again.questions == ()
    assert again.ran == done.ran
    assert again.result is not None
    assert "3 of them already before this version." in again.result.summary
    assert all("Already ordered" in finding for finding in again.result.findings)
    told = spoken(brief_of(later))
    assert "Already done: order_payment, 3 x; see ran." in told
    assert str(done.ran[0].response["order"]) in told


async def test_equal_orders_are_two_orders() -> None:
    """Each was approved; a number of its own says so."""
    twice = b"to,amount,currency,reason\nAnn,1,EUR,x\nAnn,1,EUR,x\n"
    asked, outcome = await ask("payment", "twice.csv", twice)
    done = await go_on(asked, outcome, twice, *map(yes, outcome.questions))
    assert len({run.response["order"] for run in done.ran}) == len(outcome.questions) == 2
