"""Collecting payload files that nothing refers to."""

import asyncio
import os
import random
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from storage.errors import PayloadMissing
from storage.payloads.files import PayloadFiles
from storage.payloads.garbage import collect

HOUR = timedelta(hours=1)


@pytest.fixture
def files(tmp_path: Path) -> PayloadFiles:
    """An empty payload folder."""
    return PayloadFiles(tmp_path)


async def old(files: PayloadFiles, data: bytes) -> str:
    """Store it two hours ago."""
    name = await files.put(data)
    age(files.path(name))
    return name


def age(path: Path) -> None:
    """Make that file two hours old."""
    moment = time.time() - 7_200
    os.utime(path, (moment, moment))


async def test_only_old_files_without_a_reference_go(files: PayloadFiles) -> None:
    """Live files stay, young files stay, the rest goes."""
    live, dead = await old(files, b"live"), await old(files, b"dead")
    young = await files.put(b"young")
    collected = await collect(files, {live}, grace=HOUR)
    assert (collected.removed, collected.freed_bytes, collected.kept) == ((dead,), 4, 2)
    assert await files.names() == sorted([live, young])


async def test_references_may_come_slowly(files: PayloadFiles) -> None:
    """An async iterator of live names, such as a walk over histories, is read to its end."""
    names = [await old(files, bytes([number])) for number in range(10)]

    async def live() -> AsyncIterator[str]:
        for name in names[:9]:
            await asyncio.sleep(0)
            yield name

    assert (await collect(files, live(), grace=HOUR)).removed == (names[9],)


async def test_when_the_references_cannot_be_read_nothing_goes(files: PayloadFiles) -> None:
    """A failure while listing what is live removes no file."""
    name = await old(files, b"wanted")

    async def live() -> AsyncIterator[str]:
        yield "0" * 64
        raise ConnectionError("Temporal went away")

    with pytest.raises(ConnectionError):
        await collect(files, live(), grace=HOUR)
    assert await files.get(name) == b"wanted"


async def test_a_dry_run_only_says_what_would_go(files: PayloadFiles) -> None:
    """The same answer, and every file still there."""
    name = await old(files, b"dead")
    assert (await collect(files, (), grace=HOUR, dry_run=True)).removed == (name,)
    assert await files.names() == [name]


async def test_leftovers_of_killed_processes_are_tidied(files: PayloadFiles) -> None:
    """Old temporary files go; a payload that was moved aside comes back."""
    name = await old(files, b"payload")
    place = files.path(name)
    place.rename(place.with_name(f".{name}.condemned"))
    stale, fresh = place.with_name(".a.1.tmp"), place.with_name(".b.2.tmp")
    stale.write_bytes(b"half")
    fresh.write_bytes(b"half")
    age(stale)
    await collect(files, {name}, grace=HOUR)
    assert await files.get(name) == b"payload"
    assert (stale.exists(), fresh.exists()) == (False, True)


async def test_storing_again_while_collecting_never_loses_the_file(files: PayloadFiles) -> None:
    """What `put` returned is there afterwards, however the collector's timing falls."""
    dice = random.Random(5)
    for number in range(60):
        data = number.to_bytes(2, "big") * 100
        name = await old(files, data)

        async def again(data: bytes = data) -> None:
            await asyncio.sleep(dice.uniform(0, 0.004))
            await files.put(data)

        await asyncio.gather(collect(files, (), grace=HOUR), again())
        try:
            assert await files.get(name) == data
        except PayloadMissing:
            pytest.fail(f"round {number}: stored, and collected")
