"""Real servers on loopback for the tests of the A2A client."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

from agents.a2a.endpoints import Endpoint
from agents.runtime.server import ServerParts, serve
from agents.turn.runner import TurnRunner

TOKEN = "open sesame"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def signoff_agents(
    runner: TurnRunner,
    port: int,
    *,
    parts: ServerParts | None = None,
    tls: ssl.SSLContext | None = None,
    public_url: str = "",
) -> AsyncIterator[Endpoint]:
    """Our own server; yields the endpoint of its analysis agent, at `public_url` if given."""
    stop, started = asyncio.Event(), asyncio.Event()
    parts = parts or ServerParts(token=TOKEN)
    where: dict[str, Any] = {
        "host": "127.0.0.1",
        "port": port,
        "tls": tls,
        "public_url": public_url,
    }
    serving = asyncio.create_task(serve(runner, parts, stop=stop, started=started, **where))
    ready = asyncio.create_task(started.wait())
    await asyncio.wait({ready, serving}, return_when=asyncio.FIRST_COMPLETED)
    if serving.done():
        ready.cancel()
        serving.result()
    base = public_url or f"{'https' if tls else 'http'}://127.0.0.1:{port}"
    url = f"{base}/analysis/"
    try:
        yield Endpoint.model_validate({"name": "analysis", "url": url, "token": parts.token})
    finally:
        stop.set()
        await serving


@asynccontextmanager
async def peer(call: Handler, card: Handler | None = None) -> AsyncIterator[Endpoint]:
    """Somebody else's agent: `call` answers the JSON-RPC POST, `card` the card's GET."""
    app = web.Application()
    server = TestServer(app, host="127.0.0.1")

    async def plain_card(request: web.Request) -> web.StreamResponse:
        return web.json_response(card_json(f"http://127.0.0.1:{server.port}/"))

    app.router.add_get("/.well-known/agent-card.json", card or plain_card)
    app.router.add_post("/", call)
    await server.start_server()
    try:
        yield Endpoint(name="peer", url=f"http://127.0.0.1:{server.port}/", seconds=5)
    finally:
        await server.close()


def card_json(url: str, *, streaming: bool = True) -> dict[str, object]:
    """The smallest useful card."""
    interface = {"url": url, "protocolBinding": "JSONRPC", "protocolVersion": "1.0"}
    return {
        "name": "peer",
        "description": "a peer",
        "version": "3.1",
        "supportedInterfaces": [interface],
        "capabilities": {"streaming": streaming},
        "defaultInputModes": ["text/plain"],
        "defaultOutputModes": ["text/plain"],
        "skills": [],
    }


async def event_stream(request: web.Request) -> web.StreamResponse:
    """An opened server-sent event stream."""
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await response.prepare(request)
    return response
