"""A folder of a hundred thousand files delays nobody."""

import asyncio
import os
import time
from pathlib import Path

import pytest

from bot.activities.collect_inputs import InputFolders
from bot.activities.input_listing import InputListing

MANY = 100_000


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten folders of ten thousand files, and some that are no inputs."""
    root = tmp_path_factory.mktemp("crowded")
    for number in range(10):
        folder = root / "data" / f"part-{number}"
        folder.mkdir(parents=True)
        for n in range(MANY // 10):
            os.mknod(folder / f"sales-{n:05}.csv")
        (folder / "README.md").touch()
        (folder / "program.exe").touch()
    return root


async def longest_gap(stop: asyncio.Event) -> float:
    """The longest time in which the event loop did nothing else."""
    longest, last = 0.0, time.monotonic()
    while not stop.is_set():
        await asyncio.sleep(0.005)
        now = time.monotonic()
        longest, last = max(longest, now - last), now
    return longest


async def test_others_go_on_meanwhile(crowded: Path) -> None:
    """Whoever asks waits for a moment; nobody else waits at all; then all are known."""
    listing, stop = InputListing(crowded, (crowded / "data",)), asyncio.Event()
    gap = asyncio.create_task(longest_gap(stop))
    began = time.monotonic()
    await listing.names(patience=0.2)
    assert time.monotonic() - began < 1.5
    names = None
    while names is None or len(names) < MANY:
        names = await listing.names()
    stop.set()
    assert await gap < 0.5
    assert (len(names), names[0]) == (MANY, "data/part-0/sales-00000.csv")
    began = time.monotonic()
    found = await listing.matching("PART-7 00042", 100)
    assert time.monotonic() - began < 0.5
    assert found == ["data/part-7/sales-00042.csv"]
    assert len(await listing.matching("", 100)) == 100


async def test_a_new_file_is_found(tmp_path: Path) -> None:
    """The next time somebody looks, a little later."""
    listing = InputListing(tmp_path, (tmp_path,))
    assert await listing.names() == ()
    (tmp_path / "new.csv").touch()
    listing._looked -= 60
    assert await listing.names() == ("new.csv",)


async def test_a_folder_that_is_not_there_is_passed_over(tmp_path: Path) -> None:
    """As is a link to another folder."""
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "one.csv").touch()
    (tmp_path / "b").symlink_to(tmp_path / "a")
    listing = InputListing(tmp_path, (tmp_path / "nowhere", tmp_path))
    assert await listing.names() == ("a/one.csv",)


def test_a_suggestion_is_no_walk(crowded: Path) -> None:
    """A mistyped name is answered at once, however many files there are."""
    folders = InputFolders(crowded, (crowded / "data",), 20_000_000)
    began = time.monotonic()
    assert len(folders.listing.some(3)) == 3
    assert time.monotonic() - began < 0.5
