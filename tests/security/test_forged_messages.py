"""Whoever reaches Temporal decides nothing, skips nothing, and stops nothing."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from temporalio import workflow
from temporalio.api.common.v1 import Payload
from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowFailureError, WorkflowUpdateFailedError
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError
from temporalio.service import RPCError
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from bot.processes import bootstrap
from notifications.cards.buttons import ActionId
from playground.testing.person import Person
from tests.e2e.conftest import CHANNEL, PATIENCE, Office
from tests.e2e.gestures import approval_of, first_card
from tests.fakes import GRACE, LINUS
from tests.security.conftest import Outsider, recorded, refused
from workflows.approval.workflow import ApprovalWorkflow
from workflows.messages.audit import AuditEntry, AuditKind
from workflows.messages.decisions import (
    Decision,
    Delegation,
    Outcome,
    ReplyKind,
    Settlement,
    Verdict,
)
from workflows.messages.requests import CardView
from workflows.messages.tasks import TaskRequest
from workflows.task.workflow import TaskWorkflow

JSON = {"encoding": b"json/plain"}
FILE = {
    "encoding": b"json/protobuf",
    "messageType": b"temporal.api.sdk.v1.ExternalStorageReference",
}
LOST = b'{"driverName":"signoff-files","claimData":{"sha256":"' + b"a" * 64 + b'"}}'
STRANGE = {
    "nothing at all": [],
    "two arguments": [Payload(metadata=JSON, data=b"{}"), Payload(metadata=JSON, data=b"{}")],
    "no encoding": [Payload(data=b"{}")],
    "another encoding": [Payload(metadata={"encoding": b"x/y"}, data=b"{}")],
    "no JSON": [Payload(metadata=JSON, data=b"{")],
    "our own mark": [
        Payload(metadata={"encoding": b"signoff/unverified", "until": b"inf"}, data=b"{}")
    ],
    "an encrypted one": [Payload(metadata={"encoding": b"binary/encrypted"}, data=b"0" * 40)],
    "a file that is not there": [Payload(metadata=FILE, data=LOST)],
    "a file of another driver": [Payload(metadata=FILE, data=LOST.replace(b"-files", b"-else"))],
    "no reference": [Payload(metadata=FILE, data=b"{")],
    "a marked reference": [
        Payload(metadata=JSON | {"__temporal_external_storage_reference": b"true"}, data=b"{}")
    ],
}
"""Every one of these made a workflow task fail again and again, or could have."""


async def view_of(office: Office, approval: str) -> CardView:
    """What the card shows once it is posted: anybody who reaches Temporal may ask for it."""
    client = await bootstrap.connect(office.settings)
    handle = client.get_workflow_handle(approval)

    async def shown() -> CardView:
        view = await handle.query(ApprovalWorkflow.view)
        if not view.ballot.places:
            raise LookupError(approval)
        return view

    found: CardView = await until(shown)
    return found


def yes(view: CardView) -> Decision:
    """Grace's approval, as the outsider makes it up: with the right digest and place."""
    return Decision(
        id=f"T0:{GRACE}:{uuid.uuid4().hex}",
        verdict=Verdict.APPROVE,
        by=GRACE,
        at=datetime.now(UTC),
        revision=view.request.revision,
        digest=view.ballot.digest[:16],
        place=view.ballot.places[0],
    )


async def goes_on(office: Office, person: Person, thread: str, card: dict[str, Any]) -> None:
    """The approval still takes a real click, and nothing but that decides it."""
    await person.click(card, ActionId.APPROVE)
    await office.decided(thread, "analysis")

    async def decided() -> list[str]:
        by = [row.actor for row in await recorded(office) if row.kind is AuditKind.DECIDED]
        if not by:
            raise LookupError(AuditKind.DECIDED)
        return by

    assert await until(decided) == [person.user]


async def test_a_forged_decision_is_dropped_and_recorded(
    office: Office, outsider: Outsider
) -> None:
    """It names an approver, the right version, digest and card, and counts for nothing."""
    thread, card = await first_card(office)
    approval = approval_of(card)
    forged = await outsider.plain(yes(await view_of(office, approval)))
    await outsider.signal(approval, "decide", forged)
    await outsider.client.get_workflow_handle(approval).describe()
    view = await view_of(office, approval)
    assert (view.ballot.outcome, view.ballot.counted) == (None, ())
    await goes_on(office, office.linus, thread, card)
    assert await refused(office) == ["signal decide: without a MAC"]


