"""Socket Mode connections: two or more, never refreshed at the same moment, each watched."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence

from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.socket_client import SteadyClient
from bot.switchboard import Pace, Switchboard

PACE = Pace()


class SteadyHandler(AsyncSocketModeHandler):
    """Bolt's handler over our client (its own constructor would open the SDK's)."""

    client: SteadyClient

    def __init__(self, app: AsyncApp, app_token: str, client: SteadyClient) -> None:
        self.app = app
        self.app_token = app_token
        self.client = client
        client.socket_mode_request_listeners.append(self.handle)  # type: ignore[arg-type]  # as in Bolt


@contextlib.asynccontextmanager
async def sockets(
    app: AsyncApp,
    app_token: str,
    web: AsyncWebClient,
    connections: int,
    *,
    pace: Pace = PACE,
) -> AsyncIterator[list[SteadyHandler]]:
    """Keep `connections` sockets open until the block ends; the first is open when it begins.

    Raises ConfigurationError when Slack refuses the app token then; later refusals are outlasted.
    """
    board = Switchboard(pace)
    clients = [SteadyClient(app_token, web, board, app.logger) for _ in range(connections)]
    handlers = [SteadyHandler(app, app_token, client) for client in clients]
    others: list[asyncio.Task[None]] = []
    try:
        await clients[0].connect()
        others += [asyncio.create_task(client.connect()) for client in clients[1:]]
        yield handlers
    finally:
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await asyncio.gather(*(client.close() for client in clients))


def open_now(handlers: Sequence[SteadyHandler]) -> int:
    """How many connections can bring a click now."""
    return sum(handler.client.is_open for handler in handlers)
