"""After the act: receipts, what ran is kept and never asked for again, and every end is told."""

import uuid
from collections.abc import Callable

import pytest
from temporalio.exceptions import ApplicationError

from tests.fakes import ADA, GRACE, LINUS
from tests.workflows.conftest import House, until
from tests.workflows.scenarios import PAY, acted_before, asked, broken_after_act, declined, unheard
from workflows.approval.workflow import ApprovalWorkflow
from workflows.messages.decisions import Edit, Outcome, Place, Verdict, Via, Withdrawal
from workflows.messages.policy import Policy
from workflows.messages.requests import ApprovalRequest
from workflows.messages.results import AgentResult, AgentVersion, RunStatus
from workflows.messages.tasks import Gate, Gesture, StepState
from workflows.messages.turns import Question
from workflows.task.tool_runs import call_key
from workflows.task.workflow import TaskWorkflow

MAIL = Question(id="q2", tool="mail", arguments={"to": "acme@acme.example"})


async def test_what_was_done_is_a_receipt_and_no_question(house: House) -> None:
    """Two calls run, one receipt is posted, nobody is asked about the result."""
    task = await asked(house)
    report = await task.result()
    assert report.status == "completed"
    assert [(run.tool, run.arguments["to"], run.status) for run in report.ran] == [
        ("pay", "Acme", RunStatus.DONE),
        ("mail", "acme@acme.example", RunStatus.DONE),
    ]
    paid, mailed = report.ran
    assert (paid.arguments["amount"], paid.proposed) == (90, {"amount": 100, "to": "Acme"})
    assert (paid.edited_by, paid.approved_by) == ((GRACE,), (LINUS,))
    assert (mailed.edited_by, mailed.approved_by, mailed.proposed) == ((), (LINUS,), None)
    (receipt,) = house.cards.receipts
    assert receipt.ran == report.ran
    assert receipt.report == "# All of it"
    assert f"{task.id}.payment.v1" not in house.cards.wanted
    assert report.steps[0].settlement is None
    assert house.cards.tasks[task.id].steps[0].state is StepState.DONE


async def test_what_people_rejected_stands_on_the_receipt(house: House) -> None:
    """One turn's call runs, the next one's is rejected: completed, and both are said."""
    house.agent.questions = [(PAY,), (MAIL,)]
    task = await house.start("payment")
    await house.decide(f"{task.id}.payment-question-1.v1", Verdict.APPROVE)
    await house.decide(f"{task.id}.payment-question-2.v1", Verdict.REJECT, comment="not now")
    report = await task.result()
    assert report.status == "completed"
    assert [run.tool for run in report.ran] == ["pay"]
    (no,) = house.cards.receipts[0].declined
    assert (no.tool, no.outcome, no.by, no.reason) == (
        "mail",
        Outcome.REJECTED,
        (GRACE,),
        "not now",
    )
    assert report.declined == (no,)


async def test_nothing_done_because_people_said_no_is_rejected(house: House) -> None:
    """With the reason; the receipt says that nothing was carried out."""
    task = await declined(house)
    report = await task.result()
    assert (report.status, report.reason, report.ran) == ("rejected_at_payment", "too much", ())
    assert house.cards.receipts[0].ran == ()
    assert house.cards.tasks[task.id].steps[0].state is StepState.REJECTED


async def test_nothing_done_because_nobody_decided_is_expired(house: House) -> None:
    """Silence is neither a yes nor a no."""
    report = await (await unheard(house)).result()
    assert (report.status, report.reason) == ("expired_at_payment", "Nobody decided in time.")
    assert report.ran == ()


async def test_changes_wanted_and_nothing_else_proposed_is_told_as_that(house: House) -> None:
    """The agent was told what to change, and gave up."""
    house.agent.questions = [(PAY,)]
    task = await house.start("payment")
    card = f"{task.id}.payment-question-1.v1"
    await house.decide(card, Verdict.REQUEST_CHANGES, comment="half of it")
    report = await task.result()
    assert (report.status, report.reason) == ("changes_requested_at_payment", "half of it")
    step = house.cards.tasks[task.id].steps[0]
    assert (step.state, step.by) == (StepState.CHANGES_REQUESTED, (GRACE,))
    assert report.declined[0].outcome is Outcome.CHANGES_REQUESTED