async def test_a_forged_settlement_does_not_skip_the_vote(
    office: Office, outsider: Outsider
) -> None:
    """The task waits for its approval, whatever it is told of its outcome."""
    thread, card = await first_card(office)
    approval = approval_of(card)
    view = await view_of(office, approval)
    made_up = Settlement(
        approval_id=approval,
        outcome=Outcome.APPROVED,
        revision=1,
        digest=view.ballot.digest,
        result_digest="",
        at=datetime.now(UTC),
        decisions=(yes(view),),
    )
    task = view.request.parent
    await outsider.signal(task, "settled", await outsider.plain(made_up))
    client = await bootstrap.connect(office.settings)
    shown = await client.get_workflow_handle(task).query(TaskWorkflow.view)
    assert shown.steps[1].approval_id == ""
    await goes_on(office, office.grace, thread, card)
    assert await refused(office) == ["signal settled: without a MAC"]


async def test_nothing_strange_stops_an_approval(office: Office, outsider: Outsider) -> None:
    """Whatever bytes arrive, and however many, under every name that a workflow knows."""
    thread, card = await first_card(office)
    approval = approval_of(card)
    task = (await view_of(office, approval)).request.parent
    for payloads in STRANGE.values():
        for signal in ("decide", "withdraw", "delegate", "remind"):
            await outsider.signal(approval, signal, payloads)
        for signal in ("settled", "cancel", "comment"):
            await outsider.signal(task, signal, payloads)
    await goes_on(office, office.grace, thread, card)
    assert await office.card(thread, "strategy")
    assert len(await refused(office)) >= len(STRANGE)
    said = await office.ada.messages(CHANNEL, thread)
    assert "This waits" not in str(said)


async def test_forged_updates_are_refused(office: Office, outsider: Outsider) -> None:
    """The caller is told so, and the approval goes on."""
    thread, card = await first_card(office)
    approval = approval_of(card)
    handle = outsider.client.get_workflow_handle(approval)
    with pytest.raises(WorkflowUpdateFailedError):
        await handle.execute_update("decide_now", yes(await view_of(office, approval)))
    for name in ("decide_now", "delegate_now"):
        with pytest.raises(WorkflowUpdateFailedError):
            await handle.execute_update(name)
    await goes_on(office, office.linus, thread, card)


async def test_a_decision_counts_where_it_was_made(office: Office, outsider: Outsider) -> None:
    """Grace's real yes, copied to the next step's approval, or into another signal: refused."""
    thread, card = await first_card(office)
    first = approval_of(card)
    await office.grace.click(card, ActionId.APPROVE)
    second = approval_of(await office.card(thread, "strategy"))
    yes_of_grace = await outsider.sent(first, "decide")
    await outsider.signal(second, "decide", yes_of_grace)
    task = (await view_of(office, second)).request.parent
    await outsider.signal(task, "cancel", await outsider.sent(task, "settled"))
    view = await view_of(office, second)
    assert view.ballot.outcome is None
    client = await bootstrap.connect(office.settings)
    assert not (await client.get_workflow_handle(task).query(TaskWorkflow.view)).ended_at
    problem = "made for something else, or changed"
    assert await refused(office) == [
        f"signal decide: {problem}",
        "signal cancel: made for another message",
    ]


async def test_nobody_is_looked_up_for_a_stranger(office: Office, outsider: Outsider) -> None:
    """Who may not decide cannot hand it on, and leaves no looked-up person behind."""
    thread, card = await first_card(office)
    approval = approval_of(card)
    handle = (await bootstrap.connect(office.settings)).get_workflow_handle(approval)
    wanted = Delegation(id="d", by="U0MALLORY1", to=LINUS, quiet=True)
    answer = await handle.execute_update(ApprovalWorkflow.delegate_now, wanted)
    assert answer.reply is ReplyKind.NOT_APPROVER
    looked_up = [
        event.activity_task_scheduled_event_attributes.activity_type.name
        async for event in handle.fetch_history_events()
        if event.event_type is EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED
    ]
    assert "resolve_electorate" not in looked_up
    await goes_on(office, office.grace, thread, card)


