"""Finished answers of our agents, in one SQLite file: a repeat of a call gets the same."""

import sqlite3
import time
from datetime import timedelta
from pathlib import Path

import structlog

from storage._writer import DurableFile
from storage.errors import StorageError

KEEP = timedelta(days=7)
MOST = 2_000
_SCHEMA = """
CREATE TABLE IF NOT EXISTS answers (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    agent TEXT NOT NULL,
    caller TEXT NOT NULL,
    message_id TEXT NOT NULL,
    digest TEXT NOT NULL,
    task BLOB NOT NULL,
    kept_at REAL NOT NULL,
    UNIQUE (agent, caller, message_id)
)
"""
log = structlog.get_logger()


class AnswerFile(DurableFile):
    """Keeps the newest `most` answers, each for `keep`; `put` returns when it is on disk.

    What cannot be kept or read is logged and counts as not there: the agent runs once more then.
    """

    def __init__(self, path: Path, keep: timedelta = KEEP, most: int = MOST) -> None:
        super().__init__(path, _SCHEMA, keep)
        self._most = most

    async def get(self, agent: str, caller: str, message_id: str) -> tuple[str, bytes] | None:
        """The digest of the message and its answer."""
        sql = """
            SELECT digest, task FROM answers
            WHERE agent = ? AND caller = ? AND message_id = ? AND kept_at >= ?
        """
        try:
            found = await self._run(sql, agent, caller, message_id, time.time() - self._keep)
        except StorageError as error:
            log.warning("an agent's answer could not be looked up", reason=str(error))
            return None
        return found[0] if found else None

    async def put(self, agent: str, caller: str, message_id: str, digest: str, task: bytes) -> None:
        """Keep an answer; the latest one counts."""
        now = time.time()
        row = (agent, caller, message_id, digest, task, now)
        try:
            await self._writer.run(lambda db: _put(db, row, now - self._keep, self._most))
        except StorageError as error:
            log.warning("an agent's answer could not be kept", reason=str(error))

    def _explain(self, error: Exception) -> Exception:
        if isinstance(error, (sqlite3.Error, OSError, ValueError, OverflowError)):
            return StorageError(
                f"The agents' answers cannot be used ({type(error).__name__}: {error})."
            )
        return error


def _put(db: sqlite3.Connection, row: tuple[object, ...], since: float, most: int) -> None:
    db.execute(
        "INSERT OR REPLACE INTO answers (agent, caller, message_id, digest, task, kept_at) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        row,
    )
    db.execute("DELETE FROM answers WHERE kept_at < ?", (since,))
    db.execute(
        "DELETE FROM answers WHERE position <= (SELECT MAX(position) FROM answers) - ?", (most,)
    )
