"""The door between gestures and workflows: delivered, or kept and delivered later, in order."""

import asyncio
import contextlib
import uuid
from datetime import UTC, datetime
from pathlib import Path

import pytest
from temporalio.client import Client, WorkflowHistoryEventFilterType
from temporalio.contrib.pydantic import pydantic_data_converter

from bot.approvals import delivery as gateway_module
from bot.approvals.delivery import Gateway, Gesture, Taken
from bot.config.sections.temporal import TemporalSettings
from bot.temporal import client as temporal
from storage.click_inbox import ClickInbox
from storage.payloads.files import PayloadFiles
from tests.fakes import ADA, GRACE, LINUS
from tests.wire import Wire
from workflows.messages.decisions import (
    Decision,
    Delegation,
    Place,
    ReplyKind,
    Snooze,
    Verdict,
    Via,
    Withdrawal,
)

DECISION = Decision(
    id="d1",
    verdict=Verdict.APPROVE,
    by=GRACE,
    at=datetime(2026, 3, 2, tzinfo=UTC),
    revision=1,
    digest="f" * 16,
    place=Place(channel="C1", ts="1.1"),
)
GESTURES: list[Gesture] = [
    DECISION,
    Delegation(id="d2", by=GRACE, to=LINUS),
    Snooze(id="d3", by=GRACE, minutes=30),
    Withdrawal(id="d4", by=ADA),
    DECISION.model_copy(update={"id": "d5", "via": Via.BULK}),
]
SIGNALS = ["decide", "delegate", "snooze", "withdraw", "decide"]


@pytest.fixture
async def client(temporal_address: str, tmp_path: Path) -> Client:
    ours = temporal.plugin(PayloadFiles(tmp_path / "payloads"))
    return await temporal.connect(TemporalSettings(address=temporal_address), ours)


@pytest.fixture
async def dead(temporal_address: str) -> Client:
    """A client whose server went away after it had connected."""
    async with Wire(temporal_address) as wire:
        return await Client.connect(wire.address, data_converter=pydantic_data_converter)


async def waiting(client: Client) -> str:
    """An approval that nobody works on."""
    approval = f"t-{uuid.uuid4().hex[:8]}.analysis.v1"
    await client.start_workflow("ApprovalWorkflow", id=approval, task_queue=approval)
    return approval


async def signals(client: Client, approval: str) -> list[str]:
    """The names of the signals the server took, in order."""
    history = client.get_workflow_handle(approval).fetch_history_events(
        event_filter_type=WorkflowHistoryEventFilterType.ALL_EVENT
    )
    return [
        event.workflow_execution_signaled_event_attributes.signal_name
        async for event in history
        if event.HasField("workflow_execution_signaled_event_attributes")
    ]


async def test_every_gesture_is_delivered_without_a_worker(client: Client, tmp_path: Path) -> None:
    """A signal needs a server only."""
    inbox = ClickInbox(tmp_path / "inbox.db")
    approval = await waiting(client)
    gateway = Gateway(client, inbox)
    assert {await gateway.send(approval, one) for one in GESTURES} == {Taken.DELIVERED}
    assert await signals(client, approval) == SIGNALS
    await inbox.close()


async def test_what_nobody_takes_is_kept_and_delivered_in_order(
    client: Client, dead: Client, tmp_path: Path
) -> None:
    """Each kind; the answers of a bulk decision come from here, the others from the workflow."""
    inbox = ClickInbox(tmp_path / "inbox.db")
    approval = await waiting(client)
    assert {await Gateway(dead, inbox).send(approval, one) for one in GESTURES} == {Taken.KEPT}
    assert await inbox.count() == len(GESTURES)
    answered: list[str] = []

    async def answer(_: str, gesture: Gesture) -> None:
        answered.append(gesture.id)

    draining = asyncio.create_task(Gateway(client, inbox).drain(answer))
    async with asyncio.timeout(30):
        while await inbox.count() or await inbox.untold():  # noqa: ASYNC110 - it has its own beat
            await asyncio.sleep(0.05)
    draining.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await draining
    assert await signals(client, approval) == SIGNALS
    assert answered == ["d5"]
    await inbox.close()


async def test_a_gesture_on_what_never_was_is_closed_and_unknown(
    client: Client, tmp_path: Path
) -> None:
    """And says so, whatever it is."""
    inbox = ClickInbox(tmp_path / "inbox.db")
    gateway = Gateway(client, inbox)
    for gesture in GESTURES:
        assert await gateway.send("t-nothing.x.v1", gesture) is Taken.CLOSED
        assert (await gateway.late_answer("t-nothing.x.v1", gesture)).reply is ReplyKind.UNKNOWN
    await inbox.close()


async def test_without_a_worker_a_late_answer_does_not_guess(
    client: Client, tmp_path: Path
) -> None:
    """It says that it cannot be looked up, not that nobody knows it."""
    inbox = ClickInbox(tmp_path / "inbox.db")
    approval = await waiting(client)
    answer = await Gateway(client, inbox).late_answer(approval, DECISION, seconds=0.5)
    assert answer.reply is ReplyKind.DONE
    assert "can't be looked up" in answer.detail
    await inbox.close()


async def test_an_answer_that_cannot_be_given_holds_up_no_click_and_is_tried_again(
    client: Client, dead: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The person is told once it works; the clicks behind were delivered long before."""
    monkeypatch.setattr(gateway_module, "DRAIN_EVERY", 0.05)
    inbox = ClickInbox(tmp_path / "inbox.db")
    approval = await waiting(client)
    keeping = Gateway(dead, inbox)
    late, *behind = GESTURES
    await keeping.send("t-nothing.x.v1", late)
    for gesture in behind:
        await keeping.send(approval, gesture)
    slack_is_back, told = asyncio.Event(), asyncio.Event()
    tries: list[str] = []

    async def answer(_: str, gesture: Gesture) -> None:
        if gesture.id != late.id:
            return
        tries.append(gesture.id)
        if not slack_is_back.is_set():
            raise ConnectionError
        told.set()

    draining = asyncio.create_task(Gateway(client, inbox).drain(answer))
    async with asyncio.timeout(30):
        while await inbox.count() or len(tries) < 2:  # noqa: ASYNC110 - it has its own beat
            await asyncio.sleep(0.05)
        assert [click.id for click in await inbox.untold()] == [late.id]
        slack_is_back.set()
        await told.wait()
        while await inbox.untold():  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    draining.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await draining
    assert await signals(client, approval) == SIGNALS[1:]
    await inbox.close()
