"""How a process shows that it is ready."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

Ready = Callable[[bytes], Awaitable[bool]]
"""Asked with what the process has said in this life."""


def says(words: str) -> Ready:
    """It prints these words."""

    async def ready(said: bytes) -> bool:
        return words.encode() in said

    return ready


def listens(port: int) -> Ready:
    """It takes connections on loopback."""

    async def ready(_said: bytes) -> bool:
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            await writer.wait_closed()
            return True
        return False

    return ready
