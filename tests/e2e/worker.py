"""A worker in a process of its own, with the hand-written agent: `python -m tests.e2e.worker F`."""

import asyncio
import sys
from pathlib import Path

from bot.config.settings import load
from bot.monitoring import logs
from bot.processes import bootstrap
from tests.fakes import FakeAgent


async def main(config: Path) -> None:
    """Run until killed."""
    logs.configure()
    async with bootstrap.worker(load(config), FakeAgent()):
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
