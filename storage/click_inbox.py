"""The click inbox: clicks that Temporal did not take yet, in one SQLite file of its own.

It must work when Temporal and the database are down, so it needs nothing but a disk.
"""

import sqlite3
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from storage._sqlite import is_busy
from storage._writer import DurableFile, is_full, storable
from storage.errors import DiskFull, InboxBusy, InboxDamaged

KEEP = timedelta(days=30)
LATE = "late"
"""The reason of a click that came too late and whose person was not told yet."""
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
);
CREATE INDEX IF NOT EXISTS clicks_by_end ON clicks (ended_at, position);
"""


class PendingClick(NamedTuple):
    """A click that waits. `attempts` counts `failed` calls; `received_at` is in UTC."""

    id: str
    payload: bytes
    attempts: int
    received_at: datetime


class ClickInbox(DurableFile):
    """Keeps clicks until they are delivered, and remembers them afterwards, for `keep`.

    Clicks that arrive while one sync to disk runs share the next. Methods raise `DiskFull`,
    `InboxBusy` (another process held the file for 30 s), `InboxDamaged` (it is no inbox) or
    `InboxClosed`.
    """

    def __init__(self, path: Path, keep: timedelta = KEEP) -> None:
        super().__init__(path, _SCHEMA, keep)

    async def put(self, id: str, payload: bytes) -> bool:  # noqa: A002 - the click's own word
        """Keep a click; True if it is new, False if `id` was put before, delivered or not.

        Durable when it returns, also when it returns False.
        """
        sql = """
            INSERT OR IGNORE INTO clicks (id, payload, received_at) VALUES (?, ?, ?)
            RETURNING position
        """
        return bool(await self._run(sql, storable(id), payload, time.time()))

    async def pending(self, limit: int = 100, *, skip: int = 0) -> list[PendingClick]:
        """The oldest clicks that wait, in the order of their arrival, after the first `skip`."""
        return await self._waiting("reason != ?", limit, skip)

    async def done(self, id: str, answer: str = "") -> None:  # noqa: A002
        """The click was taken, and this was its `answer`."""
        sql = "UPDATE clicks SET answer = ?, ended_at = ?, payload = x'' WHERE id = ?"
        await self._run(sql, storable(answer), time.time(), storable(id))
        await self._sweep("DELETE FROM clicks WHERE ended_at < ?")

    async def late(self, id: str) -> None:  # noqa: A002
        """It came too late to count; its person has to be told, and nothing waits for that."""
        sql = "UPDATE clicks SET reason = ? WHERE id = ? AND ended_at IS NULL"
        await self._run(sql, LATE, storable(id))

    async def untold(self, limit: int = 20) -> list[PendingClick]:
        """The oldest clicks that came too late and whose person was not told yet."""
        return await self._waiting("reason = ?", limit)

    async def failed(self, id: str, reason: str, *, give_up: bool = False) -> None:  # noqa: A002
        """The click could not be delivered. It waits on, unless `give_up`: then it ended so."""
        sql = """
            UPDATE clicks SET attempts = attempts + 1, reason = ?, ended_at = ?
            WHERE id = ? AND ended_at IS NULL
        """
        await self._run(sql, storable(reason), time.time() if give_up else None, storable(id))

    async def count(self) -> int:
        """How many clicks wait for delivery."""
        sql = "SELECT COUNT(*) FROM clicks WHERE ended_at IS NULL AND reason != ?"
        [(count,)] = await self._run(sql, LATE)
        return int(count)

    async def _waiting(self, which: str, limit: int, skip: int = 0) -> list[PendingClick]:
        sql = f"""
            SELECT id, payload, attempts, received_at FROM clicks
            WHERE ended_at IS NULL AND {which} ORDER BY position LIMIT ? OFFSET ?
        """  # noqa: S608 - `which` is one of the two above
        return [
            PendingClick(name, data, tries, datetime.fromtimestamp(at, UTC))
            for name, data, tries, at in await self._run(sql, LATE, limit, skip)
        ]

    def _explain(self, error: Exception) -> Exception:
        if is_full(error):
            return DiskFull(str(self._path))
        if is_busy(error):
            return InboxBusy(str(self._path))
        if isinstance(error, sqlite3.DatabaseError):
            return InboxDamaged(str(self._path), str(error))
        return error
