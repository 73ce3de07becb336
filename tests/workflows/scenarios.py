"""One short story for each branch of the workflows; their histories are recorded and replayed."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

from temporalio.client import WorkflowHandle
from temporalio.exceptions import ApplicationError

from tests.fakes import ADA, GRACE, LINUS
from tests.workflows.conftest import House, until
from workflows.activities import Weighing
from workflows.approval.workflow import ApprovalWorkflow
from workflows.messages.decisions import Delegation, Edit, Snooze, Verdict, Via
from workflows.messages.electorate import Entitled, Entitlement
from workflows.messages.policy import Policy, Risk
from workflows.messages.tasks import Gesture, TaskReport
from workflows.messages.turns import Question
from workflows.task.workflow import TaskWorkflow

Task = WorkflowHandle[TaskWorkflow, TaskReport]
CARL = "U0CARL0001"
PAY = Question(id="q1", tool="pay", arguments={"amount": 100, "to": "Acme"})


async def approved(house: House) -> Task:
    """Two steps, two approvals, one of them after a reminder and a comment."""
    task = await house.start("analysis", "report")
    first = f"{task.id}.analysis.v1"
    await house.card(first)
    await house.approval(first).signal(ApprovalWorkflow.remind, "remind@0.5")
    await until(lambda: house.cards.reminded)
    await house.decide(first, Verdict.APPROVE, comment="good")
    await house.decide(f"{task.id}.report.v1", Verdict.APPROVE)
    return task


async def rejected(house: House) -> Task:
    """A refused click of the requester, then a rejection."""
    task = await house.start("analysis", policy=Policy(approvers=(ADA, GRACE)))
    approval = f"{task.id}.analysis.v1"
    await house.decide(approval, Verdict.APPROVE, by=ADA)
    await until(lambda: house.cards.notices)
    await house.decide(approval, Verdict.REJECT, comment="no")
    return task


async def changed(house: House) -> Task:
    """Sent back once, edited once, then approved by somebody else."""
    task = await house.start("analysis")
    await house.decide(f"{task.id}.analysis.v1", Verdict.REQUEST_CHANGES, comment="more")
    edit = Edit(summary="as Grace wrote it")
    await house.decide(f"{task.id}.analysis.v2", Verdict.APPROVE, edit=edit)
    await house.decide(f"{task.id}.analysis.v3", Verdict.APPROVE, by=LINUS)
    return task


async def delegated(house: House) -> Task:
    """Snoozed, handed on, decided by the third person's copy."""
    task = await house.start("analysis", policy=Policy(approvers=(GRACE,)))
    approval = f"{task.id}.analysis.v1"
    await house.card(approval)
    handle = house.approval(approval)
    await handle.signal(ApprovalWorkflow.snooze, Snooze(id="s", by=GRACE, minutes=30))
    await handle.signal(ApprovalWorkflow.delegate, Delegation(id="d", by=GRACE, to=CARL))
    await until(lambda: house.cards.copies)
    await house.decide(approval, Verdict.APPROVE, by=CARL)
    return task


async def left(house: House) -> Task:
    """Whoever left since decides nothing and hands nothing on; then somebody who is there does."""
    task = await house.start("analysis", policy=Policy(approvers=(GRACE, LINUS)))
    approval = f"{task.id}.analysis.v1"
    house.people.now[GRACE] = Entitlement(entitled=Entitled.NO, why="deactivated")
    await house.decide(approval, Verdict.APPROVE)
    handle = house.approval(approval)
    await handle.signal(ApprovalWorkflow.delegate, Delegation(id="d", by=GRACE, to=CARL))
    await until(lambda: len(house.cards.notices) == 2)
    await house.decide(approval, Verdict.APPROVE, by=LINUS)
    return task


async def counted(house: House) -> Task:
    """A quorum of two, one of them by an update."""
    policy = Policy(approvers=(GRACE, LINUS), quorum=2, risk=Risk.HIGH)
    task = await house.start("analysis", policy=policy)
    approval = f"{task.id}.analysis.v1"
    await house.decide(approval, Verdict.APPROVE, confirmation="analysis")
    view = await house.card(approval)
    decision = house.click(view, Verdict.APPROVE, LINUS, confirmation="analysis", via=Via.CLI)
    await house.approval(approval).execute_update(ApprovalWorkflow.decide_now, decision)
    return task


async def repeated(house: House) -> Task:
    """The same click and the same snooze come twice, then somebody else approves."""
    task = await house.start("analysis", policy=Policy(approvers=(GRACE, LINUS), quorum=2))
    approval = f"{task.id}.analysis.v1"
    decision = await house.decide(approval, Verdict.APPROVE)
    handle, snooze = house.approval(approval), Snooze(id="s", by=LINUS, minutes=30)
    await handle.signal(ApprovalWorkflow.decide, decision)
    for _ in range(2):
        await handle.signal(ApprovalWorkflow.snooze, snooze)
    await house.decide(approval, Verdict.APPROVE, by=LINUS)
    return task


