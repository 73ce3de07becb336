"""Deafness is noticed in time, told to those who wait, and over when something comes in."""

import contextlib
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.config.errors import UnavailableError
from bot.monitoring.metrics import Metrics
from bot.monitoring.slack_watchdog import HEARD, PACE, InboundRecord, SlackWatchdog
from storage.database import create_engine, migrate
from storage.errors import DatabaseUnavailable
from storage.slack_heartbeats import HeartbeatStore
from workflows.messages.outage import Outage

START = datetime(2027, 3, 1, 12, tzinfo=UTC)
LIMIT = timedelta(minutes=5)


class Memory:
    """What the database would keep; may be away."""

    def __init__(self) -> None:
        self.last = START - timedelta(days=1)
        self.deaf: datetime | None = None
        self.away = False

    async def heard(self, at: datetime) -> datetime:
        if self.away:
            raise DatabaseUnavailable("away")
        self.last = max(self.last, at)
        return self.last

    async def deaf_since(self, at: datetime) -> datetime:
        if self.away:
            raise DatabaseUnavailable("away")
        if self.deaf is None or self.deaf <= self.last:
            self.deaf = at
        return self.deaf


class World:
    """A clock, a Slack that echoes or not, and approvals that wait; looks every ten seconds."""

    def __init__(self) -> None:
        self.now = START
        self.inbound = InboundRecord(lambda: self.now)
        self.memory = Memory()
        self.is_deaf = self.is_down = self.temporal_down = False
        self.waiting: dict[str, datetime] = {"a-1": START - timedelta(hours=1)}
        self.beats: list[datetime] = []
        self.renewals: list[datetime] = []
        self.told: list[tuple[str, Outage]] = []
        self.metrics = Metrics()
        self.watch = self.new_watch()

    def new_watch(self) -> SlackWatchdog:
        """As after a start of the bot."""
        self.inbound.since, self.inbound.last = self.now, None
        parts = (self.inbound, self, self, self.memory, self.renew, self.metrics)
        return SlackWatchdog(*parts, clock=lambda: self.now)

    async def beat(self, now: datetime) -> bool:
        if self.is_down:
            return False
        self.beats.append(now)
        if not self.is_deaf:
            self.inbound()
        return True

    async def renew(self) -> None:
        self.renewals.append(self.now)

    async def any_waits(self) -> bool:
        if self.temporal_down:
            raise UnavailableError("away")
        return bool(self.waiting)

    async def bridge(self, outage: Outage, raised_before: datetime, told: set[str]) -> set[str]:
        found = {one for one, at in self.waiting.items() if at < raised_before}
        return await self.end(outage, sorted(found - told))

    async def end(self, outage: Outage, approvals: Iterable[str]) -> set[str]:
        approvals = list(approvals)
        self.told += [(approval, outage) for approval in approvals]
        return set(approvals)

    async def go_on(self, length: timedelta) -> None:
        end = self.now + length
        while self.now < end:
            with contextlib.suppress(UnavailableError):
                await self.watch.look()
            self.now += PACE.look


@pytest.fixture
def world() -> World:
    return World()


def test_the_times_add_up() -> None:
    """Silence, one unanswered beat, and the looks between: below five minutes."""
    assert PACE.silence + PACE.deaf + 3 * PACE.look <= LIMIT
    assert PACE.renew < PACE.deaf


async def test_a_beat_a_minute_that_comes_back_is_no_news(world: World) -> None:
    """And no beat at all while nobody is waited for, or while people click."""
    await world.go_on(timedelta(minutes=10))
    assert 8 <= len(world.beats) <= 10
    world.waiting.clear()
    world.beats.clear()
    await world.go_on(timedelta(hours=2))
    world.waiting["a-2"] = world.now
    for _ in range(60):
        world.inbound()
        await world.go_on(timedelta(seconds=30))
    assert (world.beats, world.renewals, world.told) == ([], [], [])
    assert world.watch.sentence() == HEARD


@pytest.mark.parametrize("begins", range(0, 70, 10))
async def test_deafness_is_noticed_within_five_minutes(world: World, begins: int) -> None:
    """Whenever it begins: the sockets are renewed first, then whoever waits is told, once."""
    await world.go_on(timedelta(minutes=3, seconds=begins))
    world.is_deaf, since = True, world.now
    await world.go_on(LIMIT)
    assert [approval for approval, _ in world.told] == ["a-1"]
    outage = world.told[0][1]
    assert since - PACE.silence <= outage.since <= since + PACE.silence + PACE.look
    assert outage.until > world.now
    assert world.renewals[0] - outage.since <= PACE.renew + PACE.look
    assert "Nothing has come in from Slack" in world.watch.sentence()
    assert b"signoff_slack_deaf 1.0" in world.metrics.exposition()[1]