@pytest.mark.parametrize("office", [{"quorum": 2}], indirect=True)
async def test_a_replayed_gesture_counts_once(office: Office, outsider: Outsider) -> None:
    """Grace's yes, sent to the same approval again and again, does not become two of two."""
    _, card = await first_card(office)
    approval = approval_of(card)
    await office.grace.click(card, ActionId.APPROVE)
    sent = await until(lambda: outsider.sent(approval, "decide"))
    for _ in range(5):
        await outsider.signal(approval, "decide", sent)
    async with asyncio.timeout(20):  # Grace is looked up first
        while not await decided(office):  # noqa: ASYNC110 - the log is written beside it
            await asyncio.sleep(0.1)
    view = await view_of(office, approval)
    assert [decision.by for decision in view.ballot.counted] == [GRACE]
    assert view.ballot.outcome is None
    assert await refused(office) == []
    assert await decided(office) == [GRACE]


async def test_a_forged_approval_settles_nothing(office: Office, outsider: Outsider) -> None:
    """An approval made up by an outsider, who is its approver, would tell the task: approved."""
    thread, card = await first_card(office)
    real = (await view_of(office, approval_of(card))).request
    mine = real.policy.model_copy(update={"approvers": ("U0MALLORY1",), "groups": {}})
    queue = office.settings.temporal.task_queue
    forged = real.model_copy(update={"policy": mine})
    plain, copied = await outsider.plain(forged), await outsider.started_with(real.id)
    for payloads in (plain, copied, []):
        workflow = f"mine-{uuid.uuid4().hex}"
        await outsider.start(workflow, "ApprovalWorkflow", queue, payloads)
        status = await _ended(outsider, workflow)
        assert status == "FAILED"
    await goes_on(office, office.grace, thread, card)


async def test_a_forged_task_calls_no_agent(office: Office, outsider: Outsider) -> None:
    """Nor does a copy of a real one under another name."""
    _, card = await first_card(office)
    task = (await view_of(office, approval_of(card))).request.parent
    [started] = await outsider.started_with(task)
    request = TaskRequest.model_validate_json(started.data)
    called = len(office.agent.requests)
    for payloads in ([started], await outsider.plain(request.model_copy(update={"id": "x"}))):
        workflow = f"x-{uuid.uuid4().hex}"
        await outsider.start(
            workflow, "TaskWorkflow", office.settings.temporal.task_queue, payloads
        )
        assert await _ended(outsider, workflow) == "FAILED"
    assert len(office.agent.requests) == called
    assert len(await refused(office)) == 2


@workflow.defn
class Errand:
    """A workflow of the outsider's own, which wants an activity of ours."""

    @workflow.run
    async def run(self, queue: str, activity: str, argument: Any) -> Any:
        return await workflow.execute_activity(
            activity,
            argument,
            task_queue=queue,
            start_to_close_timeout=timedelta(seconds=20),
            retry_policy=RetryPolicy(maximum_attempts=1),
        )


async def test_no_activity_works_for_others(office: Office, outsider: Outsider) -> None:
    """Neither an agent nor the audit log: their worker only has to name our task queue."""
    await first_card(office)
    called = len(office.agent.requests)
    ours, theirs = office.settings.temporal.task_queue, f"mallory-{uuid.uuid4().hex}"
    turn = office.agent.requests[0].model_dump(mode="json")
    made_up = AuditEntry(id="x", at=datetime.now(UTC), kind=AuditKind.DECIDED, actor="U0MALLORY1")
    rows = [made_up.model_dump(mode="json")]
    async with Worker(
        outsider.client,
        task_queue=theirs,
        workflows=[Errand],
        workflow_runner=UnsandboxedWorkflowRunner(),
    ):
        for activity, argument in (("run_turn", turn), ("record", rows)):
            with pytest.raises(WorkflowFailureError) as failed:
                await outsider.client.execute_workflow(
                    Errand.run, args=[ours, activity, argument], id=theirs, task_queue=theirs
                )
            assert isinstance(failed.value.cause, ActivityError)
            assert "without a MAC" in str(failed.value.cause.cause)
    assert len(office.agent.requests) == called
    assert made_up.actor not in {row.actor for row in await recorded(office)}


async def _ended(outsider: Outsider, workflow: str) -> str:
    """How it ended."""

    async def status() -> str:
        found = (await outsider.client.get_workflow_handle(workflow).describe()).status
        if found is None or found.name == "RUNNING":
            raise LookupError(workflow)
        return found.name

    return str(await until(status))


async def decided(office: Office) -> list[str]:
    """Whose decisions the audit log counts."""
    return [row.actor for row in await recorded(office) if row.kind is AuditKind.DECIDED]


async def until(look: Callable[[], Awaitable[Any]]) -> Any:
    """What it finds, once there is something."""
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                return await look()
            except (LookupError, RPCError):
                await asyncio.sleep(0.1)