async def expired(house: House) -> Task:
    """Nobody decides."""
    policy = Policy(approvers=(GRACE,), timeout=timedelta(seconds=1))
    return await house.start("analysis", policy=policy)


async def cancelled(house: House) -> Task:
    """Cancelled while an approval waits."""
    task = await house.start("analysis")
    await house.card(f"{task.id}.analysis.v1")
    await task.signal(TaskWorkflow.cancel, Gesture(by=ADA))
    return task


async def retried(house: House) -> Task:
    """The agent fails for good once; the requester retries."""
    house.agent.failures = [ApplicationError("The agent is asleep.", non_retryable=True)]
    task = await house.start("analysis")
    await until(lambda: task.id in house.cards.tasks and house.cards.tasks[task.id].problem)
    await task.signal(TaskWorkflow.retry, Gesture(by=ADA, problem=1))
    await house.decide(f"{task.id}.analysis.v1", Verdict.APPROVE)
    return task


async def refused(house: House) -> Task:
    """The input cannot be used."""
    house.inputs.problem = "There is no file 'sales.csv'."
    return await house.start("analysis")


async def asked(house: House) -> Task:
    """The agent asks for two tool calls; one card, an edit of the arguments, then its receipt."""
    house.agent.questions = [
        (
            Question(id="q1", tool="pay", arguments={"amount": 100, "to": "Acme"}),
            Question(id="q2", tool="mail", arguments={"to": "acme@acme.example"}),
        )
    ]
    task = await house.start("payment")
    name = f"{task.id}.payment-question-1"
    edit = Edit(arguments={"q1": {"amount": 90}})
    await house.decide(f"{name}.v1", Verdict.APPROVE, edit=edit)
    await house.decide(f"{name}.v2", Verdict.APPROVE, by=LINUS)
    return task


async def declined(house: House) -> Task:
    """The agent asks for a tool call, and people say no."""
    house.agent.questions = [(PAY,)]
    task = await house.start("payment")
    card = f"{task.id}.payment-question-1.v1"
    await house.decide(card, Verdict.REJECT, comment="too much")
    return task


async def unheard(house: House) -> Task:
    """The agent asks for a tool call, and nobody decides."""
    house.agent.questions = [(PAY,)]
    policy = Policy(approvers=(GRACE,), timeout=timedelta(seconds=1))
    return await house.start("payment", policy=policy)


async def broken_after_act(house: House) -> Task:
    """The turn fails after the call ran; Retry goes on from there, and it runs once."""
    house.agent.questions = [(PAY,)]
    task = await house.start("payment")
    await house.card(f"{task.id}.payment-question-1.v1")
    house.agent.breaks = ["The agent fell asleep."]
    await house.decide(f"{task.id}.payment-question-1.v1", Verdict.APPROVE)
    await until(lambda: task.id in house.cards.tasks and house.cards.tasks[task.id].problem)
    await task.signal(TaskWorkflow.retry, Gesture(by=ADA, problem=1))
    return task


async def acted_before(house: House) -> Task:
    """A step acts and is sent back; the call it proposes again is answered; then a rejection."""
    house.agent.questions = [(PAY,)]
    task = await house.start("payment", "report")
    await house.decide(f"{task.id}.payment-question-1.v1", Verdict.APPROVE)
    await house.card(f"{task.id}.payment.v1")
    house.agent.questions = [(PAY.model_copy(update={"id": "again"}),)]
    await house.decide(f"{task.id}.payment.v1", Verdict.REQUEST_CHANGES, comment="say more")
    await house.decide(f"{task.id}.payment.v2", Verdict.APPROVE)
    await house.decide(f"{task.id}.report.v1", Verdict.REJECT, comment="wrong")
    return task


async def ruled(house: House) -> Task:
    """A rule decides in place of people."""
    house.rules.weighing = Weighing(via=Via.RULE, by="rule", reason="rows > 10")
    policy = Policy(approvers=(GRACE,), risk=Risk.LOW, auto_approve="metrics.rows > 10")
    return await house.start("analysis", policy=policy)


SCENARIOS: dict[str, Callable[[House], Awaitable[Task]]] = {
    story.__name__: story
    for story in (
        approved,
        rejected,
        changed,
        delegated,
        left,
        counted,
        repeated,
        expired,
        cancelled,
        retried,
        asked,
        declined,
        unheard,
        broken_after_act,
        acted_before,
        refused,
        ruled,
    )
}
