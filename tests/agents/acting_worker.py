"""A worker for turns inside of workflows that ends at a point: `python -m ... ADDRESS QUEUE FOLDER`.

The point is the fourth argument, as "after the act"; the first of that name counts.
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
from tests.agents.acting import Points, install


class Named(Points):
    """Ends the process at the first point of that name."""

    def __init__(self, name: str, note: Path) -> None:
        super().__init__(0, note)
        self._name = name

    def at(self, name: str) -> None:
        """Here."""
        if name == self._name:
            self._kill_at = len(self.passed) + 1
        super().at(name)


async def main(address: str, queue: str, folder: Path, point: str) -> None:
    """Run until killed."""
    adk_workflow.BEAT = timedelta(seconds=2)
    install(folder, Named(point, folder / "killed"))
    files = PayloadFiles(folder / "payloads")
    client = await temporal.connect(TemporalSettings(address=address), temporal.plugin(files))
    async with adk_worker(client, queue, files):
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], Path(sys.argv[3]), sys.argv[4]))
