"""The rows that keep Slack's pace for every process: turns, refusals, crashes, and outages."""

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from storage import pace
from storage.database import create_engine
from storage.pace import FILE, PaceRows, pace_rows
from tests.storage.conftest import Postgres

C, POST = "C0GENERAL1", "chat.postMessage"


@pytest.fixture
async def rows(empty_engine: AsyncEngine, tmp_path: Path) -> AsyncIterator[PaceRows]:
    """On a database that has no tables yet."""
    made = pace_rows(empty_engine, tmp_path)
    yield made
    await made.close()


async def claim(rows: PaceRows, ahead: float = 0.05, channel: str = C) -> pace.StoredTurn:
    """A turn, from a database that is there."""
    turn = await rows.claim(channel, POST, ahead)
    assert turn is not None
    return turn


async def test_one_of_many_gets_the_turn(rows: PaceRows) -> None:
    """However many ask at once; and the same once it is given back and its pause is over."""
    for _ in range(3):
        turns = await asyncio.gather(*(claim(rows) for _ in range(8)))
        mine = [turn for turn in turns if turn.token]
        assert len(mine) == 1
        assert {turn.held for turn in turns if not turn.token} == {True}
        await rows.give_back(C, mine[0].token, 0.0)


async def test_a_turn_begins_when_the_channel_is_free(rows: PaceRows) -> None:
    """Asked too early there is none; a moment before there is, with the wait until it begins."""
    first = await claim(rows)
    await rows.give_back(C, first.token, 0.6)
    early = await claim(rows)
    assert not early.token
    assert not early.held
    assert 0.2 < early.wait <= 0.6
    assert (await claim(rows, channel="C0FINANCE1")).token
    near = await claim(rows, ahead=1.0)
    assert near.token
    assert 0.1 < near.wait <= 0.6


async def test_a_turn_lapses_when_its_holder_dies(
    rows: PaceRows, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody else gets it then, and the late word of the first changes nothing any more."""
    monkeypatch.setattr(pace, "LEASE", 0.3)
    lost = await claim(rows)
    assert (await claim(rows)).held
    await asyncio.sleep(0.4)
    taken = await claim(rows)
    assert taken.token
    await rows.give_back(C, lost.token, 0.0)
    assert (await claim(rows)).held


async def test_a_refusal_is_known_to_all_and_one_tries_again(rows: PaceRows) -> None:
    """No channel has a turn while the method rests; afterwards one calls, then everybody may."""
    await rows.refused(POST, 0.5, 60)
    resting = await claim(rows)
    assert not resting.token
    assert resting.strict
    assert 0.1 < resting.rest <= 0.5
    early = await rows.try_again(POST)
    assert early is not None
    assert not early.token
    await asyncio.sleep(0.6)
    trials = [turn for turn in [await rows.try_again(POST) for _ in range(3)] if turn]
    assert [bool(turn.token) for turn in trials] == [True, False, False]
    await rows.give_back(POST, trials[0].token, 0.0, opens=True)
    again = await rows.try_again(POST)
    assert again is not None
    assert not again.strict
    assert not (await claim(rows)).strict


async def test_a_second_refusal_is_not_forgotten_by_an_earlier_trial(rows: PaceRows) -> None:
    """A call that was on its way is refused while another tries: the method goes on resting."""
    await rows.refused(POST, 0.0, 60)
    trial = await rows.try_again(POST)
    assert trial is not None
    await rows.refused(POST, 5.0, 60)
    await rows.give_back(POST, trial.token, 0.0, opens=True)
    assert (await claim(rows)).rest > 4


async def test_several_engines_share_the_rows(
    database_url: str, rows: PaceRows, tmp_path: Path
) -> None:
    """As several processes do; SQLite's own file is not the one the audit log waits for."""
    engine = create_engine(database_url)
    other = pace_rows(engine, tmp_path)
    assert (await claim(rows)).token
    assert (await claim(other)).held
    await other.close()
    await engine.dispose()
    assert (tmp_path / FILE).exists() == database_url.startswith("sqlite")


async def test_a_clock_that_was_wrong_stops_nobody(rows: PaceRows) -> None:
    """What lies further off than any turn or rest was written in error."""
    first = await claim(rows)
    await rows.give_back(C, first.token, 3_600.0)
    assert (await claim(rows)).token
    await rows.refused(POST, 7_200.0, 60)
    assert (await claim(rows)).rest == 0.0


async def test_without_the_database_each_goes_alone(
    postgres: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Told at once and not asked again for a while; together again when it is back."""
    monkeypatch.setattr(pace, "AWAY", 0.5)
    engine = create_engine(await postgres.new_database())
    rows = pace_rows(engine, tmp_path)
    assert (await claim(rows)).token
    postgres.stop()
    try:
        begun = time.monotonic()
        assert await rows.claim(C, POST, 0.05) is None
        assert await rows.look(POST) is None
        await rows.refused(POST, 1.0, 60)
        await rows.give_back(C, 1, 0.0)
        assert time.monotonic() - begun < pace.PATIENCE + 1
    finally:
        postgres.start()
    async with asyncio.timeout(20):
        while await rows.claim("C0FINANCE1", POST, 0.05) is None:  # noqa: ASYNC110 - a database
            await asyncio.sleep(0.2)
    await rows.close()
    await engine.dispose()


async def test_a_hanging_database_is_waited_for_briefly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody holds the file's lock: after a moment each goes by what it knows."""
    monkeypatch.setattr(pace, "PATIENCE", 0.4)
    engine = create_engine(f"sqlite:///{tmp_path / 'signoff.db'}")
    rows = pace_rows(engine, tmp_path)
    assert (await claim(rows)).token
    holder = sqlite3.connect(tmp_path / FILE, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    begun = time.monotonic()
    assert await rows.claim("C0FINANCE1", POST, 0.05) is None
    assert time.monotonic() - begun < 2
    holder.execute("ROLLBACK")
    holder.close()
    await rows.close()
    await engine.dispose()
