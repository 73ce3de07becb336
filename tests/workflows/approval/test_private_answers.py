"""Who is told what by the workflow itself, and where somebody else tells it."""

import pytest
from temporalio.client import WorkflowFailureError

from tests.fakes import ADA, GRACE, LINUS
from tests.workflows.conftest import House, click, until
from workflows.approval.workflow import ApprovalWorkflow
from workflows.messages.decisions import Delegation, Outcome, Place, ReplyKind, Snooze, Verdict, Via
from workflows.messages.policy import Policy, Risk
from workflows.messages.requests import ApprovalRequest
from workflows.messages.results import AgentResult

CARL = "U0CARL0001"


async def test_a_bulk_decision_is_answered_by_whoever_sent_it(house: House) -> None:
    """It counts like any other, and makes no private answer of its own."""
    task = await house.start("analysis", policy=Policy(approvers=(GRACE,), risk=Risk.LOW))
    approval = f"{task.id}.analysis.v1"
    view = await house.card(approval)
    decision = click(view, Verdict.APPROVE, via=Via.BULK, place=None)
    handle = house.approval(approval)
    await handle.signal(ApprovalWorkflow.decide, decision)
    assert (await handle.result()).outcome is Outcome.APPROVED
    assert (await handle.query(ApprovalWorkflow.reply_to, decision)).reply is ReplyKind.SETTLED
    assert house.cards.notices == []


async def test_a_quiet_delegation_moves_the_seat_without_a_word(house: House) -> None:
    """Whoever sends many of them at once tells it once."""
    task = await house.start("analysis", policy=Policy(approvers=(GRACE,)))
    handle = house.approval(f"{task.id}.analysis.v1")
    await house.card(f"{task.id}.analysis.v1")
    quiet = Delegation(id="d", by=GRACE, to=CARL, quiet=True)
    await handle.signal(ApprovalWorkflow.delegate, quiet)
    await until(lambda: house.cards.copies)
    assert house.cards.notices == []


async def test_a_snooze_of_somebody_who_is_not_asked_is_answered(house: House) -> None:
    """And one after the end, too."""
    task = await house.start("analysis", policy=Policy(approvers=(GRACE,)))
    handle = house.approval(f"{task.id}.analysis.v1")
    await house.card(f"{task.id}.analysis.v1")
    await handle.signal(ApprovalWorkflow.snooze, Snooze(id="s", by=LINUS, minutes=30))
    await until(lambda: house.cards.notices)
    answer = house.cards.notices[0].answer
    assert (answer.reply, answer.approvers) == (ReplyKind.NOT_APPROVER, (GRACE,))


async def test_a_request_without_a_task_tells_its_requester_why_it_fails(house: House) -> None:
    """Nobody else waits for it."""
    request = ApprovalRequest(
        id=f"a-{house.queue}",
        title="Buy 12 licences",
        requester=ADA,
        result=AgentResult(summary="x"),
        policy=Policy(approvers=(ADA,)),
        thread=Place(channel="C0GENERAL1", ts="1.1"),
    )
    handle = await house.client.start_workflow(
        ApprovalWorkflow.run, request, id=request.id, task_queue=house.queue
    )
    with pytest.raises(WorkflowFailureError):
        await handle.result()
    assert [(word.to, "Nobody is left" in word.text) for word in house.cards.words] == [(ADA, True)]
