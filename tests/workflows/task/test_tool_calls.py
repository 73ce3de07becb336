"""Tool calls that wait for people: shown, edited, refused, and answered to the agent."""

from datetime import UTC, datetime
from typing import Any

import pytest
from temporalio.exceptions import ApplicationError

from tests.fakes import LINUS
from tests.workflows.conftest import House, until
from tests.workflows.scenarios import asked
from workflows.messages.content_hash import digest
from workflows.messages.decisions import Edit, Outcome, Settlement, Verdict
from workflows.messages.results import AgentResult, ProposedCall
from workflows.messages.turns import Question
from workflows.task import tool_calls

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
    (call,) = card.request.result.calls
    assert (call.tool, call.arguments, call.hint) == ("pay", {"amount": 100}, "an invoice")
    assert card.request.title == "pay"
    await house.decide(card.request.id, Verdict.REJECT, comment="too much")
    await until(lambda: len(house.agent.requests) == 2)
    answer = house.agent.requests[1].answers[0]
    assert (answer.confirmed, answer.comment) == (False, "too much")
    report = await task.result()
    assert (report.status, report.reason) == ("rejected_at_payment", "too much")


async def test_the_editor_s_comment_goes_on_the_next_version(house: House) -> None:
    """Whoever approves it reads why it was edited."""
    house.agent.questions = [(PAY,)]
    task = await house.start("payment")
    name = f"{task.id}.payment-question-1"
    edit = Edit(arguments={"q1": {"amount": 90}})
    await house.decide(f"{name}.v1", Verdict.APPROVE, edit=edit, comment="The invoice says 90.")
    card = await house.card(f"{name}.v2")
    assert card.request.edit_comment == "The invoice says 90."
    await house.decide(f"{name}.v2", Verdict.APPROVE, by=LINUS)
    await task.result()


def settled(
    outcome: Outcome, result: AgentResult | None = None, reason: str = "", *, of: str = ""
) -> Settlement:
    """A settlement of the question, as decided or as edited; `of` is another digest than its own."""
    return Settlement(
        approval_id="t.payment-question-1.v1",
        outcome=outcome,
        revision=1,
        digest="d",
        result_digest=of or digest(result or ASKED),
        at=datetime(2026, 3, 2, 12, tzinfo=UTC),
        reason=reason,
        result=result,
    )


ASKED = tool_calls.as_result([PAY])


def calls(*made: ProposedCall) -> AgentResult:
    """A result of these calls."""
    return AgentResult(summary="", calls=made)


def pay(**changed: Any) -> ProposedCall:
    """The call, or another one."""
    return ProposedCall.model_validate(dict(ASKED.calls[0]) | changed)


@pytest.mark.parametrize(
    ("settlement", "confirmed"),
    [
        (settled(Outcome.APPROVED), True),
        (settled(Outcome.APPROVED, calls(pay(arguments={"amount": 1}))), True),
        (settled(Outcome.APPROVED, calls(pay(arguments={"amount": 1}), pay(id="q2"))), True),
        (settled(Outcome.APPROVED, AgentResult(summary="as text")), False),
        (settled(Outcome.APPROVED, AgentResult(summary="s", full_text='{"q1": {}}')), False),
        (settled(Outcome.APPROVED, calls(pay(id="q2"))), False),
        (settled(Outcome.APPROVED, calls(pay(tool="drop"))), False),
        (settled(Outcome.APPROVED, calls(pay(arguments={}))), False),
        (settled(Outcome.APPROVED, calls(pay(arguments={"amount": 1, "to": "me"}))), False),
        (settled(Outcome.APPROVED, calls(pay(arguments={"amount": 1})), of="0" * 64), False),
        (settled(Outcome.APPROVED, of="0" * 64), False),
        (settled(Outcome.REJECTED), False),
        (settled(Outcome.EXPIRED), False),
        (settled(Outcome.CHANGES_REQUESTED, reason="ask for less"), False),
        (settled(Outcome.WITHDRAWN), False),
    ],
)
def test_only_a_clear_yes_is_a_yes(settlement: Settlement, confirmed: bool) -> None:
    """Another call, an approval of an older version, silence and everything else is a no."""
    (answer,) = tool_calls.answers([PAY], ASKED, settlement)
    assert answer.confirmed is confirmed
    if settlement.outcome is Outcome.APPROVED and not confirmed:
        assert "Nothing was done" in answer.comment


def test_the_answer_carries_the_edited_value_in_its_kind() -> None:
    """18.9 and 1890 are other arguments; what nobody changed is not sent back."""
    edited = calls(pay(arguments={"amount": 18}))
    (answer,) = tool_calls.answers([PAY], ASKED, settled(Outcome.APPROVED, edited))
    assert answer.arguments == {"amount": 18}
    (answer,) = tool_calls.answers([PAY], ASKED, settled(Outcome.APPROVED))
    assert answer.arguments is None


@pytest.mark.parametrize(
    "asked",
    [
        [Question(id="q", tool="pay", arguments={"amount": float("nan")})],
        [Question(id="q", tool="pay", arguments={"at": [float("inf")]})],
        [Question(id="q", tool="pay"), Question(id="q", tool="drop")],
    ],
    ids=["nan", "infinity", "one id twice"],
)
def test_calls_that_cannot_be_shown_are_refused_in_a_sentence(asked: list[Question]) -> None:
    """Neither shown wrongly nor a workflow that fails for ever."""
    with pytest.raises(ApplicationError, match="cannot be shown to people"):
        tool_calls.as_result(asked)
