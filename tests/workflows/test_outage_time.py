"""Slack is gone for half an hour: who decides is mailed within minutes, and nobody hears twice."""

from datetime import timedelta

from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from tests.fakes import GRACE
from tests.workflows.conftest import House, click, until
from tests.workflows.test_ladder_time import request, skipping
from workflows.approval import ApprovalWorkflow
from workflows.decisions import Outcome, Verdict, Via
from workflows.steps import Why

__all__ = ["skipping"]


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
