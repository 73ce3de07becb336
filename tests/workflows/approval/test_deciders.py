"""Whoever decides is looked up again then, by every path; what is not known follows the policy."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.approvals.delivery import Gateway
from storage.click_inbox import ClickInbox
from tests.fakes import ADA, GRACE, LINUS
from tests.workflows.approval.test_workflow import CARL, raised
from tests.workflows.conftest import House, click, until
from workflows.approval.workflow import ApprovalWorkflow
from workflows.messages.audit import AuditEntry
from workflows.messages.decisions import Delegation, Outcome, ReplyKind, Verdict, Via
from workflows.messages.electorate import Entitled, Entitlement
from workflows.messages.policy import OnUnconfirmed, Policy, Risk

POLICY = Policy(approvers=(GRACE, LINUS))
GONE = Entitlement(entitled=Entitled.NO, why="deactivated")
UNKNOWN = Entitlement(entitled=Entitled.UNKNOWN)


def answers(house: House) -> list[tuple[str, ReplyKind, str]]:
    """Who was told what."""
    return [(n.to, n.answer.reply, n.answer.detail) for n in house.cards.notices]


def recorded(house: House, kind: str) -> list[AuditEntry]:
    return [entry for entry in house.audit.entries.values() if entry.kind == kind]


@pytest.mark.parametrize("verdict", Verdict)
async def test_whoever_left_since_decides_nothing_by_click(house: House, verdict: Verdict) -> None:
    """They are told why and who may; whoever is still there decides."""
    approval, handle = await raised(house, POLICY)
    house.people.now[GRACE] = GONE
    await house.decide(approval, verdict, comment="because")
    await until(lambda: answers(house))
    assert answers(house) == [(GRACE, ReplyKind.NO_LONGER, "deactivated")]
    assert house.cards.notices[0].answer.approvers == (LINUS,)
    assert (await handle.query(ApprovalWorkflow.view)).ballot.counted == ()
    await house.decide(approval, Verdict.APPROVE, by=LINUS)
    assert (await handle.result()).settled_by() == (LINUS,)
    (refusal,) = recorded(house, "refused")
    assert refusal.detail["entitlement"] == {"entitled": "no", "why": "deactivated"}


@pytest.mark.parametrize("via", [Via.CLI, Via.EMAIL, Via.API])
async def test_whoever_left_since_decides_nothing_by_update(house: House, via: Via) -> None:
    """Command line and mail wait for the answer."""
    approval, handle = await raised(house, POLICY)
    house.people.now[GRACE] = GONE
    decision = click(await house.card(approval), Verdict.APPROVE, via=via)
    answer = await handle.execute_update(ApprovalWorkflow.decide_now, decision)
    assert (answer.reply, answer.detail) == (ReplyKind.NO_LONGER, "deactivated")
    again = await handle.execute_update(ApprovalWorkflow.decide_now, decision)
    assert again == answer
    assert house.people.confirmed == [GRACE]


@pytest.mark.parametrize(
    ("risk", "says", "verdict", "reply"),
    [
        (Risk.NORMAL, OnUnconfirmed.BY_RISK, Verdict.APPROVE, ReplyKind.SETTLED),
        (Risk.NORMAL, OnUnconfirmed.REFUSE, Verdict.APPROVE, ReplyKind.UNCONFIRMED),
        (Risk.HIGH, OnUnconfirmed.BY_RISK, Verdict.APPROVE, ReplyKind.UNCONFIRMED),
        (Risk.HIGH, OnUnconfirmed.COUNT, Verdict.APPROVE, ReplyKind.SETTLED),
        (Risk.HIGH, OnUnconfirmed.REFUSE, Verdict.REJECT, ReplyKind.SETTLED),
    ],
)
async def test_what_is_not_known_follows_the_policy(
    house: House, risk: Risk, says: OnUnconfirmed, verdict: Verdict, reply: ReplyKind
) -> None:
    """Approvals only; and the audit log says that nobody could tell."""
    policy = POLICY.model_copy(update={"risk": risk, "on_unconfirmed": says})
    approval, _ = await raised(house, policy)
    house.people.now[GRACE] = UNKNOWN
    await house.decide(approval, verdict, comment="because", confirmation="analysis")
    await until(lambda: answers(house))
    assert answers(house)[0][:2] == (GRACE, reply)
    kind = "decided" if reply is ReplyKind.SETTLED else "refused"
    await until(lambda: recorded(house, kind))
    assert recorded(house, kind)[0].detail["entitlement"]["entitled"] == "unknown"


async def test_who_is_refused_anyway_is_not_looked_up(house: House) -> None:
    """Strangers, the requester and stale clicks cost Slack nothing."""
    approval, _ = await raised(house, POLICY)
    await house.decide(approval, Verdict.APPROVE, by=CARL)
    await house.decide(approval, Verdict.APPROVE, by=ADA)
    await house.decide(approval, Verdict.APPROVE, digest="0" * 16)
    await until(lambda: len(answers(house)) == 3)
    assert house.people.confirmed == []


async def test_what_came_in_time_counts_however_slow_the_look_up(house: House) -> None:
    """The deadline waits for it; meanwhile a query says that this is not the answer yet."""
    policy = POLICY.model_copy(update={"timeout": timedelta(seconds=3)})
    approval, handle = await raised(house, policy)
    house.people.slow.clear()
    decision = await house.decide(approval, Verdict.APPROVE)
    await until(lambda: house.people.confirmed)
    assert (await handle.query(ApprovalWorkflow.reply_to, decision)).pending
    deadline = (await handle.query(ApprovalWorkflow.view)).ballot.deadline
    assert deadline is not None
    late = deadline + timedelta(milliseconds=300)
    await until(lambda: late < datetime.now(UTC))
    assert (await handle.query(ApprovalWorkflow.view)).ballot.outcome is None
    house.people.slow.set()
    settlement = await handle.result()
    assert (settlement.outcome, settlement.settled_by()) == (Outcome.APPROVED, (GRACE,))
    assert not (await handle.query(ApprovalWorkflow.reply_to, decision)).pending


async def test_decisions_count_in_the_order_they_came(house: House) -> None:
    """Grace's rejection after her approval finds it settled, though both wait for one look-up."""
    approval, handle = await raised(house, POLICY)
    house.people.slow.clear()
    await house.decide(approval, Verdict.APPROVE)
    await house.decide(approval, Verdict.REJECT, comment="no")
    await until(lambda: len(house.people.confirmed) == 2)
    house.people.slow.set()
    assert (await handle.result()).outcome is Outcome.APPROVED


