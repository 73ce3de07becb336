"""Runs a Starlette app inside this process's event loop, until it is told to stop."""

import asyncio
import socket
import ssl
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager

import uvicorn
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from agents.http.loopback import FOREIGN, is_foreign, is_loopback, names_of

GRACE_SECONDS = 2


async def serve_app(
    build: Callable[[str], Starlette],
    *,
    host: str,
    port: int,
    stop: asyncio.Event,
    started: asyncio.Event | None = None,
    tls: ssl.SSLContext | None = None,
    public_url: str = "",
) -> None:
    """Serve what `build` makes of the address until `stop` is set; OSError when it is taken.

    On loopback only requests by the names of this machine, or of `public_url`, are let in.
    """
    listening = socket.create_server((host, port))
    scheme = "https" if tls else "http"
    app: ASGIApp = build(f"{scheme}://{host}:{listening.getsockname()[1]}")
    if is_loopback(host):
        app = LoopbackOnly(app, names_of(public_url))
    server = _Server(
        uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=GRACE_SECONDS,
            ssl_context_factory=(lambda _config, _default: tls) if tls else None,
        )
    )
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        await server.up(serving)
        if started is not None:
            started.set()
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({stopping, serving}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
    finally:
        server.should_exit = True
        await serving
        listening.close()


class LoopbackOnly:
    """ASGI middleware for a server that listens on loopback: foreign requests get a 403."""

    def __init__(self, app: ASGIApp, names: Collection[str] = ()) -> None:
        self._app = app
        self._names = names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request in, or refuse it unread."""
        if scope["type"] == "http":
            headers = {bytes(name).lower(): bytes(value) for name, value in scope["headers"]}
            host, origin = headers.get(b"host", b""), headers.get(b"origin")
            said = None if origin is None else origin.decode("latin-1")
            if is_foreign(host.decode("latin-1"), said, self._names):
                await JSONResponse({"error": FOREIGN}, 403)(scope, receive, send)
                return
        await self._app(scope, receive, send)


class _Server(uvicorn.Server):
    """Leaves the signals to whoever runs the event loop."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Nothing: Ctrl-C is not this server's business."""
        yield

    async def up(self, serving: asyncio.Task[None]) -> None:
        """Wait until requests are taken."""
        while not self.started and not serving.done():  # noqa: ASYNC110 (uvicorn has a flag only)
            await asyncio.sleep(0.01)
