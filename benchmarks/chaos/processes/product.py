"""What runs inside a process of the product: `python -m ...processes.product worker F`.

The command line has no command for these two: preparing the servers without starting anything, and
a worker whose agent answers at once. The only module here that imports the product.
"""

import asyncio
import signal
import sys
from pathlib import Path

from benchmarks.setting.instant_agent import InstantAgent
from bot.config.errors import SignoffError
from bot.config.settings import load
from bot.monitoring import logs
from bot.processes import bootstrap
from bot.processes.shutdown import leave

READY = "The worker works."
PREPARED = "Everything is prepared."


async def prepare(config: Path) -> None:
    """Search attributes and tables."""
    await bootstrap.prepare(load(config))
    print(PREPARED, flush=True)


async def worker(config: Path) -> None:
    """Run until asked to end."""
    logs.configure()
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    settings = load(config)
    async with bootstrap.worker(settings, InstantAgent(settings.folder)):
        print(READY, flush=True)
        await stop.wait()


def main() -> None:
    """An error of the product is one sentence."""
    parts = {"prepare": prepare, "worker": worker}
    try:
        asyncio.run(parts[sys.argv[1]](Path(sys.argv[2])))
    except SignoffError as error:
        print(error, file=sys.stderr)
        leave(error.exit_code)
    leave(0)


if __name__ == "__main__":
    main()
