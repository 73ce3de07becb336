"""The click inbox: what `put` acknowledged is there, whatever happens next."""

import asyncio
import os
import random
import signal
import sqlite3
import statistics
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from storage.click_inbox import ClickInbox, PendingClick
from storage.errors import DiskFull, InboxClosed, InboxDamaged
from tests.storage.conftest import FULL
from tests.storage.payloads.small_disk import fill, small_disk

KILLS = 40 if FULL else 6
WRITER = """
import asyncio, sys
from pathlib import Path
from storage.click_inbox import ClickInbox

async def click(inbox, id):
    if await inbox.put(id, b"payload of " + id.encode()):
        sys.stdout.write(id + "\\n")
        sys.stdout.flush()

async def main(path, start):
    inbox = ClickInbox(Path(path))
    number = int(start)
    while True:
        number += 20
        await asyncio.gather(*(click(inbox, f"c{number + n}") for n in range(20)))

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.fixture
async def inbox(tmp_path: Path) -> AsyncIterator[ClickInbox]:
    """A fresh inbox, closed afterwards."""
    inbox = ClickInbox(tmp_path / "state" / "inbox.sqlite")
    yield inbox
    await inbox.close()


async def test_clicks_wait_in_the_order_of_their_arrival(inbox: ClickInbox) -> None:
    """Payload, attempts and the moment come back; a page may skip what was looked at."""
    before = datetime.now(UTC)
    for number in range(5):
        assert await inbox.put(f"c{number}", bytes([number]))
    pending = await inbox.pending(2, skip=1)
    assert [(c.id, c.payload, c.attempts) for c in pending] == [("c1", b"\1", 0), ("c2", b"\2", 0)]
    assert before - timedelta(seconds=1) < pending[0].received_at <= datetime.now(UTC)
    assert isinstance(pending[0], PendingClick)
    assert await inbox.count() == 5


async def test_a_duplicate_is_recognised_before_and_after_delivery(inbox: ClickInbox) -> None:
    """The same id is new once, however its delivery went."""
    assert await inbox.put("c1", b"first")
    assert not await inbox.put("c1", b"second")
    assert (await inbox.pending())[0].payload == b"first"
    await inbox.done("c1", "Approved.")
    assert not await inbox.put("c1", b"third")
    assert await inbox.pending() == []
    assert await inbox.count() == 0


async def test_a_failed_click_waits_on_until_given_up(inbox: ClickInbox) -> None:
    """Attempts are kept; giving up takes it off the list, not out of memory."""
    await inbox.put("c1", b"")
    await inbox.failed("c1", "Temporal does not answer")
    await inbox.failed("c1", "Temporal does not answer")
    assert (await inbox.pending())[0].attempts == 2
    await inbox.failed("c1", "not readable", give_up=True)
    assert await inbox.pending() == []
    assert not await inbox.put("c1", b"again")


async def test_clicks_survive_a_restart(tmp_path: Path) -> None:
    """Another process, later, finds what waits and what is done."""
    path = tmp_path / "inbox.sqlite"
    first = ClickInbox(path)
    await first.put("c1", b"1")
    await first.put("c2", b"2")
    await first.done("c1")
    await first.close()
    second = ClickInbox(path)
    assert [click.id for click in await second.pending()] == ["c2"]
    assert not await second.put("c1", b"1")
    await second.close()


async def test_two_processes_may_share_the_file(tmp_path: Path) -> None:
    """Each of a hundred clicks put by two at once is new for exactly one of them."""
    inboxes = [ClickInbox(tmp_path / "inbox.sqlite") for _ in range(2)]
    puts = [inbox.put(f"c{n}", b"") for n in range(100) for inbox in inboxes]
    assert sum(await asyncio.gather(*puts)) == 100
    for inbox in inboxes:
        await inbox.close()


async def test_old_clicks_are_forgotten_pending_ones_never(tmp_path: Path) -> None:
    """What ended longer ago than `keep` goes; what waits stays."""
    path = tmp_path / "inbox.sqlite"
    inbox = ClickInbox(path, keep=timedelta(seconds=-1))
    await inbox.put("waits", b"")
    await inbox.put("ended", b"")
    await inbox.done("ended")
    assert await inbox.put("ended", b"")
    assert not await inbox.put("waits", b"")
    await inbox.close()


async def test_any_id_and_any_bytes_are_kept(inbox: ClickInbox) -> None:
    """Lone surrogates and NUL in the id, empty and large payloads."""
    for name in ("\ud800", "a\0b", "", "x" * 10_000):
        assert await inbox.put(name, b"\0" * 100_000)
        assert not await inbox.put(name, b"")
    await inbox.done("\ud800", "answer \udfff")
    assert await inbox.count() == 3


async def test_one_bad_click_does_not_take_others_along(inbox: ClickInbox) -> None:
    """Clicks that share a commit with one that cannot be stored are stored all the same."""
    odd: Any = object()
    puts = [inbox.put(f"c{n}", odd if n == 7 else b"") for n in range(20)]
    answers = await asyncio.gather(*puts, return_exceptions=True)
    assert [n for n, answer in enumerate(answers) if answer is not True] == [7]
    assert await inbox.count() == 19


async def test_a_closed_inbox_says_so(inbox: ClickInbox) -> None:
    """What was queued before is kept; what comes after is refused, not lost silently."""
    put = asyncio.create_task(inbox.put("c1", b""))
    await asyncio.sleep(0)
    await inbox.close()
    assert await put
    with pytest.raises(InboxClosed):
        await inbox.put("c2", b"")


async def test_a_file_that_is_no_inbox_is_left_alone(tmp_path: Path) -> None:
    """A damaged file is named, with the way out, and not overwritten."""
    path = tmp_path / "inbox.sqlite"
    path.write_bytes(b"junk" * 2_000)
    inbox = ClickInbox(path)
    with pytest.raises(InboxDamaged, match="Move the file aside"):
        await inbox.put("c1", b"")
    await inbox.close()
    assert path.read_bytes() == b"junk" * 2_000


async def test_a_full_disk_refuses_and_recovers(tmp_path: Path) -> None:
    """With no room `put` raises `DiskFull`, what was kept stays, and room heals it."""
    with small_disk(tmp_path / "disk") as disk:
        inbox = ClickInbox(disk / "inbox.sqlite")
        assert await inbox.put("kept", b"")
        filler = disk / "filler"
        fill(filler)
        with pytest.raises(DiskFull):
            await inbox.put("large", b"y" * 500_000)
        assert [click.id for click in await inbox.pending()] == ["kept"]
        filler.unlink()
        assert await inbox.put("large", b"y" * 100_000)
        await inbox.close()


async def test_the_file_is_synced_before_put_returns(inbox: ClickInbox, tmp_path: Path) -> None:
    """The connection runs with a write-ahead log and full synchronisation."""
    await inbox.put("c1", b"")
    modes = await inbox._writer.run(
        lambda db: [
            db.execute(f"PRAGMA {p}").fetchone()[0] for p in ("journal_mode", "synchronous")
        ]
    )
    assert modes == ["wal", 2]


async def test_every_acknowledged_click_survives_sigkill(tmp_path: Path) -> None:
    """Killed at random moments in a burst: what was acknowledged is there, each once."""
    dice = random.Random(11)
    path = tmp_path / "inbox.sqlite"
    acknowledged: set[str] = set()
    for kill in range(KILLS):
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", WRITER, str(path), str(kill * 1_000_000), stdout=-1
        )
        assert process.stdout is not None
        first = await process.stdout.readline()
        await asyncio.sleep(dice.uniform(0, 0.05))
        process.send_signal(signal.SIGKILL)
        lines = (first + await process.stdout.read()).decode().splitlines(keepends=True)
        acknowledged |= {line.strip() for line in lines if line.endswith("\n")}
        await process.wait()
    with sqlite3.connect(path) as database:
        kept = [row[0] for row in database.execute("SELECT id FROM clicks")]
    database.close()
    assert len(kept) == len(set(kept))
    assert acknowledged <= set(kept)
    assert len(acknowledged) >= 20 * KILLS


async def test_two_hundred_clicks_a_second(
    inbox: ClickInbox, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """At 200 clicks/s `put` stays within 300 ms at p99, or near what a bare fsync takes then."""
    await inbox.put("warm", b"")
    seconds = 10 if FULL else 2

    async def click(number: int) -> None:
        await inbox.put(f"c{number}", b"x" * 2_000)

    with (tmp_path / "floor").open("wb", buffering=0) as file:

        def write() -> None:
            file.write(b"x" * 2_000)
            os.fsync(file.fileno())

        async def sync(_: int) -> None:
            await asyncio.to_thread(write)

        p50, p99 = await paced(click, 200 * seconds)
        floor50, floor99 = await paced(sync, 200 * seconds)
    with capsys.disabled():
        sys.stdout.write(f"\ninbox: put p50 {p50:.1f} ms, p99 {p99:.1f} ms at 200/s; ")
        sys.stdout.write(f"bare fsync p50 {floor50:.1f} ms, p99 {floor99:.1f} ms\n")
    assert p99 < max(300, 4 * floor99)


async def paced(call: Callable[[int], Awaitable[None]], many: int) -> tuple[float, float]:
    """Calls at 200/s, whatever each takes; p50 and p99 in milliseconds."""
    waits: list[float] = []

    async def one(number: int) -> None:
        started = time.perf_counter()
        await call(number)
        waits.append(time.perf_counter() - started)

    begin = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for number in range(many):
            await asyncio.sleep(max(0.0, begin + number / 200 - time.perf_counter()))
            group.create_task(one(number))
    quantiles = statistics.quantiles(waits, n=100)
    return quantiles[49] * 1_000, quantiles[98] * 1_000
