"""A ladder of a week, with a weekend, a holiday and a change of clocks, walked in seconds."""

import sys
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from bot.temporal.data_converter import data_converter
from notifications.reminders.planner import LadderPlanner
from storage.payloads.files import PayloadFiles
from tests.fakes import ADA, GRACE, LINUS
from tests.workflows.conftest import House, until
from workflows.approval import search_attributes
from workflows.approval.workflow import ApprovalWorkflow
from workflows.messages.decisions import Outcome, Place
from workflows.messages.ladder import Act, Rung
from workflows.messages.policy import Policy
from workflows.messages.requests import ApprovalRequest
from workflows.messages.results import AgentResult

BERLIN = ZoneInfo("Europe/Berlin")
SERVER = Path(sys.executable).parent / "temporal-test-server"
WEEK = Policy(
    approvers=(GRACE,),
    timeout=timedelta(days=7),
    escalate_to=(LINUS,),
    calendar={
        "hours": dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), "09:00-17:00"),
        "holidays": "DE-BE",
        "zone": "Europe/Berlin",
    },
    ladder=(
        Rung(at=0.2),
        Rung(at=0.5, act=Act.DM),
        Rung(at=0.75, act=Act.EMAIL),
        Rung(at=0.9, act=Act.ESCALATE),
    ),
)


@pytest.fixture
async def skipping(tmp_path: Path) -> AsyncIterator[WorkflowEnvironment]:
    """A server whose clock runs ahead while nothing happens."""
    environment = await WorkflowEnvironment.start_time_skipping(
        test_server_existing_path=str(SERVER),
        data_converter=data_converter(PayloadFiles(tmp_path)),
    )
    async with environment:
        await environment.client.operator_service.add_search_attributes(
            AddSearchAttributesRequest(
                namespace=environment.client.namespace,
                search_attributes={
                    k.name: int(k.indexed_value_type)  # type: ignore[misc]
                    for k in search_attributes.ALL
                },
            )
        )
        yield environment


def request() -> ApprovalRequest:
    """An approval outside of any task."""
    return ApprovalRequest(
        id=f"a-{uuid.uuid4().hex[:8]}",
        title="a release",
        requester=ADA,
        result=AgentResult(summary="ready"),
        policy=WEEK,
        thread=Place(channel="C0GENERAL1"),
    )


# Friday noon before each change of clocks, and when Berlin is back at work: in spring Easter lies
# between (Good Friday, the weekend, Easter Monday), in autumn only the weekend.
FRIDAYS = {
    "spring": (
        datetime(2027, 3, 26, 12, tzinfo=BERLIN),
        datetime(2027, 3, 30, 9, tzinfo=BERLIN),
    ),
    "autumn": (
        datetime(2027, 10, 29, 12, tzinfo=BERLIN),
        datetime(2027, 11, 1, 9, tzinfo=BERLIN),
    ),
}


@pytest.mark.parametrize("season", FRIDAYS)
async def test_a_week_across_the_change_of_clocks(
    skipping: WorkflowEnvironment, season: str
) -> None:
    """Notices wait for office hours, escalation and deadline come to the minute, nobody twice."""
    start, back_at_work = FRIDAYS[season]
    house = House(client=skipping.client, queue=f"week-{season}")
    house.ladder = LadderPlanner()  # type: ignore[assignment]
    await skipping.sleep(start - await skipping.get_current_time())
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
        await until(lambda: asked.id in house.cards.cards)
        view = await handle.query(ApprovalWorkflow.view)
        assert view.ballot.deadline is not None
        raised = view.raised_at
        assert view.ballot.deadline - raised == timedelta(days=7)
        notices = [rung for rung in view.plan if rung.act is not Act.ESCALATE]
        for rung in notices:
            local = rung.at.astimezone(BERLIN)
            assert (local.weekday() < 5, 9 <= local.hour <= 17) == (True, True)
            assert rung.at >= rung.due
            await skipping.sleep(rung.at - await skipping.get_current_time())
            for _ in range(2):
                await handle.signal(ApprovalWorkflow.remind, rung.name)
        assert notices[0].at == back_at_work
        settlement = await handle.result()
    assert settlement.outcome is Outcome.EXPIRED
    assert abs(settlement.at - view.ballot.deadline) < timedelta(minutes=1)
    assert house.cards.reminded == [asked.id]
    assert [copy.to for copy in house.cards.copies] == [GRACE, LINUS]
    assert [(letter.to.id, letter.rung) for letter in house.mail.sent] == [(GRACE, "email@0.75")]
    assert [closed.request.id for closed in house.mail.closed] == [asked.id]
    escalated = next(e for e in house.audit.entries.values() if e.kind == "escalated")
    assert abs(escalated.at - (raised + timedelta(days=6.3))) < timedelta(minutes=1)
    assert escalated.at.astimezone(UTC).utcoffset() == timedelta(0)
