"""What models said and tools did in the turns of agents, in one SQLite file.

An entry is on disk before what comes after it happens: this is how a retry knows what was done.
"""

import sqlite3
import time
from datetime import timedelta
from pathlib import Path

from storage._writer import DurableFile, is_full, storable
from storage.errors import StorageError

KEEP = timedelta(days=90)
_SCHEMA = """
CREATE TABLE IF NOT EXISTS turns (
    turn TEXT PRIMARY KEY,
    attempt INTEGER NOT NULL,
    begun_at REAL NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS entries (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    turn TEXT NOT NULL,
    entry BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS entries_by_turn ON entries (turn, position);
CREATE INDEX IF NOT EXISTS turns_by_age ON turns (begun_at);
"""


class TurnJournalFile(DurableFile):
    """Keeps the entries of a turn until `keep` after its last attempt began.

    Methods raise StorageError when the file cannot be read or written. Several processes may use
    one file; the disk has to be one of this machine.
    """

    def __init__(self, path: Path, keep: timedelta = KEEP) -> None:
        super().__init__(path, _SCHEMA, keep)

    async def open(self, turn: str) -> tuple[int, list[bytes]]:
        """Begin an attempt: its number, and the entries of those before it, oldest first."""
        name, now = storable(turn), time.time()
        found = await self._writer.run(lambda db: _begin(db, name, now))
        old = "SELECT turn FROM turns WHERE begun_at < ?"
        await self._sweep(
            f"DELETE FROM entries WHERE turn IN ({old})",  # noqa: S608 - a constant
            "DELETE FROM turns WHERE begun_at < ?",
        )
        return found

    async def add(self, turn: str, attempt: int, entry: bytes, *, first: bool = False) -> bool:
        """Keep an entry; it is synced to disk when this returns.

        With `first`, only while no later attempt has begun; False says that one has.
        """
        name = storable(turn)
        return await self._writer.run(lambda db: _add(db, name, attempt, entry, first=first))

    def _explain(self, error: Exception) -> Exception:
        if is_full(error):
            return StorageError(
                f"The disk of {self._path} is full, so no tool is run. Free some space, then Retry."
            )
        if isinstance(error, sqlite3.Error | OSError):
            return StorageError(
                f"{self._path} cannot be used, so no tool is run. Check that the file is whole and "
                "that it may be written, then Retry."
            )
        return error


def _begin(db: sqlite3.Connection, turn: str, now: float) -> tuple[int, list[bytes]]:
    sql = """
        INSERT INTO turns (turn, attempt, begun_at) VALUES (?, 1, ?)
        ON CONFLICT (turn) DO UPDATE SET attempt = attempt + 1, begun_at = excluded.begun_at
        RETURNING attempt
    """
    row: tuple[int] = db.execute(sql, (turn, now)).fetchone()
    kept = db.execute("SELECT entry FROM entries WHERE turn = ? ORDER BY position", (turn,))
    return row[0], [entry for (entry,) in kept.fetchall()]


def _add(db: sqlite3.Connection, turn: str, attempt: int, entry: bytes, *, first: bool) -> bool:
    if first:
        latest = db.execute("SELECT attempt FROM turns WHERE turn = ?", (turn,)).fetchone()
        if latest is not None and latest[0] != attempt:
            return False
    db.execute("INSERT INTO entries (turn, entry) VALUES (?, ?)", (turn, entry))
    return True