DELEGATIONS: list[tuple[str, dict[str, Entitlement], str, dict[str, Any]]] = [
    ("by somebody who left", {GRACE: GONE}, CARL, {"reply": "no_longer", "why": "deactivated"}),
    ("to the requester", {}, ADA, {"reply": "not_delegable"}),
    ("to somebody who decides anyway", {}, LINUS, {"reply": "not_delegable"}),
]


@pytest.mark.parametrize(("what", "now", "to", "detail"), DELEGATIONS, ids=[d[0] for d in DELEGATIONS])  # fmt: skip
async def test_a_refused_delegation_changes_nothing_and_is_recorded(
    house: House, what: str, now: dict[str, Entitlement], to: str, detail: dict[str, Any]
) -> None:
    """With who wanted it, whom it was to be, and why not."""
    _, handle = await raised(house, POLICY)
    house.people.now = now
    answer = await handle.execute_update(
        ApprovalWorkflow.delegate_now, Delegation(id="d", by=GRACE, to=to)
    )
    assert answer.reply.value == detail["reply"], what
    ballot = (await handle.query(ApprovalWorkflow.view)).ballot
    assert ballot.moved == {}
    await until(lambda: recorded(house, "refused"))
    (refusal,) = recorded(house, "refused")
    assert refusal.actor == GRACE
    assert detail.items() <= refusal.detail.items()
    assert refusal.detail["delegated_to"] == to


async def test_a_stranger_hands_nothing_on_and_that_is_recorded(house: House) -> None:
    """And nobody is looked up for them."""
    _, handle = await raised(house, POLICY)
    await handle.signal(ApprovalWorkflow.delegate, Delegation(id="d", by=CARL, to=ADA))
    await until(lambda: recorded(house, "refused"))
    assert recorded(house, "refused")[0].detail["reply"] == "not_approver"
    assert house.people.confirmed == []


async def test_an_answer_waits_for_the_look_up(house: House, tmp_path: Path) -> None:
    """What is asked for meanwhile is not guessed; whoever cannot wait hears that it is kept."""
    inbox = ClickInbox(tmp_path / "inbox.db")
    gateway = Gateway(house.client, inbox)
    approval, _ = await raised(house, POLICY)
    house.people.slow.clear()
    house.people.now[GRACE] = GONE
    decision = await house.decide(approval, Verdict.APPROVE)
    await until(lambda: house.people.confirmed)
    assert (await gateway.late_answer(approval, decision, 0.5)).reply is ReplyKind.KEPT
    asking = asyncio.create_task(gateway.late_answer(approval, decision))
    await asyncio.sleep(0.3)
    assert not asking.done()
    house.people.slow.set()
    assert (await asking).reply is ReplyKind.NO_LONGER
    await inbox.close()
