"""Large payloads as files, named by the sha256 of their bytes.

A file appears under its name complete and durable, or not at all: it is written beside its place,
synced, renamed, and the folder synced. `root/ab/ab12...` keeps folders small.
"""

import asyncio
import contextlib
import hashlib
import os
import re
import secrets
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple

import aiofiles
import aiofiles.os

from storage._folders import sync_folder
from storage.errors import NO_SPACE, DiskFull, PayloadCorrupt, PayloadMissing

_INCOMING = "in"
_NAME = re.compile(r"[0-9a-f]{64}")


class StoredFile(NamedTuple):
    """What was kept: its name, and its bytes."""

    sha256: str
    size: int


class PayloadFiles:
    """The payload folder. Any number of processes may share one `root`, on one file system."""

    def __init__(self, root: Path) -> None:
        self._root = root

    @property
    def root(self) -> Path:
        """The folder that holds the payloads."""
        return self._root

    async def put(self, data: bytes) -> str:
        """Keep `data`; returns its sha256 in hex. Durable when it returns.

        What is already there is read and hashed again, and replaced when it is corrupt. Its age
        starts anew, so that the garbage collector does not take it. Raises `DiskFull`.
        """
        sha256 = await _sha256(data)
        if not await self._reuse(sha256):
            await self._write(self.path(sha256), data)
        return sha256

    async def put_pieces(self, pieces: AsyncIterator[bytes]) -> StoredFile:
        """Keep what comes in pieces, never all of it in memory; otherwise like `put`.

        Whatever `pieces` raises ends it, and nothing is kept.
        """
        folder = self._root / _INCOMING
        temporary = folder / f".{secrets.token_hex(8)}.tmp"
        async with self._removed(temporary):
            await asyncio.to_thread(_make_folder, folder)
            kept = await _write_pieces(temporary, pieces)
            if not await self._reuse(kept.sha256):
                path = self.path(kept.sha256)
                await asyncio.to_thread(_make_folder, path.parent)
                await _put_in_place(temporary, path)
        return kept

    async def get(self, sha256: str) -> bytes:
        """The bytes named `sha256`, verified. Raises `PayloadMissing` or `PayloadCorrupt`."""
        try:
            async with aiofiles.open(self.path(sha256), "rb") as file:
                data = await file.read()
        except (FileNotFoundError, NotADirectoryError) as error:
            raise PayloadMissing(sha256, str(self._root)) from error
        if await _sha256(data) != sha256:
            raise PayloadCorrupt(sha256, str(self._root))
        return data

    async def names(self) -> list[str]:
        """The sha256 of every file kept, sorted."""
        return await asyncio.to_thread(self._names)

    def path(self, sha256: str) -> Path:
        """Where that payload lies. A reference that is no sha256 raises `PayloadMissing`."""
        if not _NAME.fullmatch(sha256):
            raise PayloadMissing(repr(sha256[:80]), str(self._root))
        return self._root / sha256[:2] / sha256

    def _names(self) -> list[str]:
        return sorted(path.name for path in self._root.glob("??/*") if _NAME.fullmatch(path.name))

    async def _reuse(self, sha256: str) -> bool:
        """Whether the file is there and sound; then it is made young and durable."""
        path = self.path(sha256)
        try:
            await self.get(sha256)
            await asyncio.to_thread(os.utime, path)
        except (PayloadMissing, PayloadCorrupt, FileNotFoundError):
            return False
        await asyncio.to_thread(sync_folder, path.parent)
        return True

    async def _write(self, path: Path, data: bytes) -> None:
        temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}.tmp")
        async with self._removed(temporary):
            await asyncio.to_thread(_make_folder, path.parent)
            await _write_synced(temporary, data)
            await _put_in_place(temporary, path)

    @contextlib.asynccontextmanager
    async def _removed(self, temporary: Path) -> AsyncIterator[None]:
        """Whatever happens, nothing half-written stays; a full disk is called so."""
        try:
            yield
        except OSError as error:
            if error.errno in NO_SPACE:
                raise DiskFull(str(self._root)) from error
            raise
        finally:
            await asyncio.shield(asyncio.to_thread(temporary.unlink, missing_ok=True))


async def _sha256(data: bytes) -> str:
    return await asyncio.to_thread(lambda: hashlib.sha256(data).hexdigest())


async def _write_pieces(path: Path, pieces: AsyncIterator[bytes]) -> StoredFile:
    said, size = hashlib.sha256(), 0
    async with aiofiles.open(path, "xb") as file:
        async for piece in pieces:
            said.update(piece)
            size += len(piece)
            await file.write(piece)
        await file.flush()
        await asyncio.to_thread(os.fsync, file.fileno())
    return StoredFile(said.hexdigest(), size)


async def _write_synced(path: Path, data: bytes) -> None:
    async with aiofiles.open(path, "xb") as file:
        await file.write(data)
        await file.flush()
        await asyncio.to_thread(os.fsync, file.fileno())


async def _put_in_place(temporary: Path, path: Path) -> None:
    await aiofiles.os.replace(temporary, path)
    await asyncio.to_thread(sync_folder, path.parent)


def _make_folder(folder: Path) -> None:
    if not folder.is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        sync_folder(folder.parent)
