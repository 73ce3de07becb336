"""The approval workflow on a real Temporal server: what else than yes and no."""

from datetime import timedelta
from typing import Any

import pytest
from temporalio.client import WorkflowHandle

from tests.fakes import ADA, GRACE, LINUS
from tests.workflows.conftest import House, click, until
from workflows.activities import Weighing
from workflows.approval import search_attributes
from workflows.approval.workflow import ApprovalWorkflow
from workflows.messages.decisions import (
    Delegation,
    Edit,
    Outcome,
    ReplyKind,
    Settlement,
    Snooze,
    Verdict,
    Via,
    Withdrawal,
)
from workflows.messages.ladder import Rung
from workflows.messages.policy import Policy, Risk

CARL = "U0CARL0001"


async def raised(
    house: House, policy: Policy
) -> tuple[str, WorkflowHandle[ApprovalWorkflow, Settlement]]:
    """A task of one step whose card is posted."""
    task = await house.start("analysis", policy=policy)
    approval = f"{task.id}.analysis.v1"
    await house.card(approval)
    return approval, house.approval(approval)


async def test_an_edit_becomes_the_next_version_and_its_editor_may_not_approve_it(
    house: House,
) -> None:
    """Grace edits; the agent is not called again; Linus approves what Grace wrote."""
    task = await house.start("analysis")
    edit = Edit(summary="as Grace wrote it")
    await house.decide(f"{task.id}.analysis.v1", Verdict.APPROVE, edit=edit)
    second = f"{task.id}.analysis.v2"
    view = await house.card(second)
    assert (view.request.result.summary, view.request.authors) == ("as Grace wrote it", (GRACE,))
    await house.decide(second, Verdict.APPROVE, by=GRACE)
    await until(lambda: any(n.answer.reply is ReplyKind.AUTHOR for n in house.cards.notices))
    await house.decide(second, Verdict.APPROVE, by=LINUS)
    report = await task.result()
    assert report.steps[0].result.summary == "as Grace wrote it"
    assert report.steps[0].result.full_text == "# All of it"
    assert len(house.agent.requests) == 1


async def test_an_edit_settles_where_the_policy_trusts_the_editor(house: House) -> None:
    """The next step gets the edited result, bound to its own digest."""
    policy = Policy(approvers=(GRACE,), editor_may_decide=True)
    task = await house.start("analysis", "report", policy=policy)
    await house.decide(f"{task.id}.analysis.v1", Verdict.APPROVE, edit=Edit(summary="edited"))
    await house.decide(f"{task.id}.report.v1", Verdict.APPROVE)
    await task.result()
    earlier = house.agent.requests[1].earlier[0]
    assert (earlier.result.summary, earlier.intact()) == ("edited", True)


async def test_delegation_moves_the_seat(house: House) -> None:
    """Grace hands on to Carl: who gets a copy of the card and may decide; she may not any more."""
    approval, handle = await raised(house, Policy(approvers=(GRACE,)))
    await handle.signal(
        ApprovalWorkflow.delegate, Delegation(id="d1", by=GRACE, to=CARL, reason="on leave")
    )
    await until(lambda: house.cards.copies)
    view = await handle.query(ApprovalWorkflow.view)
    assert (view.ballot.moved, len(view.ballot.places)) == ({GRACE: CARL}, 2)
    await house.decide(approval, Verdict.APPROVE, by=GRACE)
    await until(lambda: any(n.answer.reply is ReplyKind.DELEGATED for n in house.cards.notices[1:]))
    copy = click(view, Verdict.APPROVE, by=CARL, place=view.ballot.places[1])
    await handle.signal(ApprovalWorkflow.decide, copy)
    assert (await handle.result()).outcome is Outcome.APPROVED
    assert "delegated" in house.audit.kinds()


