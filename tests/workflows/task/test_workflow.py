"""The task workflow on a real Temporal server, with hand-written activities."""

from datetime import timedelta

from temporalio.exceptions import ApplicationError

from tests.fakes import ADA, GRACE
from tests.workflows.conftest import House, until
from workflows.messages.decisions import Place, ReplyKind, Verdict
from workflows.messages.policy import OnTimeout, Policy
from workflows.messages.tasks import Gesture, StepState, Waiting
from workflows.task.workflow import TaskWorkflow


async def test_every_step_is_approved_in_order(house: House) -> None:
    """Two approvals complete the task, and the second agent gets the first's approved result."""
    task = await house.start("analysis", "report")
    await house.decide(f"{task.id}.analysis.v1", Verdict.APPROVE)
    await house.decide(f"{task.id}.report.v1", Verdict.APPROVE)
    report = await task.result()
    assert report.status == "completed"
    assert [record.step for record in report.steps] == ["analysis", "report"]
    earlier = house.agent.requests[1].earlier
    assert earlier[0].result.summary == "analysis v1"
    assert earlier[0].intact()


async def test_a_rejection_ends_the_task_with_its_reason(house: House) -> None:
    """The status names the step, the report holds the reason, the card shows it."""
    task = await house.start("analysis", "report")
    await house.decide(f"{task.id}.analysis.v1", Verdict.REJECT, comment="wrong file")
    report = await task.result()
    assert (report.status, report.reason) == ("rejected_at_analysis", "wrong file")
    approval = f"{task.id}.analysis.v1"
    await until(lambda: house.cards.cards[approval].reason == "wrong file")


async def test_requested_changes_run_the_agent_again(house: House) -> None:
    """The agent gets the feedback and its earlier result; the new card is version 2."""
    task = await house.start("analysis")
    await house.decide(f"{task.id}.analysis.v1", Verdict.REQUEST_CHANGES, comment="look at 2024")
    view = await house.card(f"{task.id}.analysis.v2")
    assert view.request.previous is not None
    feedback = house.agent.requests[1].feedback
    assert feedback is not None
    assert (feedback.text, feedback.by, feedback.previous.summary) == (
        "look at 2024",
        GRACE,
        "analysis v1",
    )
    await house.decide(f"{task.id}.analysis.v2", Verdict.APPROVE)
    assert (await task.result()).status == "completed"


async def test_a_task_says_who_is_waited_for_and_where(house: House) -> None:
    """Of the card it waits for now; what comes late or is about another one changes nothing."""
    task = await house.start("analysis")
    first, card = f"{task.id}.analysis.v1", Place(channel="C1", ts="1.1")
    await house.card(first)

    async def hears(approval: str, *people: str) -> None:
        told = Waiting(approval_id=approval, card=card, people=people)
        await task.signal(TaskWorkflow.waiting, told)

    await hears("t-other.analysis.v1", ADA)
    await hears(first, GRACE, ADA)
    shown = house.cards.tasks
    await until(lambda: shown[task.id].steps[0].waits_for == (GRACE, ADA))
    assert shown[task.id].steps[0].card == card
    await hears(first, ADA)
    await until(lambda: shown[task.id].steps[0].waits_for == (ADA,))
    await house.decide(first, Verdict.REQUEST_CHANGES, comment="look at 2024")
    await house.card(f"{task.id}.analysis.v2")
    await hears(first, GRACE)
    await until(lambda: shown[task.id].steps[0].revision == 2)
    await until(lambda: shown[task.id].steps[0].state is StepState.WAITING)
    assert shown[task.id].steps[0].waits_for == ()
    assert shown[task.id].steps[0].card is None
    await house.decide(f"{task.id}.analysis.v2", Verdict.APPROVE)
    assert (await task.result()).status == "completed"


