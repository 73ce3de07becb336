"""Tool calls that wait for people: shown, edited, refused, and answered to the agent."""

import json

import pytest

from tests.workflows.conftest import House, until
from tests.workflows.scenarios import asked
from workflows import questions
from workflows.decisions import Outcome, Settlement, Verdict
from workflows.turns import Question

PAY = Question(id="q1", tool="pay", arguments={"amount": 100}, hint="an invoice")


async def test_edited_arguments_reach_the_agent(house: House) -> None:
    """Grace edits, Linus approves, the agent goes on from its session with the new arguments."""
    task = await asked(house)
    assert (await task.result()).status == "completed"
    first, second = house.agent.requests
    assert (first.session, first.answers) == ("", ())
    assert second.session == "turn 1"
    pay, mail = second.answers
    assert (pay.confirmed, pay.arguments) == (True, {"amount": 90, "to": "Acme"})
    assert (mail.confirmed, mail.arguments) == (True, None)
    assert first.key != second.key


async def test_a_rejected_call_is_told_to_the_agent(house: House) -> None:
    """The agent learns why; as nothing was done, the task ends as rejected."""
    house.agent.questions = [(PAY,)]
    task = await house.start("payment")
    card = await house.card(f"{task.id}.payment-question-1.v1")
    assert card.request.result.findings == ("pay: amount = 100 (an invoice)",)
    await house.decide(card.request.id, Verdict.REJECT, comment="too much")
    await until(lambda: len(house.agent.requests) == 2)
    answer = house.agent.requests[1].answers[0]
    assert (answer.confirmed, answer.comment) == (False, "too much")
    report = await task.result()
    assert (report.status, report.reason) == ("rejected_at_payment", "too much")


def settled(outcome: Outcome, full_text: str | None = None, reason: str = "") -> Settlement:
    """A settlement of the question, as decided or as edited."""
    result = questions.as_result([PAY])
    return Settlement.model_validate(
        {
            "approval_id": "t.payment-question-1.v1",
            "outcome": outcome,
            "revision": 1,
            "digest": "d",
            "result_digest": "r",
            "at": "2026-03-02T12:00:00Z",
            "reason": reason,
            "result": None
            if full_text is None
            else {**result.model_dump(), "full_text": full_text},
        }
    )


@pytest.mark.parametrize(
    ("settlement", "confirmed"),
    [
        (settled(Outcome.APPROVED), True),
        (settled(Outcome.APPROVED, json.dumps({"q1": {"amount": 1}})), True),
        (settled(Outcome.APPROVED, "no json"), False),
        (settled(Outcome.APPROVED, "[]"), False),
        (settled(Outcome.APPROVED, json.dumps({"q1": 5})), False),
        (settled(Outcome.APPROVED, json.dumps({"q2": {}})), False),
        (settled(Outcome.REJECTED), False),
        (settled(Outcome.EXPIRED), False),
        (settled(Outcome.CHANGES_REQUESTED, reason="ask for less"), False),
        (settled(Outcome.WITHDRAWN), False),
    ],
)
def test_only_a_clear_yes_is_a_yes(settlement: Settlement, confirmed: bool) -> None:
    """A broken edit, silence and everything else is a no."""
    (answer,) = questions.answers([PAY], questions.as_result([PAY]), settlement)
    assert answer.confirmed is confirmed