async def test_all_failed_is_not_completed(house: House) -> None:
    """Nothing of it has an effect, and the status says so."""
    house.agent.questions, house.agent.fates = [(PAY,)], {"q1": RunStatus.FAILED}
    task = await house.start("payment")
    await house.decide(f"{task.id}.payment-question-1.v1", Verdict.APPROVE)
    report = await task.result()
    assert (report.status, report.ran[0].status) == ("failed_at_payment", RunStatus.FAILED)


async def test_some_failed_is_completed_with_failures(house: House) -> None:
    """The step is done in part, and the status says that something is missing."""
    house.agent.questions, house.agent.fates = [(PAY, MAIL)], {"q1": RunStatus.FAILED}
    task = await house.start("payment")
    await house.decide(f"{task.id}.payment-question-1.v1", Verdict.APPROVE)
    assert (await task.result()).status == "completed_with_failures"
    assert house.cards.tasks[task.id].steps[0].state is StepState.PARTLY_DONE


async def test_an_approved_call_nobody_speaks_of_is_unknown(house: House) -> None:
    """An agent that doesn't say what it ran is not believed to have run nothing."""
    house.agent.questions, house.agent.silent = [(PAY,)], True
    task = await house.start("payment")
    await house.decide(f"{task.id}.payment-question-1.v1", Verdict.APPROVE)
    (run,) = (await task.result()).ran
    assert (run.tool, run.status, run.approved) == ("pay", RunStatus.UNKNOWN, True)


async def test_a_step_that_only_reads_is_still_reviewed(house: House) -> None:
    """Without a tool call that people were asked about, people decide on the result."""
    house.agent.questions = [(Question(id="q0", hint="Which quarter?"),)]
    task = await house.start("analysis")
    await house.decide(f"{task.id}.analysis-question-1.v1", Verdict.APPROVE)
    await house.decide(f"{task.id}.analysis.v1", Verdict.APPROVE)
    assert (await task.result()).status == "completed"
    assert house.cards.receipts == []


async def test_a_gate_says_otherwise(house: House) -> None:
    """`review` asks about what was done, `receipt` asks about nothing."""
    house.agent.questions = [(PAY,)]
    reviewed = await house.start("payment", gate=Gate.REVIEW)
    await house.decide(f"{reviewed.id}.payment-question-1.v1", Verdict.APPROVE)
    card = await house.card(f"{reviewed.id}.payment.v1")
    assert [run.tool for run in card.request.ran] == ["pay"]
    await house.decide(card.request.id, Verdict.REJECT, comment="no")
    report = await reviewed.result()
    assert report.status == "rejected_at_payment"
    assert [run.tool for run in report.ran] == ["pay"]
    told = await house.start("analysis", gate=Gate.RECEIPT)
    assert (await told.result()).status == "completed"
    assert [receipt.step for receipt in house.cards.receipts] == ["analysis"]


async def test_what_ran_is_never_asked_for_again(house: House) -> None:
    """A later revision gets what ran, and its same proposal is answered without people."""
    task = await acted_before(house)
    report = await task.result()
    assert report.status == "rejected_at_report"
    assert len(report.ran) == 1
    assert f"{task.id}.payment-question-2.v1" not in house.cards.wanted
    turns = [request for request in house.agent.requests if request.step == "payment"]
    assert [len(request.ran) for request in turns] == [0, 0, 1, 1]
    (answer,) = turns[-1].answers
    assert not answer.confirmed
    assert "already ran" in answer.comment
    assert "PO-1" in answer.comment
    assert house.cards.cards[f"{task.id}.payment.v2"].request.ran == (report.ran[0].brief(),)
    view = house.cards.tasks[task.id]
    assert [run.tool for run in view.ran] == ["pay"]


