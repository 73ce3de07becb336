"""A clock for tests: five minutes pass at once."""

import asyncio
import heapq
import itertools


class ManualClock:
    """Time that stands still until `advance` is called.

    Acks of the bot are awaited in real time; retries, expiry and rate limits follow this clock.
    """

    def __init__(self, start: float = 1_700_000_000.0) -> None:
        self._now = start
        self._sleepers: list[tuple[float, int, asyncio.Event]] = []
        self._order = itertools.count()

    def now(self) -> float:
        return self._now

    @property
    def sleepers(self) -> int:
        """How many are waiting for this clock."""
        return len(self._sleepers)

    async def sleep(self, seconds: float) -> None:
        event = asyncio.Event()
        heapq.heappush(self._sleepers, (self._now + seconds, next(self._order), event))
        await event.wait()

    async def advance(self, seconds: float) -> None:
        """Let time pass, waking every sleeper that is due, in order."""
        end = self._now + seconds
        while self._sleepers and self._sleepers[0][0] <= end:
            self._now, _, event = heapq.heappop(self._sleepers)
            event.set()
            await asyncio.sleep(0)
        self._now = end
        await asyncio.sleep(0)
