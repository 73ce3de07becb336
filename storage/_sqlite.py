"""How every SQLite file of ours is opened: durable, and patient with other writers."""

import sqlite3
import time
from pathlib import Path
from typing import Any, Protocol

from storage._folders import sync_folder

BUSY_SECONDS = 30
_PAUSE = 0.02


class SqliteCursor(Protocol):
    """What this needs of `sqlite3.SqliteCursor`, or of SQLAlchemy's stand-in for it."""

    def execute(self, operation: Any, parameters: Any = ..., /) -> Any:
        """Run one statement."""

    def fetchone(self) -> Any:
        """The next row."""


def open_durable(path: Path, *statements: str) -> sqlite3.Connection:
    """A file of our own, for its owner only; `statements` make what is missing in it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        make_durable(connection.cursor())
        for statement in statements:
            connection.executescript(statement)
        sync_folder(path.parent)
    except BaseException:
        connection.close()
        raise
    return connection


def make_durable(cursor: SqliteCursor) -> None:
    """Write-ahead log, every commit synced, waits of 30 s for locks, foreign keys enforced."""
    cursor.execute(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}")
    _write_ahead(cursor)
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")


def _write_ahead(cursor: SqliteCursor) -> None:
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
