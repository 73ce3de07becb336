"""Removing payload files that nothing refers to any more.

Query and update results are stored too, and histories end with their retention: files stay
behind. What is live is known by whoever can list the histories; it is given here.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from storage.payloads.files import PayloadFiles

GRACE = timedelta(days=1)
_CONDEMNED = ".condemned"


@dataclass(frozen=True)
class Collected:
    """What a collection did: files removed, their bytes, and files kept."""

    removed: tuple[str, ...]
    freed_bytes: int
    kept: int


async def collect(
    files: PayloadFiles,
    live: Iterable[str] | AsyncIterable[str],
    *,
    grace: timedelta = GRACE,
    dry_run: bool = False,
) -> Collected:
    """Remove the files that are not in `live` (sha256 names) and older than `grace`.

    The files are listed before `live` is read, so a reference that appears meanwhile is seen, and
    storing a payload again makes its file young: neither is taken. `grace` must be longer than the
    time between storing a payload and its reference reaching the history. Unfinished temporary
    files older than `grace` go too.
    """
    before = time.time() - grace.total_seconds()
    await asyncio.to_thread(_acquit, files.root)
    candidates = await asyncio.to_thread(_older, files, before)
    total = len(await files.names())
    for sha256 in [name async for name in _each(live)]:
        candidates.pop(sha256, None)
    if dry_run:
        return Collected(tuple(sorted(candidates)), sum(candidates.values()), total)
    removed = await asyncio.to_thread(_remove, files, candidates, before)
    await asyncio.to_thread(_sweep, files.root, before)
    freed = sum(candidates[name] for name in removed)
    return Collected(tuple(removed), freed, total - len(removed))


async def _each(live: Iterable[str] | AsyncIterable[str]) -> AsyncIterable[str]:
    if isinstance(live, AsyncIterable):
        async for name in live:
            yield name
        return
    for name in live:
        yield name


def _older(files: PayloadFiles, before: float) -> dict[str, int]:
    """Name -> size of the files last stored earlier than `before` (seconds since 1970)."""
    found = {}
    for path in files.root.glob("??/*"):
        if len(path.name) == 64 and (seen := _seen(path)) and seen[0] < before:
            found[path.name] = seen[1]
    return found


def _seen(path: Path) -> tuple[float, int] | None:
    try:
        stat = path.stat()
    except FileNotFoundError:
        return None
    return stat.st_mtime, stat.st_size


def _remove(files: PayloadFiles, candidates: dict[str, int], before: float) -> list[str]:
    return [name for name in sorted(candidates) if _take(files.path(name), before)]


def _take(path: Path, before: float) -> bool:
    """Move the file aside, look at its age once more, then unlink it or put it back.

    Whoever stores the same bytes at this moment either made it young before the move, and it is
    put back, or does not find it any more, and writes it anew.
    """
    condemned = path.with_name(f".{path.name}{_CONDEMNED}")
    try:
        path.rename(condemned)
        if condemned.stat().st_mtime >= before:
            condemned.replace(path)
            return False
        condemned.unlink()
    except FileNotFoundError:
        return False
    return True


def _acquit(root: Path) -> None:
    """Put back what a collector that was killed had moved aside."""
    for condemned in root.glob(f"??/.*{_CONDEMNED}"):
        path = condemned.with_name(condemned.name[1:].removesuffix(_CONDEMNED))
        with contextlib.suppress(FileNotFoundError):
            condemned.unlink() if path.exists() else condemned.replace(path)


def _sweep(root: Path, before: float) -> None:
    """Drop the temporary files of writers that were killed."""
    for path in root.glob("??/.*.tmp"):
        if (seen := _seen(path)) and seen[0] < before:
            path.unlink(missing_ok=True)
