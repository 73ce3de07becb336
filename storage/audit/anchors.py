"""Heads of the audit chain, kept outside of the database.

A chain alone cannot show that its end was cut off or that an older copy was put back; a head that
was written elsewhere can. Put the file on another disk or host, append-only where the file system
offers it (`chattr +a`).
"""

import asyncio
import contextlib
import errno
import os
from pathlib import Path

from storage.audit.canonical import dump
from storage.audit.events import Head
from storage.audit.verify import read_anchors
from storage.errors import NO_SPACE, AnchorsDamaged, DiskFull


class AnchorFile:
    """One line of JSON per head; lines are only ever added, by any number of processes."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def write(self, head: Head) -> None:
        """Add a line; durable when it returns. Raises `DiskFull`."""
        line = dump(head.model_dump()) + "\n"
        await asyncio.to_thread(self._append, line.encode())

    async def read(self) -> dict[int, set[str]]:
        """Sequence -> the hashes seen for it: one, unless history was replaced.

        Raises `AnchorsDamaged`.
        """
        return await asyncio.to_thread(self._read)

    def _append(self, line: bytes) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
        descriptor = os.open(self._path, flags, 0o640)
        try:
            _write_whole(descriptor, line)
        except OSError as error:
            if error.errno in NO_SPACE:
                raise DiskFull(str(self._path)) from error
            raise
        finally:
            os.close(descriptor)

    def _read(self) -> dict[int, set[str]]:
        try:
            with self._path.open(encoding="utf-8") as lines:
                return read_anchors(lines)
        except FileNotFoundError:
            return {}
        except ValueError as error:
            raise AnchorsDamaged(str(self._path), str(error)) from error


def _write_whole(descriptor: int, line: bytes) -> None:
    """The line and its sync, or, as far as the file system lets us, nothing of it."""
    before = os.fstat(descriptor).st_size
    try:
        if os.write(descriptor, line) != len(line):
            raise OSError(errno.ENOSPC, "short write")
        os.fsync(descriptor)
    except OSError:
        with contextlib.suppress(OSError):
            os.ftruncate(descriptor, before)
        raise
