"""When each channel and each method of Slack's is free again, for every process together.

One row for each. A turn is taken by changing the row as it was read, and only then: of several
who try one succeeds. It lapses after `LEASE`, should its holder die. Nothing here is worth
keeping: the table is made where it is missing, in a file of its own beside SQLite, and without it
each process goes by what it knows itself.
"""

import asyncio
import secrets
import time
from pathlib import Path
from typing import Any, NamedTuple

import structlog
from sqlalchemy import event, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

log = structlog.get_logger()

FILE = "pace.db"
LEASE = 5.0
"""Seconds a turn lasts at most; what takes longer may be overtaken."""
LONGEST_REST = 900.0
PATIENCE = 2.0
AWAY = 5.0
"""Seconds for which a database that did not answer is not asked again."""
_MICRO = 1_000_000

_TABLE = """
    CREATE {unlogged}TABLE IF NOT EXISTS pace (
        name TEXT PRIMARY KEY, free_at BIGINT NOT NULL, strict_until BIGINT NOT NULL,
        version BIGINT NOT NULL, held INTEGER NOT NULL
    )
"""
_LOOK = """
    SELECT p.name, p.free_at, p.strict_until, p.version, p.held, n.now
    FROM (SELECT {now} AS now) AS n LEFT JOIN pace AS p ON p.name IN (:one, :other)
"""
_FIRST = """
    INSERT INTO pace (name, free_at, strict_until, version, held)
    VALUES (:name, :free_at, 0, :version, 1) ON CONFLICT (name) DO NOTHING
"""
_CLAIM = """
    UPDATE pace SET free_at = :free_at, version = :version, held = 1
    WHERE name = :name AND version = :seen
"""
_GIVE_BACK = """
    UPDATE pace SET free_at = {now} + :pause, version = :version, held = 0,
        strict_until = CASE WHEN :opens = 1 THEN 0 ELSE strict_until END
    WHERE name = :name AND version = :seen
"""
_REFUSED = """
    INSERT INTO pace (name, free_at, strict_until, version, held)
    VALUES (:name, {now} + :pause, {now} + :strict, :version, 0)
    ON CONFLICT (name) DO UPDATE SET free_at = excluded.free_at,
        strict_until = excluded.strict_until, version = excluded.version, held = 0
"""
_POSTGRESQL_NOW = "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)"


class Turn(NamedTuple):
    """What came of asking; `token` is 0 where somebody else has it, or nobody may."""

    token: int = 0
    wait: float = 0.0
    held: bool = False
    strict: bool = False
    rest: float = 0.0


class _Row(NamedTuple):
    name: str
    free_at: int = 0
    strict_until: int = 0
    version: int = 0
    held: int = 0
    now: int = 0

    def wait(self, longest: float) -> float:
        """Seconds; a moment too far off was written by a clock that was wrong."""
        seconds = (self.free_at - self.now) / _MICRO
        return seconds if 0 < seconds <= longest else 0.0

    def is_strict(self) -> bool:
        """Whether Slack refused it a short while ago."""
        left = (self.strict_until - self.now) / _MICRO
        return 0 < left <= 2 * LONGEST_REST


