"""Socket Mode connections: two or more, staggered, each watched.

The SDK's client closes its old socket before it dials the new one, and never renews an address
that was refused. So there is always a second connection, and a watchdog asks for a new address.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import structlog
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

log = structlog.get_logger()

STAGGER = 0.5
WATCH_EVERY = 5.0


@contextlib.asynccontextmanager
async def sockets(
    app: AsyncApp, app_token: str, web: AsyncWebClient, connections: int
) -> AsyncIterator[list[AsyncSocketModeHandler]]:
    """Keep `connections` sockets open until the block ends; the first is open when it begins."""
    handlers = [AsyncSocketModeHandler(app, app_token, web_client=web) for _ in range(connections)]
    await handlers[0].connect_async()
    others = asyncio.create_task(_connect_others(handlers[1:]))
    watch = asyncio.create_task(_watch(handlers))
    try:
        yield handlers
    finally:
        for task in (others, watch):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        for handler in handlers:
            await handler.close_async()


async def _connect_others(handlers: list[AsyncSocketModeHandler]) -> None:
    for handler in handlers:
        await asyncio.sleep(STAGGER)
        await handler.connect_async()


async def _watch(handlers: list[AsyncSocketModeHandler]) -> None:
    """A connection that stays down gets a new address: the old one may never work again."""
    while True:
        await asyncio.sleep(WATCH_EVERY)
        for handler in handlers:
            client = handler.client
            if client.current_session is not None and not await client.is_connected():
                log.warning("a socket to Slack is down; asking for a new address")
                client.wss_uri = None