async def test_what_people_edited_is_not_asked_for_as_it_was(house: House) -> None:
    """The agent reads the same file again, and proposes the amount from before the edit."""
    house.agent.questions = [(PAY,)]
    task = await house.start("payment", gate=Gate.REVIEW)
    name = f"{task.id}.payment-question-1"
    edit = Edit(arguments={"q1": {"amount": 90}})
    await house.decide(f"{name}.v1", Verdict.APPROVE, edit=edit)
    await house.decide(f"{name}.v2", Verdict.APPROVE, by=LINUS)
    await house.card(f"{task.id}.payment.v1")
    house.agent.questions = [(PAY.model_copy(update={"id": "again"}),)]
    await house.decide(f"{task.id}.payment.v1", Verdict.REQUEST_CHANGES, comment="say more")
    await house.decide(f"{task.id}.payment.v2", Verdict.APPROVE)
    (run,) = (await task.result()).ran
    assert run.arguments["amount"] == 90
    assert f"{task.id}.payment-question-2.v1" not in house.cards.wanted


async def test_each_run_answers_one_proposal(house: House) -> None:
    """Two equal payments ran once: one is known, the second one is asked about."""
    house.agent.questions = [(PAY,)]
    task = await house.start("payment", gate=Gate.REVIEW)
    await house.decide(f"{task.id}.payment-question-1.v1", Verdict.APPROVE)
    await house.card(f"{task.id}.payment.v1")
    twice = tuple(PAY.model_copy(update={"id": name}) for name in ("a", "b"))
    house.agent.questions = [twice]
    await house.decide(f"{task.id}.payment.v1", Verdict.REQUEST_CHANGES, comment="twice")
    card = await house.card(f"{task.id}.payment-question-2.v1")
    assert len(card.request.result.calls) == 1
    await house.decide(card.request.id, Verdict.APPROVE)
    await house.decide(f"{task.id}.payment.v2", Verdict.APPROVE)
    answers = house.agent.requests[-1].answers
    assert [(one.question_id, one.confirmed) for one in answers] == [("a", False), ("b", True)]
    assert len((await task.result()).ran) == 2


async def test_the_same_once_more_in_one_go_is_asked_about(house: House) -> None:
    """A runbook may restart a service twice: people see that it ran, and decide."""
    house.agent.questions = [(PAY,), (PAY.model_copy(update={"id": "q3"}),)]
    task = await house.start("payment")
    await house.decide(f"{task.id}.payment-question-1.v1", Verdict.APPROVE)
    card = await house.card(f"{task.id}.payment-question-2.v1")
    assert [run.tool for run in card.request.ran] == ["pay"]
    await house.decide(card.request.id, Verdict.APPROVE)
    assert len((await task.result()).ran) == 2


async def test_a_call_that_failed_may_be_proposed_again(house: House) -> None:
    """People decide once more; what became of it is on the card."""
    house.agent.questions, house.agent.fates = [(PAY,)], {"q1": RunStatus.FAILED}
    task = await house.start("payment", gate=Gate.REVIEW)
    await house.decide(f"{task.id}.payment-question-1.v1", Verdict.APPROVE)
    await house.card(f"{task.id}.payment.v1")
    house.agent.questions = [(PAY.model_copy(update={"id": "again"}),)]
    await house.decide(f"{task.id}.payment.v1", Verdict.REQUEST_CHANGES, comment="try again")
    card = await house.card(f"{task.id}.payment-question-2.v1")
    assert card.request.ran[0].status is RunStatus.FAILED
    await house.decide(card.request.id, Verdict.APPROVE)
    await house.decide(f"{task.id}.payment.v2", Verdict.APPROVE)
    assert [run.status for run in (await task.result()).ran] == [RunStatus.FAILED, RunStatus.DONE]


