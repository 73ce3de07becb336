"""Kills each process again and again, at its own cadence."""

import asyncio
import contextlib
import random
from collections.abc import Iterable
from dataclasses import dataclass

from benchmarks.chaos.processes.victim import Victim

LONGEST_PAUSE = 1.0


@dataclass(frozen=True)
class Cadence:
    """How long a process lives once it is ready, in seconds."""

    shortest: float
    longest: float


CADENCES = {
    "worker": Cadence(1.5, 3.0),
    "bot": Cadence(2.5, 3.5),
    "scheduler": Cadence(8.0, 12.0),
    "agents": Cadence(8.0, 12.0),
    "temporal": Cadence(10.0, 15.0),
    "postgres": Cadence(5.0, 40.0),
}


class Killer:
    """One task per process, each with random numbers of its own, so that a seed gives one plan."""

    def __init__(self, victims: Iterable[Victim], seed: int) -> None:
        self._victims = tuple(victims)
        self._seed = seed
        self._over = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    def begin(self) -> None:
        """From now on nobody is safe."""
        self._tasks = [asyncio.create_task(self._haunt(victim)) for victim in self._victims]

    async def relent(self) -> None:
        """No more kills; back when everything runs. Raises what kept a process from starting."""
        self._over.set()
        await asyncio.gather(*self._tasks)

    async def cancel(self) -> None:
        """Stop at once, whatever runs."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _haunt(self, victim: Victim) -> None:
        chance, cadence = random.Random(f"{self._seed}:{victim.name}"), CADENCES[victim.name]
        while True:
            life = chance.uniform(cadence.shortest, cadence.longest)
            if not await self._lived(victim, life) and self._over.is_set():
                return
            await asyncio.sleep(chance.uniform(0, LONGEST_PAUSE))
            await victim.start()

    async def _lived(self, victim: Victim, seconds: float) -> bool:
        """Let it live so long, then kill it; whether it is gone."""
        ended = asyncio.create_task(victim.ended())
        over = asyncio.create_task(self._over.wait())
        try:
            done, _ = await asyncio.wait(
                {ended, over}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            for task in (ended, over):
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task
        if ended in done:
            victim.deaths += 1
            return True
        if over in done:
            return False
        victim.kills += 1
        await victim.kill()
        return True
