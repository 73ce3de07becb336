"""A thread that owns one SQLite connection and commits many callers' work at once."""

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, TypeVar

from storage.errors import InboxClosed

T = TypeVar("T")
MOST_AT_ONCE = 500


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
