"""Slack is gone for half an hour: who decides is mailed within minutes, and nobody hears twice."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

from temporalio import activity
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from tests.fakes import GRACE, LINUS, FakeMail
from tests.workflows.approval.test_ladder_time import request, skipping
from tests.workflows.conftest import House, click, until
from workflows.activities import MailRequest, Why
from workflows.approval.workflow import ApprovalWorkflow
from workflows.messages.decisions import Outcome, Verdict, Via, Withdrawal
from workflows.messages.ladder import Act, Rung
from workflows.messages.outage import Outage
from workflows.messages.policy import Policy

__all__ = ["skipping"]

NOTICED, MAILED = timedelta(seconds=60), timedelta(seconds=120)
DAY = Policy(
    approvers=(GRACE, LINUS),
    timeout=timedelta(hours=24),
    ladder=(Rung(at=0.5), Rung(at=0.75, act=Act.DM), Rung(at=0.75, act=Act.EMAIL)),
)


class TimedMail(FakeMail):
    """Knows when each letter went out."""

    def __init__(self) -> None:
        super().__init__()
        self.times: list[datetime] = []

    @activity.defn(name="mail")
    async def mail(self, request: MailRequest) -> bool:
        self.times.append(activity.info().scheduled_time)
        return await FakeMail.mail(self, request)


@asynccontextmanager
async def waiting(skipping: WorkflowEnvironment, queue: str) -> AsyncIterator[tuple[House, Any]]:
    """An approval of a day, its card posted."""
    house = House(client=skipping.client, queue=queue, mail=TimedMail())
    async with Worker(
        skipping.client,
        task_queue=house.queue,
        workflows=[ApprovalWorkflow],
        activities=house.activities(),
    ):
        asked = request().model_copy(update={"policy": DAY})
        handle = await skipping.client.start_workflow(
            ApprovalWorkflow.run, asked, id=asked.id, task_queue=house.queue
        )
        await until(lambda: asked.id in house.cards.cards)
        yield house, handle


def mailed(house: House) -> list[tuple[str, Why]]:
    """Who got which letter."""
    return sorted((letter.to.id, letter.why) for letter in house.mail.sent)


async def test_what_becomes_due_in_an_outage_goes_by_mail_once(
    skipping: WorkflowEnvironment,
) -> None:
    """Reminder, copy and letter fall into it: one letter each a moment, in time, none afterwards."""
    async with waiting(skipping, "due") as (house, handle):
        await skipping.sleep(timedelta(hours=12))
        house.cards.down.set()
        due = await skipping.get_current_time()
        await handle.signal(ApprovalWorkflow.remind, "remind@0.5")
        await skipping.sleep(timedelta(minutes=10))
        assert mailed(house) == [(GRACE, Why.SLACK_DOWN), (LINUS, Why.SLACK_DOWN)]
        assert all(at - due <= NOTICED + MAILED for at in house.mail.times)  # type: ignore[attr-defined]
        await skipping.sleep(timedelta(hours=6))
        due, house.mail.sent = await skipping.get_current_time(), []
        for _ in range(2):
            await handle.signal(ApprovalWorkflow.remind, "dm@0.75")
        await skipping.sleep(timedelta(seconds=15))
        await handle.signal(ApprovalWorkflow.remind, "email@0.75")
        await skipping.sleep(timedelta(minutes=10))
        house.cards.down.clear()
        await skipping.sleep(timedelta(hours=1))
        assert [who for who, _ in mailed(house)] == [GRACE, LINUS]
        assert all(at - due <= NOTICED + MAILED for at in house.mail.times[2:])  # type: ignore[attr-defined]
        assert not house.cards.reminded
        assert not house.cards.copies
        await handle.signal(ApprovalWorkflow.withdraw, Withdrawal(by=request().requester))
        assert (await handle.result()).outcome is Outcome.WITHDRAWN
        assert sorted(house.mail.closings) == [GRACE, LINUS]


async def test_deafness_is_bridged_by_mail_for_what_is_due(skipping: WorkflowEnvironment) -> None:
    """Not long before its first rung; then once per outage, however often it is told."""
    async with waiting(skipping, "deaf") as (house, handle):
        await skipping.sleep(timedelta(hours=3))
        first = await told_deaf(skipping, handle)
        await skipping.sleep(timedelta(minutes=5))
        assert not house.mail.sent
        await skipping.sleep(timedelta(hours=9))
        await handle.signal(ApprovalWorkflow.bridge, await until_later(skipping, first))
        await handle.signal(ApprovalWorkflow.remind, "remind@0.5")
        await skipping.sleep(timedelta(minutes=2))
        everybody = [(GRACE, Why.SLACK_DEAF), (LINUS, Why.SLACK_DEAF)]
        assert mailed(house) == everybody
        assert house.cards.reminded == [handle.id]
        await handle.signal(ApprovalWorkflow.bridge, await until_later(skipping, first))
        await skipping.sleep(timedelta(minutes=30))
        assert mailed(house) == everybody
        over = first.model_copy(update={"until": await skipping.get_current_time()})
        await handle.signal(ApprovalWorkflow.bridge, over)
        await skipping.sleep(timedelta(hours=1))
        assert mailed(house) == everybody
        await told_deaf(skipping, handle)
        await skipping.sleep(timedelta(minutes=5))
        assert mailed(house) == sorted(2 * everybody)
        await handle.terminate()


async def told_deaf(skipping: WorkflowEnvironment, handle: Any) -> Outage:
    """The bot says that nothing comes in, from now on."""
    now = await skipping.get_current_time()
    outage = Outage(since=now, until=now + timedelta(hours=1))
    await handle.signal(ApprovalWorkflow.bridge, outage)
    return outage


async def until_later(skipping: WorkflowEnvironment, outage: Outage) -> Outage:
    """The same outage goes on."""
    later = await skipping.get_current_time() + timedelta(hours=1)
    return outage.model_copy(update={"until": later})


async def test_one_bad_address_repeats_no_other_closing_letter(
    skipping: WorkflowEnvironment,
) -> None:
    """The mail server puts one off: that one is sent again, and the other is not."""
    async with waiting(skipping, "closing") as (house, handle):
        await handle.signal(ApprovalWorkflow.remind, "email@0.75")
        await skipping.sleep(timedelta(hours=18))
        house.mail.bad = {GRACE}
        await handle.signal(ApprovalWorkflow.withdraw, Withdrawal(by=request().requester))
        await handle.result()
        assert sorted(house.mail.closings) == [GRACE, GRACE, LINUS]


async def test_an_outage_of_slack_is_bridged_by_mail(skipping: WorkflowEnvironment) -> None:
    """Mailed after a minute; the card comes once Slack is back, and says what was decided."""
    house = House(client=skipping.client, queue="outage")
    house.cards.down.set()
    async with Worker(
        skipping.client,
        task_queue=house.queue,
        workflows=[ApprovalWorkflow],
        activities=house.activities(),
    ):
        asked = request()
        handle = await skipping.client.start_workflow(
            ApprovalWorkflow.run, asked, id=asked.id, task_queue=house.queue
        )
        started = await skipping.get_current_time()
        await skipping.sleep(timedelta(minutes=3))
        assert [(letter.to.id, letter.why) for letter in house.mail.sent] == [
            (GRACE, Why.SLACK_DOWN)
        ]
        mailed = next(e for e in house.audit.entries.values() if e.kind == "mailed")
        assert mailed.at - started <= timedelta(minutes=3)
        assert asked.id not in house.cards.cards
        view = await handle.query(ApprovalWorkflow.view)
        decision = click(view, Verdict.APPROVE, by=GRACE, via=Via.EMAIL, place=None)
        answer = await handle.execute_update(ApprovalWorkflow.decide_now, decision)
        assert answer.accepted
        await skipping.sleep(timedelta(minutes=27))
        house.cards.down.clear()
        assert (await handle.result()).outcome is Outcome.APPROVED
        await until(lambda: asked.id in house.cards.cards)
    assert house.cards.cards[asked.id].ballot.outcome is Outcome.APPROVED
    assert len(house.mail.sent) == 1
    assert [view.request.id for view in house.mail.closed] == [asked.id]
