"""The click inbox: clicks that Temporal did not take yet, in one SQLite file of its own.

It must work when Temporal and the database are down, so it needs nothing but a disk.
"""

import sqlite3
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from storage._sqlite import is_busy, open_durable
from storage._writer import GroupWriter
from storage.errors import NO_SPACE, DiskFull, InboxBusy, InboxDamaged

KEEP = timedelta(days=30)
LATE = "late"
"""The reason of a click that came too late and whose person was not told yet."""
SWEEP_EVERY = 3_600.0
_SCHEMA = """
CREATE TABLE IF NOT EXISTS clicks (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    payload BLOB NOT NULL,
    received_at REAL NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    reason TEXT NOT NULL DEFAULT '',
    answer TEXT,
    ended_at REAL
)
"""
_BY_END = "CREATE INDEX IF NOT EXISTS clicks_by_end ON clicks (ended_at, position)"


class PendingClick(NamedTuple):
    """A click that waits. `attempts` counts `failed` calls; `received_at` is in UTC."""

    id: str
    payload: bytes
    attempts: int
    received_at: datetime


@dataclass(frozen=True)
class SeenClick:
    """What is known of a click: `pending`, or ended with `answer` (the sentence it got)."""

    pending: bool
    answer: str
    attempts: int
    reason: str
    received_at: datetime


class ClickInbox:
    """Keeps clicks until they are delivered, and remembers them afterwards, for `keep`.

    `put` returns after the bytes are synced to disk; clicks that arrive while one sync runs share
    the next. Methods raise `DiskFull`, `InboxBusy` (another process
    held the file for 30 s), `InboxDamaged` (it is no inbox) or `InboxClosed`. The file is opened
    by the first call.
    """

    def __init__(self, path: Path, keep: timedelta = KEEP) -> None:
        self._path = path
        self._keep = keep.total_seconds()
        self._swept = 0.0
        self._writer = GroupWriter(
            str(path), lambda: open_durable(path, _SCHEMA, _BY_END), self._explain
        )

    async def put(self, id: str, payload: bytes) -> bool:  # noqa: A002 - the click's own word
        """Keep a click; True if it is new, False if `id` was put before, delivered or not.

        Durable when it returns, also when it returns False.
        """
        name, now = _storable(id), time.time()
        return await self._writer.run(lambda db: _put(db, name, payload, now))

    async def pending(self, limit: int = 100, *, skip: int = 0) -> list[PendingClick]:
        """The oldest clicks that wait, in the order of their arrival, after the first `skip`."""
        return await self._writer.run(lambda db: _pending(db, limit, skip))

    async def done(self, id: str, answer: str = "") -> None:  # noqa: A002
        """The click was taken; `answer` is kept for whoever asks again."""
        name, now = _storable(id), time.time()
        await self._writer.run(lambda db: _end(db, name, _storable(answer), now))
        await self._sweep(now)

    async def late(self, id: str) -> None:  # noqa: A002
        """It came too late to count; its person has to be told, and nothing waits for that."""
        name = _storable(id)
        await self._writer.run(lambda db: _late(db, name))

    async def untold(self, limit: int = 20) -> list[PendingClick]:
        """The oldest clicks that came too late and whose person was not told yet."""
        return await self._writer.run(lambda db: _untold(db, limit))

    async def failed(self, id: str, reason: str, *, give_up: bool = False) -> None:  # noqa: A002
        """The click could not be delivered. It waits on, unless `give_up`: then it ended so."""
        name, now = _storable(id), time.time()
        await self._writer.run(lambda db: _fail(db, name, _storable(reason), give_up, now))

    async def seen(self, id: str) -> SeenClick | None:  # noqa: A002
        """What is known of that click; None if it never came, or is forgotten."""
        name = _storable(id)
        return await self._writer.run(lambda db: _seen(db, name))

    async def count(self) -> int:
        """How many clicks wait for delivery."""
        return await self._writer.run(_count)

    async def close(self) -> None:
        """Finish what is queued and close the file."""
        await self._writer.close()

    async def _sweep(self, now: float) -> None:
        """Forget what ended longer than `keep` ago; at most once an hour."""
        if now - self._swept < SWEEP_EVERY:
            return
        self._swept = now
        before = now - self._keep
        await self._writer.run(lambda db: _forget(db, before))

    def _explain(self, error: Exception) -> Exception:
        if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL:
            return DiskFull(str(self._path))
        if isinstance(error, OSError) and error.errno in NO_SPACE:
            return DiskFull(str(self._path))
        if is_busy(error):
            return InboxBusy(str(self._path))
        if isinstance(error, sqlite3.DatabaseError):
            return InboxDamaged(str(self._path), str(error))
        return error


def _put(db: sqlite3.Connection, name: str, payload: bytes, now: float) -> bool:
    row = (name, payload, now)
    sql = "INSERT OR IGNORE INTO clicks (id, payload, received_at) VALUES (?, ?, ?)"
    return db.execute(sql, row).rowcount == 1


def _pending(db: sqlite3.Connection, limit: int, skip: int) -> list[PendingClick]:
    return _waiting(db, "reason != ?", limit, skip)


def _late(db: sqlite3.Connection, name: str) -> None:
    sql = "UPDATE clicks SET reason = ? WHERE id = ? AND ended_at IS NULL"
    db.execute(sql, (LATE, name))


def _untold(db: sqlite3.Connection, limit: int) -> list[PendingClick]:
    return _waiting(db, "reason = ?", limit)


def _waiting(db: sqlite3.Connection, which: str, limit: int, skip: int = 0) -> list[PendingClick]:
    sql = f"""
        SELECT id, payload, attempts, received_at FROM clicks
        WHERE ended_at IS NULL AND {which} ORDER BY position LIMIT ? OFFSET ?
    """  # noqa: S608 - `which` is one of the two above
    found = db.execute(sql, (LATE, limit, skip)).fetchall()
    return [PendingClick(name, data, tries, _moment(at)) for name, data, tries, at in found]


def _end(db: sqlite3.Connection, name: str, answer: str, now: float) -> None:
    sql = "UPDATE clicks SET answer = ?, ended_at = ?, payload = x'' WHERE id = ?"
    db.execute(sql, (answer, now, name))


def _fail(db: sqlite3.Connection, name: str, reason: str, give_up: bool, now: float) -> None:
    sql = """
        UPDATE clicks SET attempts = attempts + 1, reason = ?, ended_at = ?
        WHERE id = ? AND ended_at IS NULL
    """
    db.execute(sql, (reason, now if give_up else None, name))


def _seen(db: sqlite3.Connection, name: str) -> SeenClick | None:
    sql = "SELECT ended_at, answer, attempts, reason, received_at FROM clicks WHERE id = ?"
    row = db.execute(sql, (name,)).fetchone()
    if row is None:
        return None
    ended_at, answer, attempts, reason, received_at = row
    return SeenClick(ended_at is None, answer or "", attempts, reason, _moment(received_at))


def _count(db: sqlite3.Connection) -> int:
    sql = "SELECT COUNT(*) FROM clicks WHERE ended_at IS NULL AND reason != ?"
    row: tuple[int] = db.execute(sql, (LATE,)).fetchone()
    return row[0]


def _forget(db: sqlite3.Connection, before: float) -> None:
    db.execute("DELETE FROM clicks WHERE ended_at < ?", (before,))


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _storable(text: str) -> str:
    """SQLite refuses lone surrogates; they are written as \\u...."""
    return text.encode("utf-8", "backslashreplace").decode()
