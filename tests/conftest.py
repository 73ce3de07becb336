"""What every test may ask for: a real Temporal server, one for the whole run."""

import asyncio
import contextlib
import gc
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from temporalio.client import Client

from bot.processes import dev_server
from bot.temporal import client as temporal


def free_port() -> int:
    """A port nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def pytest_collection_finish() -> None:
    """What was imported stays: garbage collection need not look through it each time."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def _plain_tracebacks() -> None:
    """As the product logs: drawing one with its locals takes seconds, too long in a workflow."""
    plain = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[*structlog.get_config()["processors"][:-1], plain])


@pytest.fixture(scope="session", autouse=True)
def _no_proxy() -> Iterator[None]:
    """Everything is on loopback, and the Slack SDK would go there through a proxy."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("http_proxy", "https_proxy", "all_proxy"):
            patch.delenv(name, raising=False)
            patch.delenv(name.upper(), raising=False)
        yield


@pytest.fixture(scope="session")
def temporal_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real server with our search attributes, stopped by its process id."""
    folder: Path = tmp_path_factory.mktemp("temporal")
    port = free_port()
    command = [dev_server.binary(), "server", "start-dev", "--headless", "--ip", "127.0.0.1"]
    command += ["--port", str(port), "--log-level", "error", "--http-port", str(free_port())]
    command += ["--db-filename", str(folder / "temporal.db"), "--sqlite-pragma", "journal_mode=WAL"]
    command += ["--dynamic-config-value", "history.transferProcessorMaxPollRPS=2000"]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        _wait_for(port)
        asyncio.run(_prepare(f"127.0.0.1:{port}"))
        yield f"127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(10)


def _wait_for(port: int) -> None:
    for _ in range(600):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise TimeoutError("the Temporal server did not come up")


async def _prepare(address: str) -> None:
    for attempt in range(50):
        try:
            client = await Client.connect(address)
            await temporal.register_attributes(client)
        except Exception:
            if attempt == 49:
                raise
            await asyncio.sleep(0.1)
        else:
            return
