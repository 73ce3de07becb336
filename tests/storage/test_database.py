"""Engines, migrations and the readiness check, over SQLite and PostgreSQL."""

import asyncio
import gc
import random
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from storage.audit.log import AuditLog
from storage.database import create_engine, migrate, ready, whole, writing
from storage.errors import DatabaseUnavailable
from workflows.messages.audit import AuditEntry, AuditKind

MIGRATE = """
import asyncio, sys
from storage.database import migrate
asyncio.run(migrate(sys.argv[1]))
"""


async def test_a_new_database_becomes_ready(empty_engine: AsyncEngine) -> None:
    """Before the migration the check says what is missing, afterwards that all is well."""
    before = await ready(empty_engine)
    assert not before.ok
    await migrate(empty_engine)
    await migrate(empty_engine)
    after = await ready(empty_engine)
    assert (after.ok, " answers, schema 0" in after.sentence) == (True, True)


async def test_processes_may_migrate_at_once(empty_engine: AsyncEngine, database_url: str) -> None:
    """Five at the same moment, on an empty database: all succeed, the schema is there once."""
    command = [sys.executable, "-c", MIGRATE, database_url]
    started = [await asyncio.create_subprocess_exec(*command) for _ in range(5)]
    assert [await process.wait() for process in started] == [0] * 5
    assert (await ready(empty_engine)).ok
    assert (await AuditLog(empty_engine).verify()).rows == 0


async def test_a_migration_that_was_cut_off_is_done_whole(
    empty_engine: AsyncEngine, database_url: str
) -> None:
    """SIGKILL during the migration leaves either schema, never half of one."""
    for delay in (0.6, 0.7, 0.8):
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", MIGRATE, database_url)
        await asyncio.sleep(delay)
        if process.returncode is None:
            process.kill()
        await process.wait()
    await migrate(database_url)
    assert (await ready(empty_engine)).ok


async def test_sqlite_is_durable_and_strict(tmp_path: Path) -> None:
    """Every connection has the write-ahead log, full sync, a wait for locks, foreign keys."""
    engine = create_engine(f"sqlite:///{tmp_path / 'a.sqlite'}")
    async with engine.connect() as connection:
        pragmas = ("journal_mode", "synchronous", "busy_timeout", "foreign_keys")
        values = [
            (await connection.execute(text(f"PRAGMA {pragma}"))).scalar_one() for pragma in pragmas
        ]
    assert values == ["wal", 2, 30_000, 1]
    await engine.dispose()


async def test_writers_wait_for_each_other(engine: AsyncEngine) -> None:
    """Two `writing` transactions never overlap, and a failed one leaves nothing."""
    inside = 0

    async def write() -> None:
        nonlocal inside
        async with writing(engine) as connection:
            inside += 1
            assert inside == 1
            await connection.execute(text("SELECT 1"))
            await asyncio.sleep(0.01)
            inside -= 1

    await asyncio.gather(*(write() for _ in range(8)))
    with pytest.raises(SQLAlchemyError, match="nowhere"):
        await _statements(engine, "CREATE TABLE half (n INTEGER)", "SELECT * FROM nowhere")
    with pytest.raises(SQLAlchemyError, match="half"):
        await _statements(engine, "SELECT * FROM half")


async def _statements(engine: AsyncEngine, *statements: str) -> None:
    """All in one transaction."""
    async with writing(engine) as connection:
        for statement in statements:
            await connection.execute(text(statement))


async def test_an_unreachable_server_is_a_sentence(tmp_path: Path) -> None:
    """Neither the check nor the migration shows a password or a stack trace."""
    engine = create_engine("postgresql://signoff:secret@127.0.0.1:1/signoff")
    verdict = await ready(engine)
    assert not verdict.ok
    assert "secret" not in verdict.sentence
    with pytest.raises(DatabaseUnavailable, match="Check that it runs") as raised:
        await migrate(engine)
    assert "secret" not in str(raised.value)
    await engine.dispose()


async def test_a_file_that_is_no_database_is_a_sentence(tmp_path: Path) -> None:
    """It is named, and left as it is."""
    path = tmp_path / "a.sqlite"
    path.write_bytes(b"junk" * 2_000)
    with pytest.raises(DatabaseUnavailable, match=r"a\.sqlite"):
        await migrate(f"sqlite:///{path}")
    assert path.read_bytes() == b"junk" * 2_000


def test_other_kinds_of_database_are_refused() -> None:
    """At the start, with the way out."""
    with pytest.raises(DatabaseUnavailable, match="sqlite:///"):
        create_engine("mysql://somewhere/a")


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_a_stopped_server_is_used_again_when_it_is_back(engine: AsyncEngine) -> None:
    """Connections that broke are replaced without a restart (here: ended by the server)."""
    log = AuditLog(engine)
    assert (await log.verify()).ok
    other = create_engine(engine.url)
    async with other.connect() as connection:
        await connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
    await other.dispose()
    assert (await log.verify()).rows == 0


def refused(name: str) -> AuditEntry:
    """Any row."""
    at = datetime(2026, 11, 27, tzinfo=UTC)
    return AuditEntry(id=name, at=at, kind=AuditKind.REFUSED, workflow_id="t", run_id="r")


async def test_a_write_that_nobody_waits_for_any_more_leaves_no_lock(engine: AsyncEngine) -> None:
    """Cancelled at any moment of the transaction, and nothing sweeps memory meanwhile."""
    log, chance = AuditLog(engine), random.Random(1)
    gc.disable()
    try:
        for number in range(300):
            writing_it = asyncio.create_task(log.append(refused(f"a{number}")))
            for _ in range(chance.randint(0, 60)):
                await asyncio.sleep(chance.choice([0, 0, 0.0003]))
            writing_it.cancel()
            await asyncio.wait([writing_it])
            await asyncio.wait_for(log.append(refused(f"b{number}")), 20)
    finally:
        gc.enable()


async def test_whoever_is_cancelled_hears_it_when_the_write_has_ended() -> None:
    """Not before, and whatever the write came to."""
    ended: list[str] = []

    @whole
    async def write() -> None:
        await asyncio.sleep(0.05)
        ended.append("written")
        raise OSError("gone")

    task = asyncio.create_task(write())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended == ["written"]
