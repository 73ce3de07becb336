"""When each channel and each method of Slack's is free again, for every process together.

One row for each. A turn is taken by changing the row as it was read, and only then: of several
who try one succeeds. It lapses after `LEASE`, should its holder die. Nothing here is worth
keeping: the table is made where it is missing, in a file of its own beside SQLite, and without it
each process goes by what it knows itself.
"""

import asyncio
import contextlib
import secrets
import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple, Protocol, TypeVar

import structlog
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from storage._writer import GroupWriter

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
_CLAIM = """
    INSERT INTO pace (name, free_at, strict_until, version, held)
    VALUES (:name, :free_at, 0, :version, 1)
    ON CONFLICT (name) DO UPDATE SET free_at = excluded.free_at, version = excluded.version,
        held = 1 WHERE pace.version = :seen
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

T = TypeVar("T")
Values = dict[str, Any]


class StoredTurn(NamedTuple):
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


Rows = Mapping[str, _Row]
Plan = Callable[[Rows], tuple[StoredTurn, Values | None]]
"""What rows mean, and the change that takes a turn, if there is one to take."""


class _Table(Protocol):
    """The table in one kind of database."""

    async def look(self, names: tuple[str, str], plan: Plan) -> StoredTurn:
        """What the plan makes of both rows; a turn it takes is ours, or somebody else's."""
        ...

    async def change(self, statement: str, values: Values) -> None:
        """Run one statement, in which `{now}` is the moment."""
        ...

    async def close(self) -> None:
        """Let go of the database."""
        ...


class PaceRows:
    """The rows, wherever they are kept. Never raises."""

    def __init__(self, table: _Table) -> None:
        self._table = table
        self._away_until = 0.0

    async def claim(self, channel: str, method: str, ahead: float) -> StoredTurn | None:
        """The channel's next turn, unless the method rests or the turn is too far off."""

        def plan(rows: Rows) -> tuple[StoredTurn, Values | None]:
            refused = rows[method]
            strict = refused.is_strict()
            rest = refused.wait(LONGEST_REST) if strict and not refused.held else 0.0
            if rest:
                return StoredTurn(0, rest, strict=True, rest=rest), None
            return _taken(rows[channel], ahead, LEASE + ahead + 1, strict=strict)

        return await self._asked(lambda: self._table.look((channel, method), plan))

    async def look(self, method: str) -> StoredTurn | None:
        """Whether the method is strict, and how long it rests."""

        def plan(rows: Rows) -> tuple[StoredTurn, Values | None]:
            row = rows[method]
            return StoredTurn(0, row.wait(LONGEST_REST), bool(row.held), row.is_strict()), None

        return await self._asked(lambda: self._table.look((method, method), plan))

    async def try_again(self, method: str) -> StoredTurn | None:
        """The one call of a strict method."""

        def plan(rows: Rows) -> tuple[StoredTurn, Values | None]:
            row = rows[method]
            is_strict = row.is_strict()
            return (
                _taken(row, 0.0, LONGEST_REST, strict=True) if is_strict else (StoredTurn(), None)
            )

        return await self._asked(lambda: self._table.look((method, method), plan))

    async def give_back(
        self, name: str, token: int, seconds: float, *, opens: bool = False
    ) -> None:
        """Unless it lapsed meanwhile, and somebody else has it."""
        if not token:
            return
        values = {"name": name, "seen": token, "version": _version(), "opens": int(opens)}
        values["pause"] = _micro(max(seconds, 0.0))
        await self._asked(lambda: self._table.change(_GIVE_BACK, values))

    async def refused(self, method: str, seconds: float, strict: float) -> None:
        """The newest word of Slack's counts."""
        values: Values = {"name": method, "version": _version(), "pause": _micro(seconds)}
        values["strict"] = _micro(seconds + strict)
        await self._asked(lambda: self._table.change(_REFUSED, values))

    async def close(self) -> None:
        """Let go of the database."""
        await self._table.close()

    async def _asked(self, work: Callable[[], Awaitable[T]]) -> T | None:
        """None while the database is away."""
        if time.monotonic() < self._away_until:
            return None
        try:
            async with asyncio.timeout(PATIENCE):
                answer = await work()
        except Exception as error:  # noqa: BLE001 - messages go out, whatever is wrong here
            if not self._away_until:
                log.warning("each process keeps Slack's pace alone", error=type(error).__name__)
            self._away_until = time.monotonic() + AWAY
            return None
        if self._away_until:
            log.info("Slack's pace is kept together again")
            self._away_until = 0.0
        return answer


