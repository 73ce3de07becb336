"""A server that cannot start is told, not waited for."""

import asyncio

import pytest

from bot.config.errors import ConfigurationError
from bot.processes.serving import up


async def test_one_that_cannot_listen() -> None:
    """With what it is and why."""

    async def serve() -> None:
        raise OSError(99, "Cannot assign requested address")

    serving = asyncio.create_task(serve())
    with pytest.raises(ConfigurationError, match=r"The approvals cannot be served: .*assign"):
        await asyncio.wait_for(up(asyncio.Event(), serving, "approvals"), 5)


async def test_one_that_takes_requests() -> None:
    """It goes on running."""
    started = asyncio.Event()

    async def serve() -> None:
        started.set()
        await asyncio.Event().wait()

    serving = asyncio.create_task(serve())
    await asyncio.wait_for(up(started, serving, "agents"), 5)
    assert not serving.done()
    serving.cancel()
