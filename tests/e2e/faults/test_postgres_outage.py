"""PostgreSQL goes away in the middle of a task and comes back: decisions count, nothing is lost."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.approvals import delivery
from bot.processes import bootstrap
from notifications.cards.buttons import ActionId
from playground.server import Playground
from storage.audit.events import AuditRow
from storage.database import create_engine
from tests.e2e.conftest import CHANNEL, PATIENCE, Office, settings_for
from tests.e2e.gestures import approval_of, first_card
from tests.storage.conftest import Postgres, postgres
from workflows.messages.audit import AuditKind

__all__ = ["postgres"]


@pytest.fixture
async def office(
    workspace: Playground,
    temporal_address: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    postgres: Postgres,
) -> AsyncIterator[Office]:
    """Everything running, with the audit log in PostgreSQL, signed and anchored."""
    monkeypatch.setattr(delivery, "FIRST_TRY_SECONDS", 2.0)
    settings = settings_for(workspace, temporal_address, tmp_path / "signoff")
    url = await postgres.new_database()
    settings = settings.model_copy(
        update={
            "storage": settings.storage.model_copy(
                update={"database": url, "anchors": tmp_path / "heads.jsonl"}
            ),
            "secrets": settings.secrets.model_copy(update={"audit_key": SecretStr("key")}),
        }
    )
    settings.folder.mkdir()
    built = Office(workspace, settings)
    await bootstrap.prepare(settings)
    async with bootstrap.worker(settings, built.agent), bootstrap.bot(settings):
        yield built
        await built.close()
    client = await bootstrap.connect(settings)
    mine = f"TaskQueue = '{settings.temporal.task_queue}' AND ExecutionStatus = 'Running'"
    async for found in client.list_workflows(mine):
        with contextlib.suppress(Exception):
            await client.get_workflow_handle(found.id).terminate()


async def rows_of(office: Office, kind: AuditKind, many: int) -> list[AuditRow]:
    """The log's rows of this kind, once there are so many; the chain is whole."""
    engine = create_engine(office.settings.database_url)
    try:
        audit = bootstrap.audit_log(office.settings, engine)
        for _ in range(PATIENCE * 20):
            rows = [row async for row in audit.rows() if row.kind is kind]
            if len(rows) >= many:
                break
            await asyncio.sleep(0.05)
        report = await audit.verify()
        assert (report.ok, report.signed, report.unsigned) == (True, True, 0)
    finally:
        await engine.dispose()
    return rows


async def test_work_waits_for_the_database_and_goes_on(
    office: Office,
    postgres: Postgres,
) -> None:
    """A decision while it is down counts at once and its card says so; the audit rows come when it
    is back, each once, in an unbroken chain."""
    thread, first = await first_card(office)
    await asyncio.to_thread(postgres.stop)
    try:
        assert (await office.grace.click(first, ActionId.APPROVE))["acked"]
        await office.decided(thread, "analysis")
        refused = await office.ada.command("/task status", CHANNEL)
        assert refused["acked"]
    finally:
        await asyncio.to_thread(postgres.start)
    for step in ("strategy", "patterns", "report"):
        await office.grace.click(await office.card(thread, step), ActionId.APPROVE)
    await office.ada.wait_for(lambda m: "completed" in m["text"], CHANNEL, timeout=PATIENCE)
    decided = await rows_of(office, AuditKind.DECIDED, 4)
    task = approval_of(first).split(".")[0]
    steps = ("analysis", "strategy", "patterns", "report")
    assert sorted(row.approval_id for row in decided) == sorted(f"{task}.{s}.v1" for s in steps)
    assert len(await rows_of(office, AuditKind.TASK_ENDED, 1)) == 1