class _File:
    """A SQLite file. A thread does each question in one go, so that a busy loop delays none."""

    def __init__(self, path: Path) -> None:
        self._writer = GroupWriter(str(path), lambda: _open(path), lambda error: error)

    async def look(self, names: tuple[str, str], plan: Plan) -> StoredTurn:
        def work(db: sqlite3.Connection) -> StoredTurn:
            found = db.execute(_LOOK.format(now=_now()), {"one": names[0], "other": names[1]})
            turn, claim = plan(_rows(names, found))
            return _unless_lost(turn, claim, db.execute(_CLAIM, claim).rowcount if claim else 0)

        return await self._writer.run(work)

    async def change(self, statement: str, values: Values) -> None:
        await self._writer.run(lambda db: db.execute(statement.format(now=_now()), values).rowcount)

    async def close(self) -> None:
        await self._writer.close()


class _DatabaseServer:
    """A PostgreSQL server, whose clock counts."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._table = text(_TABLE.format(unlogged="UNLOGGED "))
        self._texts = {
            sql: text(sql.format(now=_POSTGRESQL_NOW))
            for sql in (_LOOK, _CLAIM, _GIVE_BACK, _REFUSED)
        }
        self._there = False

    async def look(self, names: tuple[str, str], plan: Plan) -> StoredTurn:
        async with self._connected() as connection:
            asked = {"one": names[0], "other": names[1]}
            turn, claim = plan(_rows(names, await connection.execute(self._texts[_LOOK], asked)))
            if claim is None:
                return turn
            changed = await connection.execute(self._texts[_CLAIM], claim)
            return _unless_lost(turn, claim, changed.rowcount)

    async def change(self, statement: str, values: Values) -> None:
        async with self._connected() as connection:
            await connection.execute(self._texts[statement], values)

    async def close(self) -> None:
        """The engine is its owner's."""

    @contextlib.asynccontextmanager
    async def _connected(self) -> AsyncIterator[AsyncConnection]:
        async with self._engine.connect() as connection:
            if not self._there:
                with contextlib.suppress(DBAPIError):  # another process makes it just now
                    await connection.execute(self._table)
                self._there = True
            try:
                yield connection
            except BaseException:
                self._there = False
                raise


def pace_rows(engine: AsyncEngine, folder: Path) -> PaceRows:
    """In the PostgreSQL of `engine`, or in a file of its own beside SQLite, where nobody else
    holds a lock."""
    if engine.dialect.name == "postgresql":
        return PaceRows(_DatabaseServer(engine))
    return PaceRows(_File(folder / FILE))


def _open(path: Path) -> sqlite3.Connection:
    """Without syncs: nothing in it is worth one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(
        path, isolation_level=None, check_same_thread=False, timeout=PATIENCE / 2
    )
    try:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute(_TABLE.format(unlogged=""))
    except BaseException:
        connection.close()
        raise
    return connection


def _taken(
    row: _Row, ahead: float, longest: float, *, strict: bool
) -> tuple[StoredTurn, Values | None]:
    wait = row.wait(longest)
    if wait > ahead or (row.held and wait):
        return StoredTurn(0, wait, bool(row.held), strict), None
    version, until = _version(), row.now + _micro(wait + LEASE)
    claim = {"name": row.name, "free_at": until, "version": version, "seen": row.version}
    return StoredTurn(version, wait, strict=strict), claim


def _unless_lost(turn: StoredTurn, claim: Values | None, changed: int) -> StoredTurn:
    """Somebody else changed the row between our look and our claim."""
    return turn if claim is None or changed else StoredTurn(0, LEASE, held=True, strict=turn.strict)


def _rows(names: tuple[str, str], found: Iterable[Any]) -> Rows:
    """Both as they are, also where there is none yet."""
    known = [_Row(*row) for row in found]
    missing = {name: _Row(name, now=known[0].now) for name in names}
    return missing | {row.name: row for row in known if row.name is not None}


def _now() -> int:
    return time.time_ns() // 1_000


def _micro(seconds: float) -> int:
    return round(seconds * _MICRO)


def _version() -> int:
    return secrets.randbits(62) + 1
