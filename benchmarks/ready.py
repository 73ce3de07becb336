"""From `signoff demo` to ready, and from SIGTERM to the end, in an installed environment."""

import asyncio
import contextlib
import signal
import statistics
import sys
import time

from benchmarks.figures import Json, say
from benchmarks.setting.place import Place, place

RUNS = 3
PATIENCE = 90.0


async def ready() -> None:
    """One line. The floor is a Python that imports nothing."""
    times, ends, floors = [], [], []
    for _ in range(RUNS):
        with place() as here:
            took, ended = await _once(here)
        times.append(took)
        ends.append(ended)
        floors.append(await _bare_python())
    seconds, floor = statistics.median(times), statistics.median(floors)
    figure: Json = {"seconds": round(seconds, 2), "floor_seconds": round(floor, 3), "n": RUNS}
    figure |= {"target": "10 s", "met": seconds <= 10.0}
    say("signoff demo -> ready", figure)
    ended = max(ends)
    say("SIGTERM -> ended", {"seconds": round(ended, 2), "target": "10 s", "met": ended <= 10.0})


async def _once(here: Place) -> tuple[float, float]:
    started = time.monotonic()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "--config", str(here.config), "demo"),
        stdout=asyncio.subprocess.PIPE,
        stdin=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(PATIENCE):
            await _until_open(process)
        took = time.monotonic() - started
        stopping = time.monotonic()
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(PATIENCE):
            await process.communicate()
        return took, time.monotonic() - stopping
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def _until_open(process: asyncio.subprocess.Process) -> None:
    assert process.stdout is not None
    async for line in process.stdout:
        if b"Open http" in line:
            return
    raise RuntimeError("'signoff demo' ended before it was ready")


async def _bare_python() -> float:
    started = time.monotonic()
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", "pass")
    await process.wait()
    return time.monotonic() - started