async def test_who_is_raised_into_it_is_told_a_minute_later(world: World) -> None:
    """And everybody is told again, before it is forgotten, for as long as it lasts."""
    world.is_deaf = True
    await world.go_on(LIMIT)
    world.waiting["a-2"] = world.now
    await world.go_on(timedelta(seconds=50))
    assert "a-2" not in {approval for approval, _ in world.told}
    await world.go_on(timedelta(seconds=30))
    assert [approval for approval, _ in world.told].count("a-2") == 1
    await world.go_on(timedelta(hours=16))
    last = [outage for approval, outage in world.told if approval == "a-1"][-1]
    assert last.until > world.now
    assert {outage.since for _, outage in world.told} == {world.told[0][1].since}


async def test_what_comes_in_ends_it(world: World) -> None:
    """Everybody who was told is told so, and the next one is another."""
    world.is_deaf = True
    await world.go_on(LIMIT)
    world.is_deaf = False
    await world.go_on(timedelta(minutes=2))
    assert [approval for approval, _ in world.told] == ["a-1", "a-1"]
    first, end = (outage for _, outage in world.told)
    assert end.since == first.since
    assert end.until < world.now
    assert world.watch.sentence() == HEARD
    world.is_deaf = True
    await world.go_on(LIMIT)
    assert world.told[-1][1].since > end.until


async def test_another_bot_that_hears_is_enough(world: World) -> None:
    """Slack brings each event to one of all connections: the database tells."""
    world.is_deaf = True
    for _ in range(20):
        world.memory.last = world.now
        await world.go_on(timedelta(seconds=40))
    assert not world.told
    assert not world.renewals


async def test_slack_that_takes_nothing_is_not_deaf(world: World) -> None:
    """That is another outage, and noticed by whoever posts."""
    world.is_deaf = world.is_down = True
    await world.go_on(timedelta(minutes=30))
    assert not world.told


async def test_without_database_it_is_noticed_and_without_temporal_it_waits(world: World) -> None:
    """Only Temporal knows who waits; as soon as it answers, they are told."""
    world.is_deaf = world.memory.away = True
    await world.go_on(LIMIT)
    assert len(world.told) == 1
    fresh = World()
    fresh.is_deaf = fresh.temporal_down = True
    await fresh.go_on(LIMIT)
    assert not fresh.told
    fresh.temporal_down = False
    await fresh.go_on(LIMIT)
    assert len(fresh.told) == 1


async def test_a_restart_in_the_middle_finds_the_same_outage(world: World) -> None:
    """So whoever got a letter gets no second one."""
    world.is_deaf = True
    await world.go_on(LIMIT)
    world.now += timedelta(minutes=20)
    world.watch = world.new_watch()
    await world.go_on(LIMIT)
    assert len({outage.since for _, outage in world.told}) == 1


async def test_the_database_keeps_both_moments(tmp_path: Path) -> None:
    """The latest that was heard; and the first of an outage, until something is heard after it."""
    engine = create_engine(f"sqlite:///{tmp_path / 'kept.db'}")
    await migrate(engine)
    one, other = HeartbeatStore(engine), HeartbeatStore(engine)
    try:
        assert await one.heard(START) == START
        assert await other.heard(START - timedelta(minutes=1)) == START
        later = START + timedelta(minutes=2)
        assert await one.deaf_since(later) == later
        assert await other.deaf_since(later + timedelta(minutes=9)) == later
        await other.heard(later + timedelta(minutes=10))
        again = later + timedelta(minutes=20)
        assert await one.deaf_since(again) == again
    finally:
        await engine.dispose()


async def test_a_database_that_cannot_be_used_says_so(tmp_path: Path) -> None:
    """With a sentence, not with a stack of SQL."""
    engine = create_engine(f"sqlite:///{tmp_path / 'empty.db'}")
    try:
        for doing in (HeartbeatStore(engine).heard, HeartbeatStore(engine).deaf_since):
            with pytest.raises(DatabaseUnavailable, match="Check the database"):
                await doing(START)
    finally:
        await engine.dispose()
