"""What was refused is recorded once, and whoever forges does not fill the log."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.temporal.refusals import MOST, Refusals
from storage.audit.log import AuditLog
from storage.database import create_engine, migrate
from storage.errors import DatabaseUnavailable
from workflows.messages.audit import AuditEntry, AuditKind


def entry(number: int, run: str = "run-1") -> AuditEntry:
    """One that was refused."""
    return AuditEntry(
        id=f"{run}:unverified:{number}",
        at=datetime(2026, 11, 27, tzinfo=UTC),
        kind=AuditKind.REFUSED,
        workflow_id="t-1",
        run_id=run,
        detail={"message": "signal decide", "unverified": "without a MAC"},
    )


@pytest.fixture
async def audit(tmp_path: Path) -> AsyncIterator[AuditLog]:
    """An empty log."""
    url = f"sqlite:///{tmp_path / 'signoff.db'}"
    await migrate(url)
    engine = create_engine(url)
    yield AuditLog(engine)
    await engine.dispose()


async def written(refusals: Refusals) -> None:
    """What was noted until now, written as at the end of a worker."""
    writing = asyncio.create_task(refusals.write())
    await asyncio.sleep(0.05)
    writing.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await writing


async def test_each_is_one_row_however_often_it_is_replayed(audit: AuditLog) -> None:
    """From whatever thread, in whatever process."""
    for _ in range(2):
        refusals = Refusals(audit)
        for number in (1, 2, 1, 1):
            await asyncio.to_thread(refusals.note, entry(number))
        await written(refusals)
    assert [row.id async for row in audit.rows()] == [entry(1).id, entry(2).id]


async def test_one_run_has_so_many_rows_and_others_have_theirs(audit: AuditLog) -> None:
    """A thousand different forged signals to one approval."""
    refusals = Refusals(audit)
    for number in range(1_000):
        refusals.note(entry(number))
    refusals.note(entry(1, "run-2"))
    await written(refusals)
    runs = [row.run_id async for row in audit.rows()]
    assert (runs.count("run-1"), runs.count("run-2")) == (MOST, 1)


async def test_what_was_not_recorded_is_at_the_next_replay(
    audit: AuditLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database was away for a while."""
    refusals = Refusals(audit)
    with monkeypatch.context() as away:

        async def append(*_: AuditEntry) -> int:
            raise DatabaseUnavailable("gone")

        away.setattr(audit, "append", append)
        refusals.note(entry(1))
        await written(refusals)
    refusals.note(entry(1))
    await written(refusals)
    assert [row.id async for row in audit.rows()] == [entry(1).id]
