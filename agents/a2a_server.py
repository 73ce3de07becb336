"""The local agents as A2A 1.0 servers: one app, one agent per path `/{agent}/`."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from functools import partial
from ipaddress import ip_address

from a2a.server.routes import create_agent_card_routes, create_jsonrpc_routes
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from agents.a2a_card import card_of
from agents.a2a_handler import TurnHandler
from agents.bearer import Door
from agents.catalogue import API_VERSION, CATALOGUE, find
from agents.http_server import serve_app
from agents.local import LocalAgents
from agents.turn_runner import TurnRunner

CARD_PATHS = ("/.well-known/agent-card.json", "/.well-known/agent.json")


def create_app(
    runner: TurnRunner,
    *,
    base_url: str,
    token: str = "",
    names: Iterable[str] = CATALOGUE,
    offline: bool = True,
) -> Starlette:
    """The agents `names` below `base_url`. An empty token lets everybody in: loopback only.

    `offline` only says in the cards which model answers when a request names none.
    """
    served = list(names)
    health = partial(_health, served=served)
    handlers: list[TurnHandler] = []
    routes: list[BaseRoute] = []
    for name in served:
        about = find(name)
        url = f"{base_url.rstrip('/')}/{name}/"
        model = about.offline_model if offline else about.model
        card = card_of(about, url, model, token=bool(token))
        handler = TurnHandler(name, runner, card)
        handlers.append(handler)
        for path in CARD_PATHS:
            routes += create_agent_card_routes(card, card_url=f"/{name}{path}")
        routes.append(Route(f"/{name}/health", health))
        for path in (f"/{name}/", f"/{name}"):
            routes += create_jsonrpc_routes(handler, rpc_url=path, shutdown_grace_period=0)
    return Starlette(
        routes=[Route("/health", health), *routes],
        middleware=[Middleware(Door, token=token)],
        lifespan=partial(_lifespan, runner=runner, handlers=handlers),
    )


async def serve(
    runner: TurnRunner,
    *,
    host: str,
    port: int,
    stop: asyncio.Event,
    started: asyncio.Event | None = None,
    token: str = "",
    names: Iterable[str] = CATALOGUE,
    offline: bool = True,
) -> None:
    """Serve until `stop` is set.

    Raises OSError when the port is taken, and ValueError for an open door to the network.
    """
    if not token and not _is_loopback(host):
        raise ValueError(f"Agents on {host} need a token: anybody could call them. Set one.")

    def build(base_url: str) -> Starlette:
        return create_app(runner, base_url=base_url, token=token, names=names, offline=offline)

    await serve_app(build, host=host, port=port, stop=stop, started=started)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@asynccontextmanager
async def _lifespan(
    app: Starlette, runner: TurnRunner, handlers: list[TurnHandler]
) -> AsyncIterator[None]:
    warming: asyncio.Task[None] | None = None
    if isinstance(runner, LocalAgents):
        warming = asyncio.create_task(runner.warm())
    app.state.warming = warming
    try:
        yield
    finally:
        for handler in handlers:
            await handler.aclose()
        if warming is not None:
            await warming


async def _health(request: Request, served: list[str]) -> Response:
    warming: asyncio.Task[None] | None = request.app.state.warming
    ready = warming is None or warming.done()
    body = {
        "status": "healthy" if ready else "starting",
        "agents": served,
        "api_version": API_VERSION,
    }
    return JSONResponse(body, 200 if ready else 503)
