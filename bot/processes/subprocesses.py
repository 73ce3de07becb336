"""Processes beside ours: started, waited for, stopped by their process id."""

import asyncio
import contextlib
import ctypes
import os
import signal
import ssl
import sys
from collections.abc import AsyncIterator, Iterable, Mapping
from pathlib import Path

import aiohttp

from agents.environment import child_environment
from bot.config.errors import ConfigurationError, UnavailableError

START_SECONDS = 60
STOP_SECONDS = 5
_PR_SET_PDEATHSIG = 1


@contextlib.asynccontextmanager
async def child(
    config: Path,
    command: str,
    health: str,
    log: Path,
    tls: ssl.SSLContext | None = None,
    changes: Mapping[str, str] | None = None,
    hidden: Iterable[str] = (),
) -> AsyncIterator[int]:
    """Run `signoff <command>` until the block ends; ready when `health` answers 200.

    `changes` go over the environment of this process, for the child only, which is not told the
    secrets that `hidden` names.
    """
    with log.open("ab") as output:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "signoff", "--config", str(config), command),
            stdout=output,
            stderr=output,
            stdin=asyncio.subprocess.DEVNULL,
            env=child_environment(changes, hidden),
            start_new_session=True,
            preexec_fn=die_with_parent,
        )
    try:
        await _wait_until_healthy(process, command, health, log, tls)
        yield process.pid
    finally:
        await stop(process)


async def _wait_until_healthy(
    process: asyncio.subprocess.Process,
    command: str,
    health: str,
    log: Path,
    tls: ssl.SSLContext | None,
) -> None:
    connector = aiohttp.TCPConnector(ssl=tls or True)
    async with aiohttp.ClientSession(connector=connector) as session:
        for _ in range(START_SECONDS * 10):
            if process.returncode is not None:
                raise UnavailableError(_why_it_ended(command, process.returncode, log))
            with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                async with session.get(health, timeout=aiohttp.ClientTimeout(total=2)) as answer:
                    if answer.status == 200:
                        return
            await asyncio.sleep(0.1)
    raise UnavailableError(f"'signoff {command}' did not come up: see {log}.")


def _why_it_ended(command: str, code: int, log: Path) -> str:
    """Its own sentence, where it had one: what is wrong with the configuration, say."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    if code == ConfigurationError.exit_code and lines:
        return lines[-1]
    return f"'signoff {command}' ended at once: see {log}."


async def stop(process: asyncio.subprocess.Process, seconds: float = STOP_SECONDS) -> None:
    """Ask to end, then insist."""
    if process.returncode is not None:
        return
    process.terminate()
    try:
        await asyncio.wait_for(process.wait(), seconds)
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGKILL)
        await process.wait()


def die_with_parent() -> None:
    """So that a killed Signoff leaves no server behind that holds the lock and the port (Linux)."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
