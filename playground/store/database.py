"""The SQLite file behind a workspace."""

import json
import sqlite3
from pathlib import Path
from typing import Any

from playground.http.wire import Json

SCHEMA = """
CREATE TABLE IF NOT EXISTS users (id TEXT PRIMARY KEY, doc TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS groups (id TEXT PRIMARY KEY, doc TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS channels (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, kind TEXT NOT NULL, doc TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS members (
    channel TEXT NOT NULL, user TEXT NOT NULL, last_read TEXT NOT NULL DEFAULT '0',
    PRIMARY KEY (channel, user)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS messages (
    channel TEXT NOT NULL, ts TEXT NOT NULL, thread_ts TEXT, top INTEGER NOT NULL,
    author TEXT NOT NULL, doc TEXT NOT NULL, PRIMARY KEY (channel, ts)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS messages_top ON messages (channel, top, ts);
CREATE INDEX IF NOT EXISTS messages_thread ON messages (channel, thread_ts, ts);
CREATE TABLE IF NOT EXISTS files (
    id TEXT PRIMARY KEY, state TEXT NOT NULL, doc TEXT NOT NULL, data BLOB);
CREATE TABLE IF NOT EXISTS views (
    id TEXT PRIMARY KEY, user TEXT NOT NULL, type TEXT NOT NULL, position INTEGER NOT NULL,
    doc TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS scheduled (
    id TEXT PRIMARY KEY, post_at INTEGER NOT NULL, doc TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS mails (n INTEGER PRIMARY KEY AUTOINCREMENT, doc TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
"""

OWNER_ONLY = 0o600
TABLES = (
    "users",
    "groups",
    "channels",
    "members",
    "messages",
    "files",
    "views",
    "scheduled",
    "mails",
)


class Database:
    """One connection, used from the event loop's thread. Every statement is its own commit.

    Written with WAL and `synchronous=NORMAL`: a crash of the process loses nothing,
    a power cut may lose the last moments.
    """

    def __init__(self, path: Path | None) -> None:
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch(mode=OWNER_ONLY)
            path.chmod(OWNER_ONLY)  # it holds the page's key, also where it was there before
        self._connection = sqlite3.connect(path or ":memory:", isolation_level=None)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=NORMAL")
        self._connection.executescript(SCHEMA)

    def run(self, statement: str, *values: Any) -> int:
        """Execute a statement; how many rows it changed."""
        return self._connection.execute(statement, values).rowcount

    def insert(self, statement: str, *values: Any) -> int:
        """Execute an insert; the number of the new row."""
        return self._connection.execute(statement, values).lastrowid or 0

    def one(self, query: str, *values: Any) -> tuple[Any, ...] | None:
        """The first row."""
        row: tuple[Any, ...] | None = self._connection.execute(query, values).fetchone()
        return row

    def all(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """Every row."""
        return self._connection.execute(query, values).fetchall()

    def document(self, query: str, *values: Any) -> Json | None:
        """The first row's only column, as JSON."""
        row = self.one(query, *values)
        return json.loads(row[0]) if row else None

    def documents(self, query: str, *values: Any) -> list[Json]:
        """Every row's only column, as JSON."""
        return [json.loads(doc) for (doc,) in self.all(query, *values)]

    def secret(self, key: str, otherwise: str) -> str:
        """The secret of that name, made from `otherwise` once and for all."""
        self.run("INSERT OR IGNORE INTO meta VALUES (?, ?)", key, otherwise)
        row = self.one("SELECT value FROM meta WHERE key = ?", key)
        assert row is not None
        return str(row[0])

    def empty(self) -> None:
        """Delete everything that is kept but the secrets."""
        for table in TABLES:
            self._connection.execute(f"DELETE FROM {table}")  # noqa: S608 - names from TABLES

    def close(self) -> None:
        self._connection.close()
