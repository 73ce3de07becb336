"""The audit log, over SQLite and PostgreSQL alike."""

import asyncio
import json
import sys
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from storage.audit.anchors import AnchorFile
from storage.audit.events import AuditRow, Head
from storage.audit.log import AuditLog
from storage.audit.signing_keys import FILE, AuditKeyFile
from storage.database import create_engine, migrate
from storage.errors import AnchorsDamaged, DatabaseUnavailable, DiskFull
from tests.storage.payloads.small_disk import fill, small_disk
from workflows.messages.audit import AuditEntry, AuditKind

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
WRITER = """
import asyncio, sys
from datetime import UTC, datetime
from pathlib import Path
from storage.audit.signing_keys import AuditKeyFile
from storage.audit.log import AuditLog
from storage.database import create_engine
from workflows.messages.audit import AuditEntry

async def main(url, keys, name, many):
    engine = create_engine(url)
    log = AuditLog(engine, AuditKeyFile(Path(keys)))
    for number in range(int(many)):
        event = AuditEntry(id=f"{name}:{number}", at=datetime.now(UTC), kind="shown", actor=name)
        await log.append(event)
    await engine.dispose()

asyncio.run(main(*sys.argv[1:]))
"""


def an_event(name: str = "e1", **values: Any) -> AuditEntry:
    """An event at noon, raised unless said otherwise."""
    return AuditEntry(**{"id": name, "at": NOON, "kind": AuditKind.RAISED, **values})


async def rows_of(log: AuditLog) -> list[AuditRow]:
    """The whole log."""
    return [row async for row in log.rows()]


async def test_rows_are_read_as_they_were_written(engine: AsyncEngine) -> None:
    """Every field of an event comes back, and the moment is the same one in UTC."""
    log = AuditLog(engine)
    event = an_event(
        at=datetime(2026, 3, 1, 14, tzinfo=timezone(timedelta(hours=2))),
        kind=AuditKind.DECIDED,
        task_id="t1",
        approval_id="a1",
        revision=2,
        workflow_id="w",
        run_id="r",
        actor="T1:U1",
        via="slack",
        detail={"verdict": "approve", "comment": "gut ✅"},
    )
    assert await log.append(event) == 1
    [row] = await rows_of(log)
    sent = event.model_dump()
    sent["channel"] = sent.pop("via")
    assert row.model_dump(include=set(sent)) == sent
    assert row.at.isoformat() == "2026-03-01T12:00:00+00:00"
    assert (row.seq, row.previous, row.mac) == (1, "", "")


async def test_the_same_id_twice_is_one_row(engine: AsyncEngine) -> None:
    """A repeated event changes nothing and gets the sequence of its first row."""
    log = AuditLog(engine)
    await log.append(an_event("other"))
    first = await log.append(an_event("same", actor="first"))
    assert await log.append(an_event("same", actor="second")) == first == 2
    assert [row.actor for row in await rows_of(log)] == ["", "first"]


async def test_every_row_is_read_in_order(engine: AsyncEngine) -> None:
    """And the next one follows the one before by its hash."""
    log = AuditLog(engine)
    assert await rows_of(log) == []
    for number in range(6):
        await log.append(an_event(f"e{number}"))
    rows = await rows_of(log)
    assert [row.seq for row in rows] == [1, 2, 3, 4, 5, 6]
    assert [row.previous for row in rows[1:]] == [row.hash for row in rows[:-1]]


COPY_ROW_2 = (
    "INSERT INTO audit_events SELECT seq + {step}, 'x', at, kind, task_id, approval_id, revision,"
    " workflow_id, run_id, actor, channel, detail, {previous}, hash, mac FROM audit_events"
    " WHERE seq = 2"
)


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param("UPDATE audit_events SET actor = 'somebody else'", id="update"),
        pytest.param("DELETE FROM audit_events", id="delete"),
        pytest.param(COPY_ROW_2.format(step=7, previous="hash"), id="a gap"),
        pytest.param(COPY_ROW_2.format(step=1, previous="'wrong'"), id="off the chain"),
    ],
)
async def test_the_database_refuses_changes(engine: AsyncEngine, statement: str) -> None:
    """Triggers stop updates, deletes, and rows that are not the next one."""
    log = AuditLog(engine)
    for number in range(2):
        await log.append(an_event(f"e{number}"))
    with pytest.raises(SQLAlchemyError, match="append-only"):
        async with engine.begin() as connection:
            await connection.execute(text(statement))
    assert (await log.verify()).ok


async def test_the_database_refuses_replacing_and_truncating(engine: AsyncEngine) -> None:
    """`INSERT OR REPLACE` (SQLite) and `TRUNCATE` (PostgreSQL) do not get around the triggers."""
    log = AuditLog(engine)
    await log.append(an_event())
    statement = (
        "INSERT OR REPLACE INTO audit_events SELECT * FROM audit_events"
        if engine.dialect.name == "sqlite"
        else "TRUNCATE audit_events"
    )
    with pytest.raises(SQLAlchemyError, match="append-only"):
        async with engine.begin() as connection:
            await connection.execute(text(statement))


