"""A burst of approvals under the limits Slack enforces."""

import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.monitoring.metrics import Metrics
from bot.processes import bootstrap
from playground.config import PlaygroundConfig
from playground.server import Playground
from playground.testing.faults import Fault
from tests.e2e.conftest import CHANNEL, ROOT, Office, settings_for
from tests.fakes import ADA
from workflows.approval.workflow import ApprovalWorkflow
from workflows.messages.decisions import Place
from workflows.messages.requests import ApprovalRequest
from workflows.messages.results import AgentResult

MANY = 8


@pytest.fixture
async def workspace(tmp_path: Path) -> AsyncIterator[Playground]:
    """One that says 429 to whoever is too fast."""
    config = PlaygroundConfig(manifest=ROOT / "manifest.yml", rate_limits=True)
    async with Playground(config, tmp_path / "playground.db") as running:
        yield running


async def _raise(office: Office) -> str:
    name = f"a-{uuid.uuid4().hex}"
    request = ApprovalRequest(
        id=name,
        title="Refund 42 EUR",
        requester=ADA,
        result=AgentResult(summary="A refund."),
        policy=office.settings.plans("review")[0].policy,
        thread=Place(channel=CHANNEL),
    )
    client = await bootstrap.connect(office.settings)
    queue = office.settings.temporal.task_queue
    await client.start_workflow(ApprovalWorkflow.run, request, id=name, task_queue=queue)
    return name


async def test_a_burst_is_posted_once_each_and_never_too_fast(office: Office) -> None:
    """Most cards are sent away and come back; none is looked for, because none was sent before."""
    raised = {await _raise(office) for _ in range(MANY)}
    cards: dict[str, str] = {}

    def seen(message: dict[str, object]) -> bool:
        known = [name for name in raised if name in str(message.get("metadata"))]
        cards.update({name: str(message["ts"]) for name in known})
        return set(cards) == raised

    await office.grace.wait_for(seen, CHANNEL, timeout=40)
    journal = office.workspace.journal
    posted = journal.calls(method="chat.postMessage")
    assert [call["status"] for call in posted] == [200] * MANY
    assert journal.calls(method="conversations.history") == []
    assert len(journal.calls(method="users.lookupByEmail")) <= 2


async def test_a_worker_counts_what_slack_refused(
    workspace: Playground, temporal_address: str, tmp_path: Path
) -> None:
    """In its own metrics, which the bot's know nothing of."""
    settings, metrics = settings_for(workspace, temporal_address, tmp_path / "signoff"), Metrics()
    office = Office(workspace, settings)
    fault = Fault(kind="rate_limited", method="chat.postMessage", count=1, retry_after=1)
    workspace.faults.add(fault)
    await bootstrap.prepare(settings)
    async with bootstrap.worker(settings, office.agent, metrics):
        name = await _raise(office)
        await office.grace.wait_for(lambda m: name in str(m.get("metadata")), CHANNEL, timeout=40)
    _, text = metrics.exposition()
    assert b"signoff_slack_rate_limited_total 1.0" in text
    assert b'signoff_slack_calls_total{method="chat.postMessage",status="200"} 1.0' in text
    client = await bootstrap.connect(settings)
    await client.get_workflow_handle(name).terminate()
    await office.close()
