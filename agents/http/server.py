"""Runs a Starlette app inside this process's event loop, until it is told to stop."""

import asyncio
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn
from starlette.applications import Starlette

GRACE_SECONDS = 2


async def serve_app(
    build: Callable[[str], Starlette],
    *,
    host: str,
    port: int,
    stop: asyncio.Event,
    started: asyncio.Event | None = None,
    tls: ssl.SSLContext | None = None,
) -> None:
    """Serve what `build` makes of the address until `stop` is set; OSError when it is taken."""
    listening = socket.create_server((host, port))
    scheme = "https" if tls else "http"
    app = build(f"{scheme}://{host}:{listening.getsockname()[1]}")
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
