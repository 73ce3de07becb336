"""A stored file is damaged while an approval waits; a disk is full; people are told, it heals."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import WorkflowExecutionStatus

from agents.errors import UnusableInput
from bot.approvals import delivery
from bot.config.agents import StoredInputs
from bot.config.settings import Settings
from bot.monitoring.metrics import Metrics
from bot.processes import bootstrap
from playground.server import Playground
from storage.audit.events import AuditRow
from storage.database import create_engine
from storage.payloads.files import PayloadFiles
from tests.e2e.conftest import CHANNEL, PATIENCE, Office, settings_for
from tests.e2e.gestures import COMMAND, approval_of, first_card
from tests.storage.conftest import FULL
from tests.storage.payloads.small_disk import fill, small_disk
from workflows.messages.audit import AuditKind
from workflows.messages.results import AgentResult
from workflows.messages.turns import TurnRequest


def large(request: TurnRequest) -> AgentResult:
    """A result whose text is a payload file of its own."""
    return AgentResult(summary=request.step, full_text=f"{request.step} 0123456789 " * 10_000)


def damage(kind: str, path: Path) -> None:
    """As a disk or a person would."""
    data = path.read_bytes()
    if kind == "missing":
        path.unlink()
    else:
        path.write_bytes(data[:-7] if kind == "truncated" else b"\0" + data[1:])


def is_card(message: dict[str, Any]) -> bool:
    """Not a notice about one."""
    return bool((message.get("metadata") or {}).get("event_type") == "signoff_card")


async def until(true: Callable[[], bool]) -> None:
    """Wait for it, for a minute."""
    for _ in range(PATIENCE * 20):
        if true():
            return
        await asyncio.sleep(0.05)
    raise TimeoutError


@contextlib.asynccontextmanager
async def running(office: Office, metrics: Metrics | None = None) -> AsyncIterator[None]:
    """A worker, new and with nothing in its cache."""
    async with bootstrap.worker(office.settings, office.agent, metrics):
        yield


@pytest.fixture
async def quiet_office(
    workspace: Playground, temporal_address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Office]:
    """The bot only, on a small disk: each test starts its workers."""
    monkeypatch.setattr(delivery, "FIRST_TRY_SECONDS", 2.0)
    with small_disk(tmp_path / "signoff", megabytes=32) as folder:
        async with bot_only(settings_for(workspace, temporal_address, folder), workspace) as office:
            yield office


@contextlib.asynccontextmanager
async def bot_only(settings: Settings, workspace: Playground) -> AsyncIterator[Office]:
    """No worker yet; nothing is left running afterwards."""
    office = Office(workspace, settings)
    office.agent.make = large
    await bootstrap.prepare(settings)
    async with bootstrap.bot(settings):
        yield office
        await office.close()
    client = await bootstrap.connect(settings)
    mine = f"TaskQueue = '{settings.temporal.task_queue}' AND ExecutionStatus = 'Running'"
    async for found in client.list_workflows(mine):
        with contextlib.suppress(Exception):
            await client.get_workflow_handle(found.id).terminate()


@pytest.mark.parametrize("kind", ["missing", "corrupt", "truncated"] if FULL else ["corrupt"])
async def test_a_damaged_file_is_told_and_heals(quiet_office: Office, kind: str) -> None:
    """The worker is new, the file is away: the click is kept, the thread and the metrics name the
    file, and once it is back the click counts and the complaint is taken back."""
    office, metrics = quiet_office, Metrics()
    async with running(office):
        thread, card = await first_card(office)
    kept = bootstrap.payload_files(office.settings)
    files = {name: kept.path(name).read_bytes() for name in await kept.names()}
    large_files = [name for name, data in files.items() if b"0123456789 analysis" in data]
    assert large_files
    for name in large_files:
        damage(kind, kept.path(name))
    async with running(office, metrics):
        assert (await office.grace.click(card, "signoff_approve"))["acked"]
        told = await office.ada.wait_for(
            lambda m: "is missing or damaged" in m["text"],
            CHANNEL,
            thread=thread,
            timeout=PATIENCE,
        )
        [named] = [name for name in large_files if name in told["text"]]
        text = metrics.exposition()[1].decode()
        error = "PayloadMissing" if kind == "missing" else "PayloadCorrupt"
        assert f'signoff_payload_errors_total{{error="{error}"}}' in text
        assert "signoff_payloads_away 0.0" not in text
        client = await bootstrap.connect(office.settings)
        described = await client.get_workflow_handle(approval_of(card)).describe()
        assert described.status is WorkflowExecutionStatus.RUNNING
        for name in large_files:
            kept.path(name).write_bytes(files[name])
        await office.ada.wait_for(
            lambda m: "Approved" in m["text"] and is_card(m),
            CHANNEL,
            thread=thread,
            timeout=PATIENCE,
        )
        await office.ada.wait_for(
            lambda m: named in m["text"] and "is back" in m["text"], CHANNEL, thread=thread
        )
        assert await office.card(thread, "strategy")
        await until(lambda: "signoff_payloads_away 0.0" in metrics.exposition()[1].decode())


async def test_a_full_disk_refuses_new_work_and_keeps_decisions(quiet_office: Office) -> None:
    """Payloads, inbox and audit log lie on a disk without room: a new task is refused with a
    sentence, a click counts and the task goes on, and the audit log is whole once there is room."""
    office = quiet_office
    office.agent.make = lambda request: AgentResult(summary=request.step)
    filler = office.settings.folder / "filler"
    async with running(office):
        thread, card = await first_card(office)
        fill(filler)
        await office.ada.command(COMMAND.replace("penguins", "seattle-weather"), CHANNEL)
        refused = await office.ada.wait_for(
            lambda m: "No new task can be taken: No space left" in m["text"], CHANNEL
        )
        assert refused["ephemeral_for"] == office.ada.user
        assert (await office.grace.click(card, "signoff_approve"))["acked"]
        await office.decided(thread, "analysis")
        second = await office.card(thread, "strategy")
        filler.unlink()
        await office.grace.click(second, "signoff_approve")
        await office.decided(thread, "strategy")
        rows = await decided_rows(office)
    rows.sort(key=lambda row: row.at)  # what met the full disk is written later
    assert [row.approval_id for row in rows] == [approval_of(card), approval_of(second)]


@pytest.mark.parametrize("kind", ["missing", "corrupt"])
async def test_a_lost_input_is_named(tmp_path: Path, kind: str) -> None:
    """The agent's turn fails with the file's name and the way out, and may be tried again."""
    files = PayloadFiles(tmp_path)
    name = await files.put(b"a,b\n1,2\n")
    damage(kind, files.path(name))
    with pytest.raises(UnusableInput, match=name) as told:
        await StoredInputs(files).read(name)
    assert told.value.retryable
    assert "then Retry." in told.value.sentence


async def decided_rows(office: Office, many: int = 2) -> list[AuditRow]:
    """The decisions in the audit log, once there are so many; the chain is whole."""
    engine = create_engine(office.settings.database_url)
    try:
        audit = bootstrap.audit_log(office.settings, engine)
        for _ in range(PATIENCE * 20):
            rows = [row async for row in audit.rows() if row.kind is AuditKind.DECIDED]
            if len(rows) >= many:
                break
            await asyncio.sleep(0.05)
        assert (await audit.verify()).ok
    finally:
        await engine.dispose()
    return rows
