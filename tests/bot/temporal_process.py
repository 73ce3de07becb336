"""A real Temporal server that tests may take down and bring back, with everything it kept."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from temporalio.client import Client

from bot.processes import dev_server
from bot.temporal import client as temporal
from tests.conftest import free_port


class TemporalProcess:
    """One SQLite file, one port, at most one process."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._port, self._http = free_port(), free_port()
        self._process: asyncio.subprocess.Process | None = None

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._port}"

    async def start(self) -> Client:
        """Start it, and wait until it answers."""
        command = [dev_server.binary(), "server", "start-dev", "--headless", "--ip", "127.0.0.1"]
        command += ["--port", str(self._port), "--http-port", str(self._http)]
        command += ["--db-filename", str(self._folder / "temporal.db"), "--log-level", "error"]
        command += ["--sqlite-pragma", "journal_mode=WAL", "--sqlite-pragma", "synchronous=FULL"]
        command += ["--dynamic-config-value", "history.transferProcessorMaxPollRPS=2000"]
        with (self._folder / "temporal.log").open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(*command, stdout=log, stderr=log)
        async with asyncio.timeout(60):
            while True:
                with contextlib.suppress(Exception):
                    client = await Client.connect(self.address)
                    await temporal.register_attributes(client)
                    return client
                await asyncio.sleep(0.1)

    async def kill(self) -> None:
        """SIGKILL, by its process id; nothing happens when it is down."""
        if self._process is not None:
            self._process.kill()
            await self._process.wait()
            self._process = None


@contextlib.asynccontextmanager
async def temporal_process(folder: Path) -> AsyncIterator[TemporalProcess]:
    """Not started yet; down at the end."""
    folder.mkdir(parents=True, exist_ok=True)
    process = TemporalProcess(folder)
    try:
        yield process
    finally:
        await process.kill()
