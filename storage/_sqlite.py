"""How every SQLite file of ours is opened: durable, and patient with other writers."""

import sqlite3
import time
from typing import Any, Protocol

BUSY_SECONDS = 30
_PAUSE = 0.02


class Cursor(Protocol):
    """What this needs of `sqlite3.Cursor`, or of SQLAlchemy's stand-in for it."""

    def execute(self, operation: Any, parameters: Any = ..., /) -> Any:
        """Run one statement."""

    def fetchone(self) -> Any:
        """The next row."""


def make_durable(cursor: Cursor) -> None:
    """Write-ahead log, every commit synced, waits of 30 s for locks, foreign keys enforced."""
    cursor.execute(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}")
    _write_ahead(cursor)
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")


def _write_ahead(cursor: Cursor) -> None:
    """Switching a new file takes a lock for which SQLite does not wait by itself."""
    until = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if not is_busy(error) or time.monotonic() > until:
                raise
            time.sleep(_PAUSE)
        else:
            cursor.fetchone()
            return


def is_busy(error: Exception) -> bool:
    """Whether another connection holds the lock; the file itself is well."""
    code: int = getattr(error, "sqlite_errorcode", 0)
    return code & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
