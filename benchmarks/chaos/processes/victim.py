"""A process that may be killed at any moment, and is started again."""

import asyncio
import contextlib
import signal
from pathlib import Path

from benchmarks.chaos.processes.birth import Birth, Process
from benchmarks.chaos.processes.recipe import Recipe

START_SECONDS = 90.0
LOOK_SECONDS = 0.05
RETRY_SECONDS = 0.5


class NotStartedError(Exception):
    """A process did not become ready, however often it was started."""


class Victim:
    """At most one process at a time. `kills` and `deaths` (by itself) are counted."""

    def __init__(self, recipe: Recipe, birth: Birth, folder: Path, cwd: Path) -> None:
        self.name = recipe.name
        self.kills = 0
        self.deaths = 0
        self._recipe = recipe
        self._birth = birth
        self._log = folder / f"{recipe.name}.log"
        self._cwd = cwd
        self._process: Process | None = None

    async def start(self) -> None:
        """Start it until it is ready, again when it gives up; raises NotStartedError."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(START_SECONDS):
                while not await self._came_up():
                    self.deaths += 1
                    await asyncio.sleep(RETRY_SECONDS)
                return
        raise NotStartedError(f"'{self.name}' did not start: see {self._log}.")

    async def ended(self) -> None:
        """Wait until it ends, for whatever reason."""
        if self._process is not None:
            await self._process.wait()

    async def kill(self) -> None:
        """SIGKILL, by its process id."""
        await self._end(signal.SIGKILL)

    async def stop(self, seconds: float) -> None:
        """SIGTERM, and SIGKILL when it takes longer."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._end(signal.SIGTERM)
                return
        await self.kill()

    @property
    def exit_code(self) -> int | None:
        """How the latest process ended; None while it runs."""
        return self._process.returncode if self._process else None

    def said(self, since: int = 0) -> bytes:
        """What is in its log."""
        with self._log.open("rb") as log:
            log.seek(since)
            return log.read()

    async def _came_up(self) -> bool:
        await self.kill()
        self._log.touch()
        before = self._log.stat().st_size
        self._process = await self._birth(self._recipe, self._log, self._cwd)
        while True:
            over = self._process.returncode is not None
            if await self._recipe.ready(self.said(before)):
                return True
            if over:
                return False
            await asyncio.sleep(LOOK_SECONDS)

    async def _end(self, how: signal.Signals) -> None:
        process = self._process
        if process is None:
            return
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(how)
        await process.wait()
