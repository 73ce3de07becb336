"""`signoff bot` as a process of its own, which tests may kill."""

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from bot.processes.subprocesses import die_with_parent
from playground.server import Playground
from tests.playground.waiting import until

ROOT = Path(__file__).parents[2]
_TOML = """
[slack]
base_url = "{base_url}"
read_seconds = 0
[web]
port = 0
[temporal]
address = "{address}"
embedded = false
[storage]
folder = "kept"
[policy]
approvers = ["U0GRACE001"]
[pipelines.review]
steps = [{{ name = "analysis" }}]
"""


class BotProcess:
    """The command, with settings of its own; `inbox` is the file its clicks are kept in."""

    def __init__(self, folder: Path, workspace: Playground, address: str) -> None:
        self._workspace = workspace
        self._folder = folder
        self._config = folder / "signoff.toml"
        self._config.write_text(_TOML.format(base_url=workspace.api_url, address=address))
        self._process: asyncio.subprocess.Process | None = None

    @property
    def inbox(self) -> Path:
        return self._folder / "kept" / "inbox.db"

    async def start(self, sockets: int = 2) -> None:
        """Start it, and wait until it is connected."""
        environment = os.environ | {
            "SLACK_BOT_TOKEN": self._workspace.bot_token,
            "SLACK_APP_TOKEN": self._workspace.app_token,
            "SIGNOFF_WEB__PORT": "0",
            "PYTHONPATH": str(ROOT),
        }
        with (self._folder / "bot.log").open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "bot", "--config", str(self._config), "bot"),
                env=environment,
                stdout=log,
                stderr=log,
                preexec_fn=die_with_parent,
            )
        await until(lambda: self._workspace.sockets.count() >= sockets or not self._runs(), 60)
        assert self._runs(), (self._folder / "bot.log").read_text()[-2_000:]

    async def kill(self) -> None:
        """SIGKILL, by its process id; back when the workspace has noticed."""
        if self._process is not None:
            self._process.kill()
            await self._process.wait()
            self._process = None
            await until(lambda: not self._workspace.sockets.count(), 10)

    def _runs(self) -> bool:
        return self._process is not None and self._process.returncode is None


@contextlib.asynccontextmanager
async def bot_process(
    folder: Path, workspace: Playground, address: str
) -> AsyncIterator[BotProcess]:
    """Not started yet; down at the end."""
    folder.mkdir(parents=True, exist_ok=True)
    process = BotProcess(folder, workspace, address)
    try:
        yield process
    finally:
        await process.kill()
