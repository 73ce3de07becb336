"""Every pipeline of `signoff.toml` with the real agents on the offline model, start to end."""

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot import bootstrap
from playground.server import Playground
from tests.e2e.conftest import CHANNEL, offline_agents, settings_for
from tests.fakes import ADA, GRACE
from workflows.decisions import Decision, Verdict, Via
from workflows.tasks import Source, SourceKind

INPUTS = {
    "review": "penguins.csv",
    "support": "complaint.txt",
    "process": "penguins.csv",
    "research": "penguins.csv",
    "write": "penguins.csv",
    "check": "penguins.csv",
    "refine": "draft.md",
    "pay": "payments.csv",
    "operate": "runbook.md",
}
ASKS = {"pay", "operate"}


@pytest.fixture
async def desk(
    workspace: Playground, temporal_address: str, tmp_path: Path
) -> AsyncIterator[bootstrap.Desk]:
    """A worker whose agents run in its own process, and a desk to decide at."""
    settings = settings_for(workspace, temporal_address, tmp_path / "signoff")
    settings.folder.mkdir()
    async with contextlib.AsyncExitStack() as stack:
        await bootstrap.prepare(settings)
        agents = await stack.enter_async_context(offline_agents(settings))
        await stack.enter_async_context(bootstrap.worker(settings, agents))
        yield await bootstrap.desk(settings)


async def approve_all(desk: bootstrap.Desk, task: str) -> list[str]:
    """Approve whatever comes up, as Grace, until the task ends; gives the approvals' ids."""
    approved: list[str] = []
    async with asyncio.timeout(150):
        while (await desk.tasks.view(task)).ended_at is None:
            view = await desk.tasks.view(task)
            assert not view.problem, view.problem
            for step in view.steps:
                if step.state == "waiting" and step.approval_id not in approved:
                    card = await desk.approvals.view(step.approval_id)
                    decision = Decision(
                        id=uuid.uuid4().hex,
                        verdict=Verdict.APPROVE,
                        by=GRACE,
                        at=datetime.now(UTC),
                        revision=card.ballot.revision,
                        digest=card.ballot.digest,
                        via=Via.CLI,
                        confirmation=card.ballot.phrase,
                    )
                    answer = await desk.approvals.decide(step.approval_id, decision)
                    if answer.accepted:
                        approved.append(step.approval_id)
            await asyncio.sleep(0.1)
    return approved


@pytest.mark.parametrize("pipeline", INPUTS)
async def test_a_pipeline_runs_to_its_end(desk: bootstrap.Desk, pipeline: str) -> None:
    """Each step has a result written from the input; agents that ask are asked about."""
    name = INPUTS[pipeline]
    source = Source(kind=SourceKind.FILE, value=f"examples/{name}", name=name)
    task = await desk.tasks.start(pipeline, (source,), ADA, CHANNEL)
    approved = await approve_all(desk, task)
    report = await desk.tasks.report(task)
    assert report.status == "completed", report.reason
    for record in report.steps:
        assert record.result.summary
        assert record.result.offline
        assert "Offline" in record.result.full_text
    assert any("question" in approval for approval in approved) is (pipeline in ASKS)
