"""Socket Mode connections: two or more, never refreshed at the same moment, each watched."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Sequence

from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.adapter.socket_mode.async_internals import send_async_response
from slack_bolt.adapter.socket_mode.internals import build_headers
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.dispatch import PromptDispatch
from bot.slack.reconnect import Pace, Switchboard
from bot.slack.socket_client import SteadyClient

PACE = Pace()


class SteadyHandler(AsyncSocketModeHandler):
    """Bolt's handler over our client (its own constructor would open the SDK's)."""

    client: SteadyClient

    def __init__(self, dispatch: PromptDispatch, app_token: str, client: SteadyClient) -> None:
        self.app = dispatch.app
        self.app_token = app_token
        self.client = client
        self._dispatch = dispatch
        client.socket_mode_request_listeners.append(self.handle)  # type: ignore[arg-type]  # as in Bolt

    async def handle(self, client: SocketModeClient, req: SocketModeRequest) -> None:  # type: ignore[override]
        """The same as Bolt's, without its wait for the ack."""
        started = time.time()
        answer = await self._dispatch(req.payload, build_headers(req))
        await send_async_response(client, req, answer, started)


@contextlib.asynccontextmanager
async def sockets(
    dispatch: PromptDispatch,
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
    clients = [SteadyClient(app_token, web, board, dispatch.app.logger) for _ in range(connections)]
    handlers = [SteadyHandler(dispatch, app_token, client) for client in clients]
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


async def renew(handlers: Sequence[SteadyHandler]) -> None:
    """Ask for a new line each; the old ones are read until the new ones are open."""
    await asyncio.gather(*(handler.client.connect_to_new_endpoint() for handler in handlers))


def open_now(handlers: Sequence[SteadyHandler]) -> int:
    """How many connections can bring a click now."""
    return sum(handler.client.is_open for handler in handlers)