async def test_a_delegation_that_leaves_nobody_is_refused(house: House) -> None:
    """Handing on to the requester would go round the rule that requesters may not decide."""
    _, handle = await raised(house, Policy(approvers=(GRACE,)))
    await handle.signal(ApprovalWorkflow.delegate, Delegation(id="d", by=GRACE, to=ADA))
    await until(lambda: house.cards.notices)
    answer = house.cards.notices[0].answer
    assert (answer.reply, "asked for this" in answer.detail) == (ReplyKind.NOT_DELEGABLE, True)
    assert not house.cards.copies


async def test_a_snooze_reminds_once_it_is_over(house: House) -> None:
    """Answered at once; the person is left out of reminders meanwhile."""
    _, handle = await raised(house, Policy(approvers=(GRACE, LINUS), ladder=(Rung(at=0.5),)))
    await handle.signal(ApprovalWorkflow.snooze, Snooze(id="s", by=GRACE, minutes=30))
    await until(lambda: house.cards.notices)
    assert house.cards.notices[0].answer.detail == "You will be reminded in 30 minutes."
    assert (await handle.query(ApprovalWorkflow.view)).snoozed == (GRACE,)


async def test_a_rung_is_sent_once(house: House) -> None:
    """However often a scheduler signals; an unknown rung is nothing."""
    approval, handle = await raised(house, Policy(approvers=(GRACE,)))
    for name in ("remind@0.5", "remind@0.5", "remind@0.9", "remind@0.5"):
        await handle.signal(ApprovalWorkflow.remind, name)
    await house.decide(approval, Verdict.APPROVE)
    await handle.result()
    assert house.cards.reminded in ([approval], [])
    assert house.audit.kinds().count("reminded") == len(house.cards.reminded)


async def test_only_the_requester_withdraws(house: House) -> None:
    """Grace may not; Ada may, and the task ends as withdrawn."""
    approval, handle = await raised(house, Policy(approvers=(GRACE,)))
    place = (await house.card(approval)).ballot.places[0]
    await handle.signal(ApprovalWorkflow.withdraw, Withdrawal(by=GRACE, place=place))
    await until(lambda: house.cards.notices)
    assert house.cards.notices[0].answer.reply is ReplyKind.NOT_YOURS
    await handle.signal(ApprovalWorkflow.withdraw, Withdrawal(by=ADA, place=place))
    assert (await handle.result()).outcome is Outcome.WITHDRAWN


async def test_a_rule_decides_low_risk_without_a_person(house: House) -> None:
    """It is audited as the rule's decision; the same answer changes nothing at higher risk."""
    house.rules.weighing = Weighing(via=Via.RULE, by="rule", reason="rows > 10")
    low = Policy(approvers=(GRACE,), risk=Risk.LOW, auto_approve="metrics.rows > 10")
    assert (await (await house.start("analysis", policy=low)).result()).status == "completed"
    decided = [e for e in house.audit.entries.values() if e.kind == "decided"]
    assert [(e.via, e.detail["reason"]) for e in decided] == [("rule", "rows > 10")]
    high = Policy(approvers=(GRACE,), risk=Risk.HIGH, bypassers=("U1",))
    _, handle = await raised(house, high)
    assert (await handle.query(ApprovalWorkflow.view)).ballot.outcome is None


@pytest.mark.parametrize(
    "careful", [{"risk": Risk.HIGH}, {"quorum": 2}, {"groups": {"legal": (GRACE,)}}], ids=str
)
async def test_a_bypass_leaves_high_risk_and_quorums_to_people(
    house: House, careful: dict[str, Any]
) -> None:
    """Whatever an activity of before says."""
    house.rules.weighing = Weighing(via=Via.BYPASS, by=LINUS, reason="incident 42")
    policy = Policy(approvers=(GRACE, LINUS), bypassers=(LINUS,), **careful)
    _, handle = await raised(house, policy)
    assert (await handle.query(ApprovalWorkflow.view)).ballot.outcome is None