async def test_a_failure_after_the_act_keeps_what_ran(house: House) -> None:
    """Retry has it in its request, the report has it once, the audit log has all three."""
    task = await broken_after_act(house)
    report = await task.result()
    assert (report.status, len(report.ran)) == ("completed", 1)
    assert [len(request.ran) for request in house.agent.requests] == [0, 0, 1]
    assert house.agent.requests[1].turn == house.agent.requests[2].turn
    ran, failed, retried = (
        next(e for e in house.audit.entries.values() if e.kind == kind)
        for kind in ("tool_ran", "failed", "retried")
    )
    assert ran.detail["key"] == report.ran[0].key
    assert (ran.detail["tool"], ran.detail["status"]) == ("pay", "done")
    assert ran.detail["response"] == {"order": "PO-1"}
    assert len(ran.detail["response_digest"]) == 64
    assert failed.detail["reason"] == "The agent fell asleep."
    assert (retried.actor, retried.detail["problem"]) == (ADA, 1)
    assert house.audit.kinds().count("tool_ran") == 1


async def test_cancelled_after_a_failure_after_the_act(house: House) -> None:
    """Whatever the end, the report says what was done and what may have been."""
    house.agent.questions = [(PAY, MAIL)]
    task = await house.start("payment")
    await house.card(f"{task.id}.payment-question-1.v1")
    house.agent.failures = [ApplicationError("The line went dead.", non_retryable=True)]
    await house.decide(f"{task.id}.payment-question-1.v1", Verdict.APPROVE)
    await until(lambda: task.id in house.cards.tasks and house.cards.tasks[task.id].problem)
    await task.signal(TaskWorkflow.cancel, Gesture(by=GRACE))
    report = await task.result()
    assert report.status == "cancelled"
    assert [(run.tool, run.status) for run in report.ran] == [
        ("pay", RunStatus.UNKNOWN),
        ("mail", RunStatus.UNKNOWN),
    ]


def told_of(house: House, number: int) -> Callable[[], bool]:
    return lambda: len(house.cards.tidings) == number


async def test_a_failure_is_told_once(house: House) -> None:
    """The requester hears of each failure and of the end, and nothing twice."""
    house.agent.failures = [ApplicationError("Asleep.", non_retryable=True) for _ in range(2)]
    task = await house.start("analysis")
    for number in (1, 2):
        await until(told_of(house, number))
        await task.signal(TaskWorkflow.retry, Gesture(by=ADA, problem=number))
    await house.decide(f"{task.id}.analysis.v1", Verdict.APPROVE)
    await task.result()
    told = [(view.problem, view.problem_number, view.status) for view in house.cards.tidings]
    assert told == [("Asleep.", 1, "stuck"), ("Asleep.", 2, "stuck"), ("", 2, "completed")]


async def test_a_failure_that_could_not_be_told_is_dropped_after_retry(house: House) -> None:
    """While Slack is down somebody helps by the command line: nobody hears of it afterwards."""
    house.agent.failures = [ApplicationError("Asleep.", non_retryable=True)]
    task = await house.start("analysis")
    await until(lambda: house.cards.tasks.get(task.id))
    house.cards.down.set()
    while not (await task.query(TaskWorkflow.view)).problem:
        pass
    await task.signal(TaskWorkflow.retry, Gesture(by="root", problem=1))
    await until(lambda: len(house.agent.requests) == 2)
    house.cards.down.clear()
    await house.decide(f"{task.id}.analysis.v1", Verdict.APPROVE)
    await task.result()
    assert [view.status for view in house.cards.tidings] == ["completed"]


async def ended(house: House, how: str, by: str) -> str:
    """A task of Ada's that ends so; its status."""
    policy = Policy(approvers=(ADA, GRACE, LINUS), requester_may_decide=True)
    task = await house.start("analysis", "report", policy=policy)
    card = f"{task.id}.analysis.v1"
    await house.card(card)
    if how == "cancelled":
        await task.signal(TaskWorkflow.cancel, Gesture(by=by, reason="not needed"))
    elif how == "withdrawn_at_analysis":
        via = Via.BUTTON if by == ADA else Via.CLI
        taken = Withdrawal(id="w", by=by, via=via)
        await house.approval(card).signal(ApprovalWorkflow.withdraw, taken)
    else:
        await house.decide(card, Verdict.REJECT, by=by, comment="no")
    return (await task.result()).status


