"""Signoff as an agent of its own: approvals over A2A (JSON-RPC, REST) and MCP, on one port.

/                              A2A, JSON-RPC
/message:send, /tasks/...      A2A, REST
/mcp                           MCP, streamable HTTP
/.well-known/agent-card.json   the card, open to everybody
/.well-known/jwks.json         the keys decisions are signed with, open to everybody
/health                        open to everybody
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from a2a.server.routes import (
    create_agent_card_routes,
    create_jsonrpc_routes,
    create_rest_routes,
)
from a2a.types.a2a_pb2 import AgentCard
from mcp.server import MCPServer
from mcp.server.transport_security import TransportSecuritySettings
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from agents.a2a.auth import CARD_PATHS, KEYS_PATH, OPEN_PATHS, BearerAuth
from agents.http.server import serve_app
from agents.http.signature import KeySetJson, SigningKey
from agents.programs.card import approval_card
from agents.programs.handler import ApprovalHandler
from agents.programs.mcp import ApprovalTools, mcp_server
from agents.programs.port import ApprovalDesk
from agents.programs.program import Programs
from agents.programs.push import Sender, UrlCheck, Watchers
from agents.programs.store import KeptAddresses, KeptTasks
from agents.programs.tasks import ApprovalTasks

MOST_BYTES = 2_000_000


@dataclass(frozen=True)
class ApprovalParts:
    """What the server is made of.

    `engine` is where tasks are kept. `old_protocol` lets A2A 0.3 clients in. `local_push` sends
    notifications to loopback addresses, too. `engine` stays its owner's to close.
    """

    desk: ApprovalDesk
    programs: Programs
    key: SigningKey
    engine: AsyncEngine
    old_protocol: bool = False
    local_push: bool = False


def create_app(parts: ApprovalParts, base_url: str) -> Starlette:
    """The server's app; it answers as `base_url` in its card."""
    url = base_url.rstrip("/")
    keys = parts.key.public()
    card = approval_card(url, keys, old_protocol=parts.old_protocol)
    check = UrlCheck(local=parts.local_push)
    store, addresses = KeptTasks(parts.engine), KeptAddresses(parts.engine)
    tasks = ApprovalTasks(parts.desk, store, parts.key)
    watchers = Watchers(tasks, addresses, Sender(addresses, check))
    handler = ApprovalHandler(tasks, parts.programs, store, addresses, watchers, check, card)
    mcp = mcp_server(ApprovalTools(parts.desk, parts.programs, parts.key))
    return Starlette(
        routes=[
            Route("/health", _health),
            Route(KEYS_PATH, partial(_keys, keys=keys)),
            *_mcp_routes(mcp),
            *_a2a_routes(handler, card, old_protocol=parts.old_protocol),
        ],
        middleware=[
            Middleware(
                BearerAuth,
                user_of=parts.programs.name_of,
                is_open=OPEN_PATHS.__contains__,
                most_bytes=MOST_BYTES,
            )
        ],
        lifespan=partial(
            _lifespan, mcp=mcp, handler=handler, watchers=watchers, programs=parts.programs
        ),
    )


async def serve(
    parts: ApprovalParts,
    *,
    host: str,
    port: int,
    stop: asyncio.Event,
    started: asyncio.Event | None = None,
    public_url: str = "",
) -> None:
    """Serve until `stop` is set. Raises OSError when the port is taken."""

    def build(base_url: str) -> Starlette:
        return create_app(parts, public_url or base_url)

    await serve_app(build, host=host, port=port, stop=stop, started=started, public_url=public_url)


def _a2a_routes(
    handler: ApprovalHandler, card: AgentCard, *, old_protocol: bool
) -> list[BaseRoute]:
    """REST last: its routes end with a catch-all for tenants."""
    routes: list[BaseRoute] = []
    for path in CARD_PATHS:
        routes += create_agent_card_routes(card, card_url=path)
    routes += create_jsonrpc_routes(handler, rpc_url="/", enable_v0_3_compat=old_protocol)
    routes += create_rest_routes(handler, enable_v0_3_compat=old_protocol)
    return routes


def _mcp_routes(mcp: MCPServer[Any]) -> list[BaseRoute]:
    """No sessions: each request stands for itself, and for its own program.

    The SDK's check of the Host header guards servers that need no token; this one needs one.
    """
    app = mcp.streamable_http_app(
        stateless_http=True,
        max_request_body_size=MOST_BYTES,
        transport_security=TransportSecuritySettings(enable_dns_rebinding_protection=False),
    )
    return list(app.routes)


@asynccontextmanager
async def _lifespan(
    _: Starlette,
    mcp: MCPServer[Any],
    handler: ApprovalHandler,
    watchers: Watchers,
    programs: Programs,
) -> AsyncIterator[None]:
    async with mcp.session_manager.run():
        resuming = asyncio.create_task(watchers.resume(programs))
        try:
            yield
        finally:
            resuming.cancel()
            await asyncio.gather(resuming, return_exceptions=True)
            await handler.aclose()


async def _health(_: Request) -> Response:
    return JSONResponse({"status": "healthy"})


async def _keys(_: Request, keys: KeySetJson) -> Response:
    return JSONResponse(keys, headers={"Cache-Control": "public, max-age=300"})
