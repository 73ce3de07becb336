"""Answers of our agents, kept over a restart."""

import asyncio
import time
from datetime import timedelta
from pathlib import Path

import pytest

from storage.agent_answers import AnswerFile

ANSWER = ("digest", b"\x00\xffanswer")


async def test_an_answer_is_there_for_the_next_process(tmp_path: Path) -> None:
    """Under its agent, its caller and its message, and no other."""
    first = AnswerFile(tmp_path / "kept" / "agents.db")
    await first.put("analysis/1", "bearer", "m1", *ANSWER)
    await first.close()
    second = AnswerFile(tmp_path / "kept" / "agents.db")
    assert await second.get("analysis/1", "bearer", "m1") == ANSWER
    for other in (("analysis/2", "bearer", "m1"), ("analysis/1", "x", "m1"), ("a", "b", "m1")):
        assert await second.get(*other) is None
    await second.close()
    assert (tmp_path / "kept" / "agents.db").stat().st_mode & 0o077 == 0


async def test_two_processes_share_a_file(tmp_path: Path) -> None:
    """The latest answer counts."""
    one, other = (AnswerFile(tmp_path / "agents.db") for _ in range(2))
    await asyncio.gather(*(one.put("a", "c", f"m{at}", *ANSWER) for at in range(20)))
    await asyncio.gather(*(other.put("a", "c", f"m{at}", "d2", b"2") for at in range(20)))
    assert [await one.get("a", "c", f"m{at}") for at in range(20)] == [("d2", b"2")] * 20
    await one.close()
    await other.close()


async def test_only_the_newest_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By number and by age."""
    kept = AnswerFile(tmp_path / "agents.db", keep=timedelta(days=7), most=3)
    for at in range(5):
        await kept.put("a", "c", f"m{at}", *ANSWER)
    assert [await kept.get("a", "c", f"m{at}") is not None for at in range(5)] == [
        *(False, False),
        *(True, True, True),
    ]
    later = time.time() + 8 * 86_400
    monkeypatch.setattr(time, "time", lambda: later)
    assert await kept.get("a", "c", "m4") is None
    await kept.close()


async def test_what_cannot_be_kept_is_no_error(tmp_path: Path) -> None:
    """A call must not fail for it: the agent runs once more then."""
    (tmp_path / "agents.db").write_bytes(b"no database at all, but long enough to look like one")
    broken = AnswerFile(tmp_path / "agents.db")
    await broken.put("a", "c", "m", *ANSWER)
    assert await broken.get("a", "c", "m") is None
    await broken.close()
    assert await broken.get("a", "c", "m") is None
