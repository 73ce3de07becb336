"""Time as the playground sees it; a test has a clock of its own."""

import asyncio
import time
from typing import Protocol


class Clock(Protocol):
    """What the playground needs to know of time."""

    def now(self) -> float:
        """Seconds since the epoch."""

    async def sleep(self, seconds: float) -> None:
        """Return once that many seconds have passed on this clock."""


class SystemClock:
    """The machine's own time."""

    def now(self) -> float:
        return time.time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
