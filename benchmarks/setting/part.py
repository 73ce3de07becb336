"""A process of the product, pointed at the benchmark's workspace."""

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator

from benchmarks.setting.place import Place
from bot.config.settings import Settings
from bot.processes.subprocesses import die_with_parent, stop

START_SECONDS = 60
BOT = ("bot", "bot", "The bot listens to Slack.")
WORKER = ("bot", "worker", "The worker works.")
INSTANT_WORKER = ("benchmarks.chaos.processes.product", "worker", "The worker works.")
"""Its agent answers at once."""


@contextlib.asynccontextmanager
async def part(here: Place, settings: Settings, what: tuple[str, str, str]) -> AsyncIterator[int]:
    """Run it until the block ends; gives its process id once it says that it is ready."""
    module, command, ready = what
    config = str(here.config)
    arguments = ("--config", config, command) if module == "bot" else (command, config)
    path = settings.folder / f"{command}.log"
    with path.open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", module, *arguments),
            env=_environment(settings),
            stdout=log,
            stderr=log,
            stdin=asyncio.subprocess.DEVNULL,
            preexec_fn=die_with_parent,
        )
    try:
        async with asyncio.timeout(START_SECONDS):
            while ready not in path.read_text(encoding="utf-8"):
                if process.returncode is not None:
                    raise RuntimeError(f"'{command}' ended at once")
                await asyncio.sleep(0.05)
        yield process.pid
    finally:
        await stop(process)


def _environment(settings: Settings) -> dict[str, str]:
    secrets = settings.secrets
    return os.environ | {
        "SIGNOFF_SLACK__BASE_URL": settings.slack.base_url,
        "SLACK_BOT_TOKEN": secrets.slack_bot_token.get_secret_value(),
        "SLACK_APP_TOKEN": secrets.slack_app_token.get_secret_value(),
    }
