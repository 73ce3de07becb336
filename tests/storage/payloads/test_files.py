"""Payload files: complete or not at all, verified, mended, and honest about a full disk."""

import asyncio
import errno
import hashlib
import json
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from storage.errors import DiskFull, PayloadCorrupt, PayloadMissing
from storage.payloads.files import PayloadFiles
from tests.storage.payloads.small_disk import fill, small_disk

FULL_DISK = """
import asyncio, json, resource, sys
from pathlib import Path
from storage.errors import DiskFull
from storage.payloads.files import PayloadFiles

async def main(root):
    files = PayloadFiles(Path(root))
    kept = await files.put(b"small")
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
    try:
        await files.put(b"x" * 500_000)
    except DiskFull as error:
        print(json.dumps({"kept": kept, "error": str(error)}))

asyncio.run(main(sys.argv[1]))
"""
WRITER = """
import asyncio, sys
from pathlib import Path
from storage.payloads.files import PayloadFiles

async def main(root):
    files = PayloadFiles(Path(root))
    number = 0
    while True:
        number += 1
        print(await files.put(str(number).encode() * 60_000), flush=True)

asyncio.run(main(sys.argv[1]))
"""


@pytest.fixture
def files(tmp_path: Path) -> PayloadFiles:
    """A payload folder that does not exist yet."""
    return PayloadFiles(tmp_path / "payloads")


def left_behind(files: PayloadFiles) -> list[Path]:
    """Whatever lies in the folder and is no payload."""
    return [p for p in files.root.rglob("*") if p.is_file() and len(p.name) != 64]


async def test_what_was_put_is_got(files: PayloadFiles) -> None:
    """The name is the sha256, in a folder of its first two characters."""
    name = await files.put(b"result")
    assert name == hashlib.sha256(b"result").hexdigest()
    assert await files.get(name) == b"result"
    assert (files.root / name[:2] / name).is_file()
    assert await files.names() == [name]
    assert left_behind(files) == []


async def test_an_empty_folder_has_no_names(files: PayloadFiles) -> None:
    """Before the first payload there is nothing, and no error."""
    assert await files.names() == []


async def test_a_missing_payload_is_named(files: PayloadFiles) -> None:
    """The error says which, and how to heal it."""
    name = "ab" * 32
    with pytest.raises(PayloadMissing, match=f"{name}.*backup") as raised:
        await files.get(name)
    assert raised.value.reference == name


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "AB" * 32, "ab" * 33, "a\0b", "\ud800"])
async def test_a_reference_that_is_no_sha256_opens_nothing(files: PayloadFiles, name: str) -> None:
    """Nothing outside of the folder can be read by a made-up reference."""
    with pytest.raises(PayloadMissing):
        await files.get(name)


@pytest.mark.parametrize("damage", ["flip", "truncate", "empty"])
async def test_a_corrupt_payload_is_told_and_mended(files: PayloadFiles, damage: str) -> None:
    """Reading says corrupt; storing the same bytes again replaces the file."""
    data = random.Random(1).randbytes(5_000)
    name = await files.put(data)
    bad = {"flip": b"\0" + data[1:], "truncate": data[:-1], "empty": b""}[damage]
    files.path(name).write_bytes(bad)
    with pytest.raises(PayloadCorrupt, match=name):
        await files.get(name)
    assert await files.put(data) == name
    assert await files.get(name) == data


async def test_writers_of_the_same_bytes_do_not_disturb_each_other(files: PayloadFiles) -> None:
    """Thirty at once leave one sound file and nothing else."""
    names = await asyncio.gather(*(files.put(b"same" * 10_000) for _ in range(30)))
    assert len(set(names)) == 1
    assert await files.get(names[0]) == b"same" * 10_000
    assert left_behind(files) == []


async def test_storing_again_makes_the_file_young(files: PayloadFiles) -> None:
    """The garbage collector goes by the age since the last time it was stored."""
    name = await files.put(b"again")
    os.utime(files.path(name), (0, 0))
    await files.put(b"again")
    assert files.path(name).stat().st_mtime > 1_000_000_000


def test_a_full_disk_leaves_nothing_behind(tmp_path: Path) -> None:
    """A write that the system cuts off is refused, and leaves no temporary file."""
    root = tmp_path / "payloads"
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(root)], capture_output=True, text=True, check=True
    )
    report = json.loads(done.stdout)
    assert "No space left" in report["error"]
    assert [p.name for p in root.rglob("*") if p.is_file()] == [report["kept"]]


async def test_a_real_full_disk_refuses_and_recovers(tmp_path: Path) -> None:
    """ENOSPC is `DiskFull`; what was kept stays; when there is room, storing works again."""
    with small_disk(tmp_path / "disk") as disk:
        files = PayloadFiles(disk / "payloads")
        kept = await files.put(b"kept")
        filler = disk / "filler"
        fill(filler)
        with pytest.raises(DiskFull) as raised:
            await files.put(b"y" * 400_000)
        assert isinstance(raised.value.__cause__, OSError)
        assert raised.value.__cause__.errno == errno.ENOSPC
        assert (await files.get(kept), left_behind(files)) == (b"kept", [])
        filler.unlink()
        assert await files.get(await files.put(b"y" * 400_000)) == b"y" * 400_000


async def test_a_killed_writer_leaves_only_whole_files(tmp_path: Path) -> None:
    """SIGKILL at random moments: every name that was returned reads sound, none is half a file."""
    dice = random.Random(3)
    for attempt in range(6):
        root = tmp_path / str(attempt)
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", WRITER, str(root), stdout=asyncio.subprocess.PIPE
        )
        assert process.stdout is not None
        first = await process.stdout.readline()
        await asyncio.sleep(dice.uniform(0, 0.1))
        process.send_signal(signal.SIGKILL)
        acknowledged = (first + await process.stdout.read()).decode().split()
        await process.wait()
        files = PayloadFiles(root)
        names = await files.names()
        assert {n for n in acknowledged if len(n) == 64} <= set(names)
        for name in names:
            await files.get(name)
