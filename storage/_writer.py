"""A file of ours in SQLite, and the thread that commits many callers' work on it at once."""

import asyncio
import queue
import sqlite3
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

from storage._sqlite import open_durable
from storage.errors import NO_SPACE, InboxClosed

T = TypeVar("T")
MOST_AT_ONCE = 500
SWEEP_EVERY = 3_600.0


@dataclass
class _Job:
    """Work inside the next transaction; `future` is set only after its commit."""

    work: Callable[[sqlite3.Connection], Any]
    future: "Future[Any]" = field(default_factory=Future)


class GroupWriter:
    """Runs work in transactions, in the order it was given; callers waiting share one commit.

    While one commit syncs the disk, the next callers queue up and share the following one. When a
    shared transaction fails, nothing of it is kept and each job is tried on its own, so that one
    caller's error, mapped by `explain`, is not the others'. The thread starts with the first call.
    """

    def __init__(
        self,
        place: str,
        connect: Callable[[], sqlite3.Connection],
        explain: Callable[[Exception], Exception],
    ) -> None:
        self._place = place
        self._connect = connect
        self._explain = explain
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._connection: sqlite3.Connection | None = None
        self._closed = False

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """What `work` returns, after the commit that makes it durable."""
        if self._closed:
            raise InboxClosed(self._place)
        if self._thread is None:
            self._thread = threading.Thread(target=self._serve, name=self._place, daemon=True)
            self._thread.start()
        job = _Job(work)
        self._jobs.put(job)
        result: T = await asyncio.wrap_future(job.future)
        return result

    async def close(self) -> None:
        """Finish what is queued, then close the file. Calls after this raise `InboxClosed`."""
        self._closed = True
        if self._thread is not None:
            self._jobs.put(None)
            await asyncio.to_thread(self._thread.join)
            self._thread = None

    def _serve(self) -> None:
        closing = False
        while not closing:
            jobs, closing = self._next()
            if not self._commit(jobs, last_try=len(jobs) == 1):
                for job in jobs:
                    self._commit([job], last_try=True)
        if self._connection is not None:
            self._connection.close()

    def _commit(self, jobs: list[_Job], *, last_try: bool) -> bool:
        """Whether they were committed or, at the `last_try`, told of the failure."""
        try:
            self._connection = self._connection or self._connect()
            answers = _transact(self._connection, jobs)
        except Exception as error:  # noqa: BLE001 - the thread's edge: callers get it
            if last_try:
                _fail(jobs, self._explain(error))
            return last_try
        _answer(jobs, answers)
        return True

    def _next(self) -> tuple[list[_Job], bool]:
        """The jobs that wait, at least one, and whether to end after them."""
        jobs: list[_Job] = []
        job = self._jobs.get()
        while job is not None:
            if job.future.set_running_or_notify_cancel():
                jobs.append(job)
            if len(jobs) == MOST_AT_ONCE or self._jobs.empty():
                return jobs, False
            job = self._jobs.get()
        return jobs, True


def _transact(connection: sqlite3.Connection, jobs: list[_Job]) -> list[Any]:
    if not jobs:
        return []
    try:
        connection.execute("BEGIN IMMEDIATE")
        answers = [job.work(connection) for job in jobs]
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return answers


def _answer(jobs: list[_Job], answers: list[Any]) -> None:
    for job, answer in zip(jobs, answers, strict=True):
        job.future.set_result(answer)


def _fail(jobs: list[_Job], error: Exception) -> None:
    for job in jobs:
        job.future.set_exception(error)


class DurableFile:
    """One SQLite file, opened by the first call; what is older than `keep` is swept away.

    What a statement did is on disk when its call returns. Subclasses say what an error means.
    """

    def __init__(self, path: Path, schema: str, keep: timedelta) -> None:
        self._path = path
        self._keep = keep.total_seconds()
        self._swept = 0.0
        self._writer = GroupWriter(str(path), lambda: open_durable(path, schema), self._explain)

    async def close(self) -> None:
        """Finish what is queued, then close the file."""
        await self._writer.close()

    async def _run(self, sql: str, *values: object) -> list[Any]:
        """One statement; its rows."""
        return await self._writer.run(lambda db: db.execute(sql, values).fetchall())

    async def _sweep(self, *statements: str) -> None:
        """Run these with the moment before which things are too old; at most once an hour."""
        now = time.time()
        if now - self._swept >= SWEEP_EVERY:
            self._swept = now
            for sql in statements:
                await self._run(sql, now - self._keep)

    def _explain(self, error: Exception) -> Exception:
        return error


def is_full(error: Exception) -> bool:
    """Whether the disk has no room."""
    full = getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL
    return full or (isinstance(error, OSError) and error.errno in NO_SPACE)


def storable(text: str) -> str:
    """SQLite refuses lone surrogates; they are written as \\u...."""
    return text.encode("utf-8", "backslashreplace").decode()