class PaceRows:
    """The rows in one database. PostgreSQL's clock counts there, SQLite's is this machine's."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        is_postgresql = engine.dialect.name == "postgresql"
        self._now = _POSTGRESQL_NOW if is_postgresql else ":now"
        self._table = text(_TABLE.format(unlogged="UNLOGGED " if is_postgresql else ""))
        self._look, self._give_back, self._refused = (
            text(sql.format(now=self._now)) for sql in (_LOOK, _GIVE_BACK, _REFUSED)
        )
        self._first, self._claim = text(_FIRST), text(_CLAIM)
        self._there = False
        self._away_until = 0.0

    async def claim(self, channel: str, method: str, ahead: float) -> Turn | None:
        """The channel's next turn, unless the method rests or the turn is too far off."""
        rows = await self._rows(channel, method)
        if rows is None:
            return None
        row, strict = rows[channel], rows[method].is_strict()
        rest = rows[method].wait(LONGEST_REST) if strict and not rows[method].held else 0.0
        if rest:
            return Turn(strict=True, rest=rest, wait=rest)
        return await self._claimed(row, ahead, LEASE + ahead + 1, strict=strict)

    async def look(self, method: str) -> Turn | None:
        """Whether the method is strict, and how long it rests."""
        rows = await self._rows(method)
        if rows is None:
            return None
        row = rows[method]
        return Turn(0, row.wait(LONGEST_REST), bool(row.held), row.is_strict())

    async def try_again(self, method: str) -> Turn | None:
        """The one call of a strict method."""
        rows = await self._rows(method)
        if rows is None:
            return None
        row = rows[method]
        return (
            await self._claimed(row, 0.0, LONGEST_REST, strict=True) if row.is_strict() else Turn()
        )

    async def give_back(
        self, name: str, token: int, seconds: float, *, opens: bool = False
    ) -> None:
        """Unless it lapsed meanwhile, and somebody else has it."""
        if token:
            values = {"seen": token, "pause": _micro(max(seconds, 0.0)), "opens": int(opens)}
            await self._run(self._give_back, name=name, version=_version(), **values)

    async def refused(self, method: str, seconds: float, strict: float) -> None:
        """The newest word of Slack's counts."""
        values = {"pause": _micro(seconds), "strict": _micro(seconds + strict)}
        await self._run(self._refused, name=method, version=_version(), **values)

    async def close(self) -> None:
        """Let go of the database."""
        await self._engine.dispose()

    async def _claimed(
        self, row: _Row, ahead: float, longest: float, *, strict: bool
    ) -> Turn | None:
        wait = row.wait(longest)
        if wait > ahead or (row.held and wait):
            return Turn(0, wait, bool(row.held), strict)
        version = _version()
        values = {
            "name": row.name,
            "free_at": row.now + _micro(wait + LEASE),
            "version": version,
        }
        if row.version:
            changed = await self._run(self._claim, seen=row.version, **values)
        else:
            changed = await self._run(self._first, **values)
        if changed is None:
            return None
        return Turn(version, wait, strict=strict) if changed[0] else Turn(0, LEASE, True, strict)

    async def _rows(self, one: str, other: str = "") -> dict[str, _Row] | None:
        """Both as they are, also where there is none yet."""
        answer = await self._run(self._look, one=one, other=other or one)
        if answer is None:
            return None
        found = [_Row(*row) for row in answer[1]]
        now = found[0].now
        return {name: _Row(name, now=now) for name in (one, other)} | {
            row.name: row for row in found if row.name is not None
        }

    async def _run(self, statement: Any, **values: Any) -> tuple[int, list[Any]] | None:
        """How many rows were changed, and what was read; None while the database is away."""
        if time.monotonic() < self._away_until:
            return None
        try:
            async with asyncio.timeout(PATIENCE):
                answer = await self._execute(statement, values)
        except (SQLAlchemyError, OSError, TimeoutError) as error:
            if not self._away_until:
                log.warning("each process keeps Slack's pace alone", error=type(error).__name__)
            self._away_until, self._there = time.monotonic() + AWAY, False
            return None
        if self._away_until:
            log.info("Slack's pace is kept together again")
            self._away_until = 0.0
        return answer

    async def _execute(self, statement: Any, values: dict[str, Any]) -> tuple[int, list[Any]]:
        async with self._engine.connect() as connection:
            if not self._there:
                await connection.execute(self._table)
                self._there = True
            if ":now" in statement.text:
                values = {**values, "now": time.time_ns() // 1_000}
            answer = await connection.execute(statement, values)
            rows = list(answer.all()) if answer.returns_rows else []
            return answer.rowcount, rows


def pace_rows(engine: AsyncEngine, folder: Path) -> PaceRows:
    """In the PostgreSQL of `engine`, or in a file of its own beside SQLite, where nobody else
    holds a lock; without syncs, for nothing in it is worth one."""
    if engine.dialect.name == "postgresql":
        return PaceRows(engine.execution_options(isolation_level="AUTOCOMMIT"))
    folder.mkdir(parents=True, exist_ok=True)
    own = create_async_engine(
        f"sqlite+aiosqlite:///{folder / FILE}",
        isolation_level="AUTOCOMMIT",
        connect_args={"timeout": PATIENCE / 2},
    )
    event.listen(own.sync_engine, "connect", _on_connect)
    return PaceRows(own)


def _on_connect(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.close()


def _micro(seconds: float) -> int:
    return round(seconds * _MICRO)


def _version() -> int:
    return secrets.randbits(62) + 1
