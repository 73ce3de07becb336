"""The journal of turns: what is in it is on disk, an overtaken attempt adds nothing first."""

import asyncio
import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest

from storage import _writer
from storage.errors import StorageError
from storage.turn_journal import TurnJournalFile
from tests.storage.payloads.small_disk import fill, small_disk


async def test_an_attempt_finds_what_the_ones_before_did(tmp_path: Path) -> None:
    """In order, also in another process; and not what other turns did."""
    one = TurnJournalFile(tmp_path / "turns.db")
    assert await one.open("a") == (1, [])
    for entry in (b"1", b"2"):
        assert await one.add("a", 1, entry)
    await one.open("b")
    await one.add("b", 1, b"other")
    other = TurnJournalFile(tmp_path / "turns.db")
    assert await other.open("a") == (2, [b"1", b"2"])
    await asyncio.gather(one.close(), other.close())


async def test_an_overtaken_attempt_begins_nothing(tmp_path: Path) -> None:
    """It may still say how what it had begun ended."""
    one, other = (TurnJournalFile(tmp_path / "turns.db") for _ in range(2))
    attempt, _ = await one.open("a")
    assert await one.add("a", attempt, b"begun", first=True)
    later, _ = await other.open("a")
    assert not await one.add("a", attempt, b"begun again", first=True)
    assert await one.add("a", attempt, b"ended")
    assert await other.add("a", later, b"begun", first=True)
    assert (await other.open("a"))[1] == [b"begun", b"ended", b"begun"]
    await asyncio.gather(one.close(), other.close())


async def test_old_turns_are_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those whose last attempt began long ago, with all of their entries."""
    monkeypatch.setattr(_writer, "SWEEP_EVERY", 0.0)
    kept = TurnJournalFile(tmp_path / "turns.db", keep=timedelta(seconds=0.2))
    await kept.open("old")
    await kept.add("old", 1, b"1")
    await asyncio.sleep(0.3)
    await kept.open("new")
    await kept.close()
    with sqlite3.connect(tmp_path / "turns.db") as db:
        assert db.execute("SELECT turn FROM turns").fetchall() == [("new",)]
        assert db.execute("SELECT COUNT(*) FROM entries").fetchone() == (0,)
    db.close()


async def test_only_its_owner_may_read_it(tmp_path: Path) -> None:
    """Arguments of tools and answers of models are in it."""
    kept = TurnJournalFile(tmp_path / "turns.db")
    await kept.open("a")
    await kept.close()
    assert (tmp_path / "turns.db").stat().st_mode & 0o077 == 0


async def test_every_entry_is_synced(tmp_path: Path) -> None:
    """A commit of this file waits for the disk."""
    kept = TurnJournalFile(tmp_path / "turns.db")
    await kept.open("a")
    mode = await kept._writer.run(lambda db: db.execute("PRAGMA synchronous").fetchone())
    assert mode == (2,)
    await kept.close()


async def test_a_file_that_is_no_journal_is_a_sentence(tmp_path: Path) -> None:
    """Nothing may run then."""
    (tmp_path / "turns.db").write_bytes(b"no database at all" * 100)
    kept = TurnJournalFile(tmp_path / "turns.db")
    with pytest.raises(StorageError, match=r"turns\.db cannot be used, so no tool is run"):
        await kept.open("a")
    await kept.close()


async def test_a_full_disk_is_a_sentence(tmp_path: Path) -> None:
    """Nothing may run until there is room; then it goes on in the same file."""
    with small_disk(tmp_path / "disk") as disk:
        kept = TurnJournalFile(disk / "turns.db")
        await kept.open("a")
        fill(disk / "filler")
        with pytest.raises(StorageError, match="is full, so no tool is run"):
            await kept.add("a", 1, b"x" * 1_000_000, first=True)
        (disk / "filler").unlink()
        assert await kept.add("a", 1, b"begun", first=True)
        await kept.close()
