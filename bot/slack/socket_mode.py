"""Socket Mode connections: two or more, never refreshed at the same moment, each watched."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence

from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.dispatch import PromptDispatch
from bot.slack.reconnect import Pace, Switchboard
from bot.slack.socket_client import SteadyClient

PACE = Pace()


@contextlib.asynccontextmanager
async def sockets(
    dispatch: PromptDispatch,
    app_token: str,
    web: AsyncWebClient,
    connections: int,
    *,
    pace: Pace = PACE,
) -> AsyncIterator[list[SteadyClient]]:
    """Keep `connections` sockets open until the block ends; the first is open when it begins.

    Raises ConfigurationError when Slack refuses the app token then; later refusals are outlasted.
    """
    board = Switchboard(pace)
    clients = [SteadyClient(app_token, web, board, dispatch.app.logger) for _ in range(connections)]
    for client in clients:
        client.socket_mode_request_listeners.append(dispatch.envelope)  # type: ignore[arg-type]  # as in Bolt
    others: list[asyncio.Task[None]] = []
    try:
        await clients[0].connect()
        others += [asyncio.create_task(client.connect()) for client in clients[1:]]
        yield clients
    finally:
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await asyncio.gather(*(client.close() for client in clients))


async def renew(clients: Sequence[SteadyClient]) -> None:
    """Ask for a new line each; the old ones are read until the new ones are open."""
    await asyncio.gather(*(client.connect_to_new_endpoint() for client in clients))


def open_now(clients: Sequence[SteadyClient]) -> int:
    """How many connections can bring a click now."""
    return sum(client.is_open for client in clients)
