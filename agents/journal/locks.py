"""One attempt of a turn at a time in this process; the next one waits and goes on behind it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class TurnLocks:
    """A lock for each turn that somebody runs or waits for."""

    def __init__(self) -> None:
        self._locks: dict[str, tuple[asyncio.Lock, int]] = {}

    @asynccontextmanager
    async def alone(self, turn: str) -> AsyncIterator[None]:
        """Until the block ends."""
        lock, users = self._locks.get(turn, (asyncio.Lock(), 0))
        self._locks[turn] = (lock, users + 1)
        try:
            async with lock:
                yield
        finally:
            lock, users = self._locks.pop(turn)
            if users > 1:
                self._locks[turn] = (lock, users - 1)
