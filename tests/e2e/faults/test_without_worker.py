"""Without any worker: clicks are taken, forms that need nothing open, the others say why not."""

import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import Client

from bot.config.settings import Settings
from bot.processes import bootstrap
from bot.slack.client import web_client
from notifications.cards.buttons import ActionId
from notifications.cards.card import card, card_text
from playground.server import Playground
from playground.testing.person import Person
from tests.e2e.conftest import CHANNEL, settings_for
from tests.fakes import GRACE
from tests.notifications.card_views import view
from tests.wire import Wire
from workflows.messages.policy import Risk

Message = dict[str, Any]


class Desk:
    """A card in the channel, an approval nobody works on, and Grace."""

    def __init__(
        self, message: Message, grace: Person, client: Client, approval: str, wire: Wire
    ) -> None:
        self.wire = wire
        self.message = message
        self.grace = grace
        self.client = client
        self.approval = approval


@pytest.fixture
async def desk(workspace: Playground, temporal_address: str, tmp_path: Path) -> AsyncIterator[Desk]:
    settings = settings_for(workspace, temporal_address, tmp_path / "signoff")
    settings.folder.mkdir()
    await bootstrap.prepare(settings)
    client = await bootstrap.connect(settings)
    approval = f"t-{uuid.uuid4().hex[:8]}.analysis.v1"
    queue = settings.temporal.task_queue
    handle = await client.start_workflow("ApprovalWorkflow", id=approval, task_queue=queue)
    shown = view(id=approval, policy={"risk": Risk.HIGH})
    async with (
        Wire(temporal_address) as wire,
        web_client(settings) as slack,
        bootstrap.bot(_over(settings, wire)),
    ):
        posted = await slack.chat_postMessage(
            channel=CHANNEL, blocks=card(shown), text=card_text(shown)
        )
        message = dict(posted["message"]) | {"channel": CHANNEL}
        async with Person(workspace.url, workspace.local_token, GRACE) as grace:
            yield Desk(message, grace, client, approval, wire)
    await handle.terminate()


def _over(settings: Settings, wire: Wire) -> Settings:
    temporal = settings.temporal.model_copy(update={"address": wire.address})
    return settings.model_copy(update={"temporal": temporal})


async def test_a_click_that_nobody_takes_is_kept_and_that_is_said(desk: Desk) -> None:
    """Temporal is gone: the form still opens, what comes in is kept, and the person knows."""
    await desk.grace.click(desk.message, ActionId.REJECT)
    form = await desk.grace.wait_for_view()
    await desk.wire.cut()
    await desk.grace.submit(form, {"comment": {"comment": "the wrong file"}})
    said = await desk.grace.wait_for(lambda m: m.get("ephemeral_for"), CHANNEL)
    assert "safely kept" in said["text"]


async def test_a_form_that_needs_the_facts_says_that_it_cannot_be_opened(desk: Desk) -> None:
    """Within its short deadline, and nothing was done."""
    await desk.grace.click(desk.message, ActionId.APPROVE_WITH_CARE)
    said = await desk.grace.wait_for(lambda m: m.get("ephemeral_for"), CHANNEL)
    assert "can't be opened just now" in said["text"]
    assert not await desk.grace.views()


async def test_a_rejection_needs_no_worker(desk: Desk) -> None:
    """The form opens in time, and what comes in is taken by the server."""
    await desk.grace.click(desk.message, ActionId.REJECT)
    form = await desk.grace.wait_for_view()
    await desk.grace.submit(form, {"comment": {"comment": "the wrong file"}})
    history = await desk.client.get_workflow_handle(desk.approval).fetch_history()
    signals = [
        event.workflow_execution_signaled_event_attributes
        for event in history.events
        if event.HasField("workflow_execution_signaled_event_attributes")
    ]
    assert [signal.signal_name for signal in signals] == ["decide"]
    assert b"the wrong file" in signals[0].input.payloads[0].data