async def test_a_bypass_decides_what_the_policy_says_and_is_audited_as_one(house: House) -> None:
    """Whoever opened it stands behind it."""
    house.rules.weighing = Weighing(via=Via.BYPASS, by=LINUS, reason="incident 42")
    policy = Policy(approvers=(GRACE,), risk=Risk.HIGH, bypassers=(LINUS,), bypass_high_risk=True)
    assert (await (await house.start("analysis", policy=policy)).result()).status == "completed"
    assert "bypassed" in house.audit.kinds()


async def test_a_click_after_the_end_gets_its_answer_from_the_closed_workflow(
    house: House,
) -> None:
    """Already decided, by whom; and a repeated click gets its first answer."""
    approval, handle = await raised(house, Policy(approvers=(GRACE, LINUS)))
    first = await house.decide(approval, Verdict.APPROVE)
    await handle.result()
    view = await handle.query(ApprovalWorkflow.view)
    late = await handle.query(ApprovalWorkflow.reply_to, click(view, Verdict.REJECT, by=LINUS))
    assert (late.reply, late.who) == (ReplyKind.ALREADY_DECIDED, (GRACE,))
    again = await handle.query(ApprovalWorkflow.reply_to, first)
    assert again.reply is ReplyKind.SETTLED


async def test_a_click_before_the_card_is_known_waits_for_it(house: House) -> None:
    """Slack may deliver a click before our post returns: it counts then, and only if it fits."""
    house.cards.down.set()
    task = await house.start("analysis")
    handle = house.approval(f"{task.id}.analysis.v1")
    await until(lambda: handle.id in house.cards.wanted, 30)
    view = await handle.query(ApprovalWorkflow.view)
    place = view.request.thread.model_copy(update={"ts": "2.000100"})
    await handle.signal(ApprovalWorkflow.decide, click(view, Verdict.APPROVE, place=place))
    assert (await handle.query(ApprovalWorkflow.view)).ballot.outcome is None
    house.cards.down.clear()
    await until(lambda: house.cards.notices, 30)
    assert house.cards.notices[0].answer.reply in {ReplyKind.SETTLED, ReplyKind.WRONG_PLACE}


async def test_a_stale_click_before_the_first_task_counts_nothing(house: House) -> None:
    """A signal that starts waiting before the workflow ran meets a closed door."""
    task = await house.start("analysis")
    approval = f"{task.id}.analysis.v1"
    view = await house.card(approval)
    stale = click(view, Verdict.APPROVE, digest="f" * 16)
    await house.approval(approval).signal(ApprovalWorkflow.decide, stale)
    await until(lambda: house.cards.notices)
    assert house.cards.notices[0].answer.reply is ReplyKind.STALE


async def test_an_update_answers_its_caller(house: House) -> None:
    """The command line waits for the answer; the same rules hold."""
    approval, handle = await raised(house, Policy(approvers=(GRACE, LINUS), quorum=2))
    view = await house.card(approval)
    answer = await handle.execute_update(
        ApprovalWorkflow.decide_now, click(view, Verdict.APPROVE, via=Via.CLI, place=None)
    )
    assert (answer.reply, answer.missing) == (ReplyKind.COUNTED, "1 of 2")


async def test_pending_approvals_are_listed_by_approver(house: House) -> None:
    """Visibility knows who may decide, until it is decided."""
    approval, handle = await raised(house, Policy(approvers=(CARL, LINUS)))
    query = f"{search_attributes.APPROVERS.name} = '{CARL}' AND {search_attributes.STATUS.name} = 'pending'"

    async def listed() -> list[str]:
        return [found.id async for found in house.client.list_workflows(query)]

    for _ in range(100):
        if approval in await listed():
            break
    assert approval in await listed()
    await house.decide(approval, Verdict.APPROVE, by=CARL)
    await handle.result()
    for _ in range(200):
        if approval not in await listed():
            break
    assert approval not in await listed()


async def test_the_window_is_the_policys(house: House) -> None:
    """The card says until when."""
    approval, _ = await raised(house, Policy(approvers=(GRACE,), timeout=timedelta(hours=3)))
    view = await house.card(approval)
    assert view.ballot.deadline == view.raised_at + timedelta(hours=3)
