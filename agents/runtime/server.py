"""The local agents as A2A 1.0 servers: one app, one agent per path `/{agent}/`."""

import asyncio
import hmac
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial

from a2a.server.routes import create_agent_card_routes, create_jsonrpc_routes
from a2a.types.a2a_pb2 import AgentCard
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from agents.a2a.auth import CARD_PATHS, KEYS_PATH, OPEN_PATHS, BearerAuth
from agents.a2a.card import card_of
from agents.a2a.card_signature import signed
from agents.a2a.encryption import Seal
from agents.a2a.handler import TurnHandler
from agents.a2a.kept_answers import AnswerStore, NoAnswers
from agents.catalogue import API_VERSION, CATALOGUE, LocalAgent, find
from agents.http.loopback import is_loopback
from agents.http.server import serve_app
from agents.http.signature import KeySetJson, SigningKey
from agents.runtime.local import LocalAgents
from agents.turn.runner import TurnRunner

MOST_BYTES = 100_000_000


@dataclass(frozen=True)
class ServerParts:
    """What a server is made of, besides the agents' runner.

    An empty `token` lets everybody in: loopback only. `offline` only says in the cards which model
    answers when a request names none. With a `seal`, agents take encrypted messages only.
    `card_key` signs their cards, and its public part is published. `answers` outlives the server
    and stays its owner's to close. `own` are served besides `names`.
    """

    token: str = ""
    names: tuple[str, ...] = tuple(CATALOGUE)
    offline: bool = True
    seal: Seal | None = None
    card_key: SigningKey | None = None
    answers: AnswerStore = field(default_factory=NoAnswers)
    own: Mapping[str, LocalAgent] = field(default_factory=dict)


def create_app(runner: TurnRunner, parts: ServerParts, base_url: str) -> Starlette:
    """The agents below `base_url`."""
    served = [*parts.names, *parts.own]
    health = partial(_health, served=served)
    handlers: list[TurnHandler] = []
    routes: list[BaseRoute] = []
    for name in served:
        card = _card(name, f"{base_url.rstrip('/')}/{name}/", parts)
        handler = TurnHandler(name, runner, card, answers=parts.answers, seal=parts.seal)
        handlers.append(handler)
        for path in CARD_PATHS:
            routes += create_agent_card_routes(card, card_url=f"/{name}{path}")
        routes.append(Route(f"/{name}/health", health))
        for path in (f"/{name}/", f"/{name}"):
            routes += create_jsonrpc_routes(handler, rpc_url=path, shutdown_grace_period=0)
    keys = parts.card_key.public() if parts.card_key else {"keys": []}
    return Starlette(
        routes=[Route("/health", health), Route(KEYS_PATH, partial(_keys, keys=keys)), *routes],
        middleware=[
            Middleware(
                BearerAuth,
                user_of=partial(_caller, token=parts.token.encode()),
                is_open=lambda path: path.endswith(OPEN_PATHS),
                most_bytes=MOST_BYTES,
            )
        ],
        lifespan=partial(_lifespan, runner=runner, handlers=handlers),
    )


async def serve(
    runner: TurnRunner,
    parts: ServerParts,
    *,
    host: str,
    port: int,
    stop: asyncio.Event,
    started: asyncio.Event | None = None,
    public_url: str = "",
    tls: ssl.SSLContext | None = None,
) -> None:
    """Serve until `stop` is set; the cards name `public_url`, or the address itself.

    Raises OSError when the port is taken, and ValueError for an open door to the network.
    """
    if not parts.token and not is_loopback(host):
        raise ValueError(f"Agents on {host} need a token: anybody could call them. Set one.")

    def build(base_url: str) -> Starlette:
        return create_app(runner, parts, public_url or base_url)

    await serve_app(
        build,
        host=host,
        port=port,
        stop=stop,
        started=started,
        tls=tls,
        public_url=public_url,
    )


def _caller(given: bytes, token: bytes) -> str | None:
    if not token:
        return "local"
    return "bearer" if hmac.compare_digest(given, token) else None


def _card(name: str, url: str, parts: ServerParts) -> AgentCard:
    about = find(name, parts.own)
    model = about.offline_model if parts.offline and not about.module else about.model
    sealed = parts.seal is not None
    card = card_of(about, url, model, token=bool(parts.token), sealed=sealed)
    return signed(card, parts.card_key) if parts.card_key else card


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


async def _keys(_: Request, keys: KeySetJson) -> Response:
    """The keys that cards are signed with, for whoever wants to keep a copy."""
    return JSONResponse(keys)
