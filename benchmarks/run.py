"""All benchmarks, one JSON object per line: `python -m benchmarks.run`.

Each figure stands beside its floor, measured in the same run on the same server. What fails gives
a line with `problem`; then the exit code is not 0.
"""

import asyncio
import importlib.util
import subprocess
import sys
from collections.abc import Awaitable

from benchmarks.agents import agents
from benchmarks.drain import drain
from benchmarks.figures import say
from benchmarks.floor.measure import floor
from benchmarks.journey import journey
from benchmarks.macs import macs
from benchmarks.memory import memory
from benchmarks.pipelines import pipelines
from benchmarks.ready import ready
from benchmarks.setting.office import office
from benchmarks.setting.place import place
from benchmarks.throughput import throughput

LONGEST = 300.0
CLICK_SECONDS = "5"


def main() -> None:
    """Run everything, one after the other."""
    parts = {
        "journey": _in_office,
        "agents": agents,
        "memory": memory,
        "ready": ready,
        "clicks": _clicks,
        "drain": drain,
        "macs": macs,
        "pipelines": _pipelines,
    }
    wanted = sys.argv[1:] or list(parts)
    failed = [name for name in wanted if not asyncio.run(_bounded(name, parts[name]()))]
    sys.exit(1 if failed else 0)


async def _bounded(name: str, work: Awaitable[None]) -> bool:
    try:
        await asyncio.wait_for(work, LONGEST)
    except Exception as error:  # noqa: BLE001 - the edge: the other figures are wanted, too
        say(name, {"problem": f"{type(error).__name__}: {error}"})
        return False
    return True


async def _in_office() -> None:
    with place() as here:
        async with office(here) as running:
            lowest = await floor(running.client)
            await journey(running, lowest)
            await throughput(running, lowest)


async def _pipelines() -> None:
    if not await pipelines():
        raise RuntimeError("a pipeline did not come to its end")


async def _clicks() -> None:
    """The playground's own figure, in a process of its own."""
    if importlib.util.find_spec("benchmarks.clicks") is None:
        return
    command = [sys.executable, "-m", "benchmarks.clicks", "--seconds", CLICK_SECONDS]
    run = await asyncio.to_thread(
        subprocess.run, command, capture_output=True, text=True, timeout=120, check=False
    )
    if run.returncode:
        raise RuntimeError(f"benchmarks.clicks ended with {run.returncode}")
    print(run.stdout.strip(), flush=True)


if __name__ == "__main__":
    main()
