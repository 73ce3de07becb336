"""slack_sdk's three Socket Mode clients."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from slack_sdk.socket_mode import SocketModeClient as BuiltinClient
from slack_sdk.socket_mode.aiohttp import SocketModeClient as AiohttpClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.socket_mode.websockets import SocketModeClient as WebsocketsClient
from slack_sdk.web import WebClient
from slack_sdk.web.async_client import AsyncWebClient

from playground.server import Playground
from playground.testing.person import Person
from tests.playground.conftest import GENERAL
from tests.playground.waiting import until

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:websockets")


@asynccontextmanager
async def asynchronous(client_class: Any, playground: Playground) -> AsyncIterator[Any]:
    """One of the two clients for asyncio, acking commands with their own text."""
    web_client = AsyncWebClient(playground.bot_token, base_url=playground.api_url)
    client = client_class(app_token=playground.app_token, web_client=web_client)

    async def answer(client: Any, request: SocketModeRequest) -> None:
        response = SocketModeResponse(request.envelope_id, {"text": request.payload["text"]})
        await client.send_socket_mode_response(response)

    client.socket_mode_request_listeners.append(answer)
    await client.connect()
    yield client
    await client.close()


@asynccontextmanager
async def threaded(client_class: Any, playground: Playground) -> AsyncIterator[Any]:
    """The client with threads of its own."""
    web_client = WebClient(playground.bot_token, base_url=playground.api_url)
    client = client_class(app_token=playground.app_token, web_client=web_client)

    def answer(client: Any, request: SocketModeRequest) -> None:
        response = SocketModeResponse(request.envelope_id, {"text": request.payload["text"]})
        client.send_socket_mode_response(response)

    client.socket_mode_request_listeners.append(answer)
    await asyncio.to_thread(client.connect)
    yield client
    await asyncio.to_thread(client.close)


@pytest.mark.parametrize(
    ("connected", "client_class"),
    [(asynchronous, AiohttpClient), (asynchronous, WebsocketsClient), (threaded, BuiltinClient)],
    ids=["aiohttp", "websockets", "builtin"],
)
async def test_client_gets_and_acks(
    playground: Playground, ada: Person, connected: Callable[..., Any], client_class: Any
) -> None:
    """A command reaches the client, and its ack is shown; again after the socket was dropped."""
    async with connected(client_class, playground):
        await socket_count(playground, 1)
        told = await ada.command("/echo one", channel=GENERAL)
        assert told["response"] == {"text": "one"}
        seen = await ada.wait_for(lambda message: message["text"] == "one", GENERAL)
        assert seen["ephemeral_for"] == ada.user
        assert seen["html"]


async def test_refreshed_client_comes_back(playground: Playground, ada: Person) -> None:
    """A client that is asked to reconnect does, and gets what follows."""
    async with asynchronous(AiohttpClient, playground):
        await ada.fault("refresh", seconds=0.1)
        await asyncio.sleep(0.3)
        await socket_count(playground, 1)
        assert (await ada.command("/echo two"))["response"] == {"text": "two"}


async def socket_count(playground: Playground, count: int) -> None:
    await until(lambda: playground.sockets.count() == count, 10)
