"""How a process comes to be: started cold, or forked by a nursery."""

import asyncio
import contextlib
import ctypes
import itertools
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Protocol

from benchmarks.chaos.processes.recipe import Recipe

START_SECONDS = 90.0
_PR_SET_PDEATHSIG = 1


class NoBirthError(Exception):
    """No process could be started at all."""


class Process(Protocol):
    """As much of a process as is needed to wait for it and to end it."""

    @property
    def returncode(self) -> int | None:
        """None while it runs."""

    def send_signal(self, signal: int, /) -> None:
        """Raises ProcessLookupError when it has gone."""

    async def wait(self) -> int:
        """Until it has ended."""


class Birth(Protocol):
    """Starts the process of a recipe; what it says goes to the end of `log`."""

    async def __call__(self, recipe: Recipe, log: Path, cwd: Path) -> Process: ...


async def cold(recipe: Recipe, log: Path, cwd: Path) -> Process:
    """By its own command."""
    with log.open("ab") as output:
        return await asyncio.create_subprocess_exec(
            *recipe.command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=os.environ | dict(recipe.environment),
            cwd=cwd if recipe.user is None else "/",
            user=recipe.user,
            group=recipe.user,
            extra_groups=[] if recipe.user else None,
            preexec_fn=_die_with_us,
        )


class Forked:
    """A child of the nursery."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._code: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    @property
    def returncode(self) -> int | None:
        """None while it runs."""
        return self._code.result() if self._code.done() else None

    def send_signal(self, signal: int, /) -> None:
        """Its process id is its own until the nursery has told its end."""
        if not self._code.done():
            os.kill(self._pid, signal)

    async def wait(self) -> int:
        """Until the nursery tells its end."""
        return await asyncio.shield(self._code)

    def ended(self, code: int) -> None:
        """It has."""
        if not self._code.done():
            self._code.set_result(code)


class Nursery:
    """Forks what `python -m` would start; everything else is started cold."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._numbers = itertools.count(1)
        self._wanted: dict[int, asyncio.Future[Forked]] = {}
        self._children: dict[int, Forked] = {}
        self._is_open = asyncio.Event()

    async def __call__(self, recipe: Recipe, log: Path, cwd: Path) -> Process:
        """A child that is the recipe's module; the command begins with the interpreter and -m."""
        if recipe.command[:2] != (sys.executable, "-m"):
            return await cold(recipe, log, cwd)
        assert self._process.stdin is not None
        number = next(self._numbers)
        self._wanted[number] = asyncio.get_running_loop().create_future()
        request = {
            "request": number,
            "module": recipe.command[2],
            "arguments": recipe.command[3:],
            "environment": dict(recipe.environment),
            "log": str(log),
        }
        self._process.stdin.write(json.dumps(request).encode() + b"\n")
        async with asyncio.timeout(START_SECONDS):
            return await self._wanted[number]

    async def wait_until_open(self, log: Path) -> None:
        """Raises NoBirthError when it ends before that."""
        opened = asyncio.create_task(self._is_open.wait())
        ended = asyncio.create_task(self._process.wait())
        try:
            await asyncio.wait({opened, ended}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            opened.cancel()
            ended.cancel()
        if not self._is_open.is_set():
            raise NoBirthError(f"The product could not be imported: see {log}.")

    async def listen(self) -> None:
        """Take what the nursery says, until it ends."""
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            self._hear(json.loads(line))

    def _hear(self, said: dict[str, Any]) -> None:
        if "ready" in said:
            self._is_open.set()
        elif "pid" in said:
            child = self._children[said["pid"]] = Forked(said["pid"])
            self._wanted.pop(said["request"]).set_result(child)
        else:
            self._children.pop(said["ended"]).ended(said["code"])


@contextlib.asynccontextmanager
async def nursery(log: Path, cwd: Path) -> AsyncIterator[Nursery]:
    """Open while the block lasts; its children die with it."""
    with log.open("ab") as output:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "benchmarks.chaos.processes.nursery"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=output,
            cwd=cwd,
            preexec_fn=_die_with_us,
        )
    opened = Nursery(process)
    listening = asyncio.create_task(opened.listen())
    try:
        async with asyncio.timeout(START_SECONDS):
            await opened.wait_until_open(log)
        yield opened
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGKILL)
        await process.wait()
        await asyncio.gather(listening, return_exceptions=True)


def _die_with_us() -> None:
    """So that a killed driver leaves nothing behind (Linux)."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
