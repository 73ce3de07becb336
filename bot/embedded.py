"""An embedded Temporal server: one process beside ours, one SQLite file, one owner at a time."""

import asyncio
import contextlib
import fcntl
import shutil
import socket
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import IO

from bot.children import die_with_parent, stop
from bot.errors import ConfigurationError, UnavailableError
from bot.file_locks import TEMPORAL
from bot.settings import TemporalSettings

START_SECONDS = 30


def binary() -> str:
    """The `temporal` program installed beside this Python, else the one on the path."""
    beside = Path(sys.executable).parent / "temporal"
    found = str(beside) if beside.exists() else shutil.which("temporal")
    if found is None:
        raise ConfigurationError(
            "There is no 'temporal' program: 'make install' puts one beside this Python."
        )
    return found


def require_free(port: int, what: str, where: str) -> None:
    """Refuse a port somebody else listens on, with a sentence that says where to change it."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise ConfigurationError(
                f"Port {port}, wanted for {what}, is in use: stop what listens there, or set "
                f"another one as {where} in signoff.toml."
            ) from None


@contextlib.asynccontextmanager
async def server(settings: TemporalSettings, folder: Path) -> AsyncIterator[int]:
    """Run the server until the block ends; gives its process id."""
    folder.mkdir(parents=True, exist_ok=True)
    with _lock(folder / TEMPORAL) as lock:
        port = int(settings.address.rpartition(":")[2])
        require_free(port, "Temporal", "address under [temporal]")
        require_free(settings.ui_port, "Temporal's web page", "ui_port under [temporal]")
        with (folder / "temporal.log").open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                *command(settings, port, folder / "temporal.db"),
                stdout=log,
                stderr=log,
                stdin=asyncio.subprocess.DEVNULL,
                start_new_session=True,
                pass_fds=[lock.fileno()],
                preexec_fn=die_with_parent,
            )
        try:
            await _wait_until_up(process, port, folder / "temporal.log")
            yield process.pid
        finally:
            await stop(process)


def command(settings: TemporalSettings, port: int, database: Path) -> list[str]:
    """The server with the settings that were measured, see docs/adr."""
    # Journal and polling settings: measured, see docs/adr/0003-embedded-temporal.md.
    return [
        *(binary(), "server", "start-dev", "--ip", "127.0.0.1", "--port", str(port)),
        *("--ui-port", str(settings.ui_port), "--namespace", settings.namespace),
        *("--db-filename", str(database), "--log-level", "error"),
        *("--sqlite-pragma", "journal_mode=WAL", "--sqlite-pragma", "synchronous=FULL"),
        *("--dynamic-config-value", "history.transferProcessorMaxPollRPS=2000"),
        *("--dynamic-config-value", 'history.workflowTaskRetryMaxInterval="15s"'),
    ]


@contextlib.contextmanager
def _lock(path: Path) -> Iterator[IO[str]]:
    """Held by the server process itself, so it lasts exactly as long as the server."""
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise ConfigurationError(
                f"Another Temporal server already uses {path.parent}: stop that 'signoff' first."
            ) from None
        yield file


async def _wait_until_up(process: asyncio.subprocess.Process, port: int, log: Path) -> None:
    for _ in range(START_SECONDS * 20):
        if process.returncode is not None:
            raise UnavailableError(f"The Temporal server ended at once: see {log}.")
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            return
        await asyncio.sleep(0.05)
    raise UnavailableError(f"The Temporal server did not come up: see {log}.")