async def test_hostile_details_are_kept(engine: AsyncEngine, keys: AuditKeyFile) -> None:
    """NUL, lone surrogates, NaN, huge numbers and depth are stored, chained and verified."""
    deep: Any = "bottom"
    for _ in range(500):
        deep = [deep]
    detail = {
        "nul": "a\0b",
        "surrogate": "\ud800",
        "pair": "\ud83d\ude00",
        "nan": float("nan"),
        "huge": 10**5_000,
        "deep": deep,
        "bytes": b"\xff",
        "\udfff": {1: "number as key"},
    }
    log = AuditLog(engine, keys)
    await log.append(an_event("poison\0\ud800", actor="U1\u202e", detail=detail))
    [_, row] = await rows_of(log)
    assert row.detail["nul"] == "a\0b"
    assert row.detail["surrogate"] == "\ud800"
    assert row.detail["pair"] == "\U0001f600"
    assert row.detail["nan"] == {"$float": "nan"}
    assert row.id == "poison\\u0000\\ud800"
    assert (await log.verify()).ok


async def test_a_huge_detail_is_shortened(engine: AsyncEngine) -> None:
    """Five megabytes leave a beginning, a count and a sha256, not five megabytes."""
    log = AuditLog(engine)
    await log.append(an_event(detail={"text": "x" * 5_000_000}))
    [row] = await rows_of(log)
    assert row.detail["text"]["$characters"] == 5_000_000
    assert len(json.dumps(row.detail)) < 10_000


async def test_processes_append_to_one_unbroken_chain(
    engine: AsyncEngine, database_url: str, keys: AuditKeyFile, tmp_path: Path
) -> None:
    """Four processes writing at once, with ids in common with nobody, leave no gap or fork.

    One of them makes the key and begins.
    """
    command = [sys.executable, "-c", WRITER, database_url, str(tmp_path / "storage" / FILE)]
    processes = [
        await asyncio.create_subprocess_exec(*command, f"p{number}", "25") for number in range(4)
    ]
    assert [await process.wait() for process in processes] == [0, 0, 0, 0]
    report = await AuditLog(engine, keys).verify()
    assert (report.ok, report.rows, report.head_seq) == (True, 101, 101)
    [stretch] = report.stretches
    assert (stretch.first, stretch.last, stretch.known) == (1, 101, True)


async def test_tasks_append_the_same_event_once(engine: AsyncEngine) -> None:
    """The same id from ten tasks at the same moment is one row."""
    log = AuditLog(engine)
    seqs = await asyncio.gather(*(log.append(an_event("same")) for _ in range(10)))
    assert set(seqs) == {1}


async def test_anchors_show_that_the_end_was_cut(engine: AsyncEngine, tmp_path: Path) -> None:
    """A log that ends before its newest anchor is not sound, although its chain is."""
    anchors = AnchorFile(tmp_path / "elsewhere" / "heads.jsonl")
    log = AuditLog(engine, anchors=anchors)
    for number in range(5):
        await log.append(an_event(f"e{number}"))
    assert (await log.verify()).anchored == 5
    async with engine.begin() as connection:
        await drop_triggers(connection.engine.dialect.name, connection)
        await connection.execute(text("DELETE FROM audit_events WHERE seq = 5"))
    report = await log.verify()
    assert not report.ok
    assert "cut off" in report.problems[0].sentence


async def drop_triggers(dialect: str, connection: Any) -> None:
    """What an intruder with the rights of the owner would do first."""
    suffix = " ON audit_events" if dialect == "postgresql" else ""
    names = (
        ("audit_events_no_update", "audit_events_no_delete", "audit_events_chain")
        if dialect == "sqlite"
        else ("audit_events_no_change", "audit_events_no_truncate", "audit_events_next")
    )
    for name in names:
        await connection.execute(text(f"DROP TRIGGER IF EXISTS {name}{suffix}"))


async def test_a_database_that_is_away_is_said_in_a_sentence() -> None:
    """Appending without a server raises our own exception, and names the way out."""
    engine = create_engine("postgresql://postgres:secret@127.0.0.1:1/nothing")
    with pytest.raises(DatabaseUnavailable, match="doctor") as raised:
        await AuditLog(engine).append(an_event())
    assert "secret" not in str(raised.value)
    await engine.dispose()


async def test_a_damaged_anchor_file_is_told(tmp_path: Path) -> None:
    """A line that is no head is neither skipped nor a stack trace."""
    anchors = AnchorFile(tmp_path / "heads.jsonl")
    assert await anchors.read() == {}
    await anchors.write(Head(seq=1, hash="a"))
    await anchors.write(Head(seq=1, hash="b"))
    assert await anchors.read() == {1: {"a", "b"}}
    (tmp_path / "heads.jsonl").write_text('{"seq": 1')
    with pytest.raises(AnchorsDamaged, match="line 1"):
        await anchors.read()


async def test_a_full_disk_refuses_and_recovers(tmp_path: Path) -> None:
    """With no room for the database appending says so; with room again it works, unbroken."""
    with small_disk(tmp_path / "disk") as disk:
        engine = create_engine(f"sqlite:///{disk / 'audit.sqlite'}")
        try:
            await _fill_and_recover(engine, disk)
        finally:
            await engine.dispose()


async def _fill_and_recover(engine: AsyncEngine, disk: Path) -> None:
    await migrate(engine)
    log = AuditLog(engine, anchors=AnchorFile(disk / "heads.jsonl"))
    await log.append(an_event("before"))
    filler = disk / "filler"
    fill(filler)
    with pytest.raises((DatabaseUnavailable, DiskFull)):
        await append_much(log)
    filler.unlink()
    await log.append(an_event("after"))
    assert (await log.verify()).ok
    assert (await rows_of(log))[-1].id == "after"


async def append_much(log: AuditLog) -> None:
    """Five megabytes of events."""
    for number in range(100):
        await log.append(an_event(f"e{number}", detail={"text": "x" * 50_000}))
