"""Writes what was refused for want of proof into the audit log, beside the worker's work."""

import asyncio
import logging
from collections import Counter

from storage.audit.log import AuditLog
from storage.errors import StorageError
from workflows.messages.audit import AuditEntry

MOST = 100
"""So many rows for one workflow run: whoever forges may not fill the log."""
REMEMBERED = 10_000


class Refusals:
    """Each forged message once, however often it is replayed.

    What could not be written is written when the workflow is replayed the next time.
    """

    def __init__(self, audit: AuditLog) -> None:
        self._audit = audit
        self._loop = asyncio.get_running_loop()
        self._waiting: asyncio.Queue[AuditEntry] = asyncio.Queue()
        self._seen: set[str] = set()
        self._rows: Counter[str] = Counter()

    def note(self, entry: AuditEntry) -> None:
        """From any thread; returns at once."""
        self._loop.call_soon_threadsafe(self._add, entry)

    async def write(self) -> None:
        """Until it is cancelled; then what is left."""
        try:
            while True:
                await self._write(await self._waiting.get())
        finally:
            while not self._waiting.empty():
                await self._write(self._waiting.get_nowait())

    async def _write(self, entry: AuditEntry) -> None:
        try:
            await self._audit.append(entry)
        except asyncio.CancelledError:
            self._waiting.put_nowait(entry)
            raise
        except StorageError as error:
            self._seen.discard(entry.id)
            logging.getLogger(__name__).warning("a refusal is not recorded yet: %s", error)

    def _add(self, entry: AuditEntry) -> None:
        if entry.id in self._seen or self._rows[entry.run_id] >= MOST:
            return
        if len(self._seen) >= REMEMBERED:
            self._seen.clear()
            self._rows.clear()
        self._seen.add(entry.id)
        self._rows[entry.run_id] += 1
        self._waiting.put_nowait(entry)
        logging.getLogger(__name__).warning(
            "a message to %s was refused: %s", entry.workflow_id, entry.detail
        )