@pytest.mark.parametrize("how", ["cancelled", "withdrawn_at_analysis", "rejected_at_analysis"])
@pytest.mark.parametrize(("by", "told"), [(ADA, 0), (GRACE, 1)], ids=["own", "somebody else's"])
async def test_the_requester_hears_of_what_others_did(
    house: House, how: str, by: str, told: int
) -> None:
    """Not of their own doing; and no step waits for anything afterwards."""
    assert await ended(house, how, by) == how
    assert len(house.cards.tidings) == told
    (view,) = house.cards.tasks.values()
    assert view.steps[1].state is StepState.NOT_RUN
    assert view.steps[0].state.value == how.partition("_at_")[0]


async def test_a_cancelled_failure_needs_no_help_any_more(house: House) -> None:
    """Its step reads cancelled, and those after it were not run."""
    house.agent.failures = [ApplicationError("Asleep.", non_retryable=True)]
    task = await house.start("analysis", "report")
    await until(lambda: task.id in house.cards.tasks and house.cards.tasks[task.id].problem)
    await task.signal(TaskWorkflow.cancel, Gesture(by=ADA))
    await task.result()
    view = house.cards.tasks[task.id]
    assert [step.state for step in view.steps] == [StepState.CANCELLED, StepState.NOT_RUN]
    assert view.problem == ""


async def test_a_withdrawn_question_cancels_in_their_name(house: House) -> None:
    """The task ends as cancelled by whoever withdrew it, with the reason."""
    house.agent.questions = [(PAY,)]
    task = await house.start("payment")
    card = f"{task.id}.payment-question-1.v1"
    await house.card(card)
    taken = Withdrawal(id="w", by=ADA, reason="paid by hand")
    await house.approval(card).signal(ApprovalWorkflow.withdraw, taken)
    report = await task.result()
    assert (report.status, report.reason) == ("cancelled", "paid by hand")
    assert house.cards.tasks[task.id].ended_by == ADA
    assert house.cards.tidings == []


async def test_reminders_are_made_true_at_the_end(house: House) -> None:
    """The card's last rewriting knows where it was said that it waits."""
    task = await house.start("analysis")
    card = f"{task.id}.analysis.v1"
    await house.card(card)
    await house.approval(card).signal(ApprovalWorkflow.remind, "remind@0.5")
    await until(lambda: house.cards.reminded)
    await house.decide(card, Verdict.APPROVE)
    await house.approval(card).result()
    assert len(house.cards.cards[card].reminders) == 1


@pytest.mark.parametrize(
    ("changed", "told"),
    [({}, 1), ({"requester": GRACE}, 0), ({"version": AgentVersion(name="ci")}, 0)],
    ids=["somebody asked", "their own doing", "a program asked"],
)
async def test_an_approval_without_a_task_tells_whoever_asked(
    house: House, changed: dict[str, object], told: int
) -> None:
    """A program hears by its own way, and nobody of what they did themselves."""
    policy = Policy(approvers=(GRACE,), requester_may_decide=True)
    asked = {"id": f"a-{uuid.uuid4().hex[:8]}", "title": "the offer", "requester": ADA} | changed
    request = ApprovalRequest.model_validate(
        {"result": AgentResult(summary="x"), "policy": policy, "thread": Place(channel="C1")}
        | asked
    )
    handle = await house.client.start_workflow(
        ApprovalWorkflow.run, request, id=request.id, task_queue=house.queue
    )
    await house.decide(request.id, Verdict.APPROVE)
    await handle.result()
    assert len(house.cards.outcomes) == told


def test_the_same_call_has_one_key() -> None:
    """Order of keys and kind of number say nothing; a bool is no number."""
    assert call_key("pay", {"a": 1, "b": [2.0]}) == call_key("pay", {"b": [2], "a": 1.0})
    assert call_key("pay", {"a": True}) != call_key("pay", {"a": 1})
    assert call_key("pay", {"a": 1}) != call_key("order", {"a": 1})
