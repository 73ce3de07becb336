"""Trouble on the wire beside the kills: envelopes twice, lost acks, cut answers, cut sockets."""

import asyncio
import random
from typing import Any

from playground.testing.person import Person

Fault = dict[str, Any]

FAULTS: tuple[Fault, ...] = (
    {"kind": "duplicate", "method": "interactive", "count": 3},
    {"kind": "duplicate", "method": "interactive", "count": 3},
    {"kind": "drop_ack", "method": "interactive", "count": 1},
    {"kind": "drop_after", "method": "chat.postMessage", "count": 1},
    {"kind": "drop_after", "method": "chat.update", "count": 1},
    {"kind": "disconnect", "count": 1},
)
SHORTEST, LONGEST = 0.3, 1.5


class Troublemaker:
    """One fault after the other, by random numbers of its own."""

    def __init__(self, person: Person, seed: int) -> None:
        self._person = person
        self._chance = random.Random(f"{seed}:trouble")
        self._task: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """From now on."""
        self._task = asyncio.create_task(self._make())

    async def relent(self) -> None:
        """No more; what is still in force ends."""
        await self.cancel()
        await self._person.heal()

    async def cancel(self) -> None:
        """Stop at once."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _make(self) -> None:
        while True:
            await asyncio.sleep(self._chance.uniform(SHORTEST, LONGEST))
            await self._person.fault(**self._chance.choice(FAULTS))