async def test_a_failing_agent_waits_for_retry(house: House) -> None:
    """After three attempts the task shows the sentence, and goes on when the requester retries."""
    house.agent.failures = [
        ApplicationError("The agent is asleep.", non_retryable=True),
    ]
    task = await house.start("analysis")
    await until(lambda: task.id in house.cards.tasks and house.cards.tasks[task.id].problem)
    assert house.cards.tasks[task.id].problem == "The agent is asleep."
    await task.signal(TaskWorkflow.retry, Gesture(by=ADA, problem=1))
    await house.decide(f"{task.id}.analysis.v1", Verdict.APPROVE)
    assert (await task.result()).status == "completed"


async def test_cancelling_withdraws_the_pending_approval(house: House) -> None:
    """The task ends as cancelled, and its card says withdrawn."""
    task = await house.start("analysis")
    approval = f"{task.id}.analysis.v1"
    await house.card(approval)
    await task.signal(TaskWorkflow.cancel, Gesture(by=ADA))
    assert (await task.result()).status == "cancelled"
    assert (await house.approval(approval).result()).outcome == "withdrawn"


async def test_nobody_in_time_expires(house: House) -> None:
    """A deadline needs no scheduler, and is not a rejection."""
    policy = Policy(approvers=(GRACE,), timeout=timedelta(seconds=1))
    task = await house.start("analysis", policy=policy)
    assert (await task.result()).status == "expired_at_analysis"


async def test_on_timeout_reject_is_said_to_be_a_timeout(house: House) -> None:
    """A policy may turn silence into a rejection; the reason says so."""
    policy = Policy(approvers=(GRACE,), timeout=timedelta(seconds=1), on_timeout=OnTimeout.REJECT)
    task = await house.start("analysis", policy=policy)
    report = await task.result()
    assert (report.status, report.reason) == ("rejected_at_analysis", "Nobody decided in time.")


async def test_bad_input_is_told_to_the_requester_only(house: House) -> None:
    """Nothing is posted; the requester gets the sentence, the caller too."""
    house.inputs.problem = "There is no file 'sales.csv'."
    task = await house.start("analysis")
    assert await task.execute_update(TaskWorkflow.accepted) == "There is no file 'sales.csv'."
    assert (await task.result()).status == "refused"
    assert [(word.to, word.text) for word in house.cards.words] == [
        (ADA, "There is no file 'sales.csv'.")
    ]
    assert task.id not in house.cards.tasks


async def test_nobody_who_may_decide_waits_for_help(house: House) -> None:
    """The requester alone is no approver: the task says so instead of falling open."""
    task = await house.start("analysis", policy=Policy(approvers=(ADA,)))
    await until(lambda: task.id in house.cards.tasks and house.cards.tasks[task.id].problem)
    assert "Nobody is left who may decide" in house.cards.tasks[task.id].problem
    await task.signal(TaskWorkflow.cancel, Gesture(by=ADA))
    assert (await task.result()).status == "cancelled"


async def test_a_click_of_the_requester_is_answered_and_changes_nothing(house: House) -> None:
    """The requester is told privately; the approval still waits; the audit keeps both."""
    task = await house.start("analysis", policy=Policy(approvers=(ADA, GRACE)))
    await house.decide(f"{task.id}.analysis.v1", Verdict.APPROVE, by=ADA)
    await until(lambda: house.cards.notices)
    assert (house.cards.notices[0].to, house.cards.notices[0].answer.reply) == (
        ADA,
        ReplyKind.REQUESTER,
    )
    await house.decide(f"{task.id}.analysis.v1", Verdict.APPROVE)
    assert (await task.result()).status == "completed"
    await until(lambda: house.audit.kinds().count("settled") == 1)
    assert house.audit.kinds().count("refused") == 1
    assert house.audit.kinds().count("decided") == 1


async def test_the_decision_frees_the_task_though_slack_is_down(house: House) -> None:
    """Copies are made true later; the next step does not wait for them."""
    task = await house.start("analysis", "report")
    view = await house.card(f"{task.id}.analysis.v1")
    house.cards.down.set()
    await house.decide(view.request.id, Verdict.APPROVE)
    await until(lambda: len(house.agent.requests) == 2)
    assert house.cards.cards[view.request.id].ballot.outcome is None
    house.cards.down.clear()
    await until(lambda: house.cards.cards[view.request.id].ballot.outcome == "approved", 30)
