"""A worker for turns inside of workflows whose files never come: `python -m ... ADDRESS QUEUE MARK`.

It makes the file MARK when a tool wants one, and then waits to be killed.
"""

import asyncio
import sys
from datetime import timedelta
from pathlib import Path

from agents.runtime import adk_workflow
from bot.config.sections.temporal import TemporalSettings
from bot.processes.adk_worker import adk_worker
from bot.temporal import client as temporal
from storage.payloads.files import PayloadFiles


class NoFiles(PayloadFiles):
    """Says that it was asked."""

    async def get(self, sha256: str) -> bytes:
        self.mark.touch()
        await asyncio.Event().wait()
        return b""

    mark = Path(sys.argv[-1])


async def main(address: str, queue: str) -> None:
    """Run until killed."""
    adk_workflow.BEAT = timedelta(seconds=2)
    files = NoFiles(NoFiles.mark.parent / "nothing")
    client = await temporal.connect(TemporalSettings(address=address), temporal.plugin(files))
    async with adk_worker(client, queue, files):
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2]))
