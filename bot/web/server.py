"""The web server of a process: whoever has pages registers them, this runs them."""

import contextlib
import errno
import logging
from collections.abc import AsyncIterator, Callable, Collection, Iterable

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.typedefs import Handler, Middleware
from aiohttp.web_protocol import RequestPayloadError

from agents.http.loopback import FOREIGN, is_foreign, is_loopback
from bot.config.errors import ConfigurationError

LOOPBACK = "127.0.0.1"
PORT = 8332
GRACE_SECONDS = 3.0
LARGEST_BODY = 1_000_000
LONGEST_HEADER = 8_190

Register = Callable[[web.Application], object]
"""Adds routes to the application."""


@contextlib.asynccontextmanager
async def web_server(
    parts: Iterable[Register],
    host: str = LOOPBACK,
    port: int = PORT,
    names: Collection[str] | None = (),
) -> AsyncIterator[str]:
    """Serve until the block ends; gives the address. Port 0 takes a free one.

    On loopback, requests by another name than this machine's or one of `names` are refused, and
    those of other sites' pages; None takes any name, for a proxy whose name nobody told us.
    At the end no new request is taken, running ones have twice 3 s. Raises ConfigurationError
    when the port cannot be had.
    """
    doors = [_own_names(names)] if names is not None and is_loopback(host) else []
    app = web.Application(client_max_size=LARGEST_BODY, logger=_logger(), middlewares=doors)
    for register in parts:
        register(app)
    runner = web.AppRunner(
        app,
        access_log=None,
        logger=_logger(),
        shutdown_timeout=GRACE_SECONDS,
        lingering_time=1.0,
        auto_decompress=False,
        max_line_size=LONGEST_HEADER,
        max_field_size=LONGEST_HEADER,
    )
    await runner.setup()
    try:
        await _listen(runner, host, port)
        bound = runner.addresses[0][1]
        yield f"http://{f'[{host}]' if ':' in host else host}:{bound}"
    finally:
        await runner.cleanup()


def _own_names(names: Collection[str]) -> Middleware:
    @web.middleware
    async def door(request: web.Request, handler: Handler) -> web.StreamResponse:
        origin = request.headers.get("Origin")
        if origin == "null":  # our own forms say so: `form_guard.py` knows which are
            origin = None
        if is_foreign(request.host, origin, names):
            return web.Response(status=403, text=FOREIGN)
        return await handler(request)

    return door


async def _listen(runner: web.AppRunner, host: str, port: int) -> None:
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError as error:
        why = "is in use" if error.errno == errno.EADDRINUSE else "cannot be listened on"
        raise ConfigurationError(
            f"{host}:{port}, wanted for our web pages, {why}: stop what listens there, or set "
            "host and port under [web] in signoff.toml."
        ) from None


def _logger() -> logging.Logger:
    logger = logging.getLogger("signoff.web")
    if not any(isinstance(known, _Terse) for known in logger.filters):
        logger.addFilter(_Terse())
    return logger


class _Terse(logging.Filter):
    """aiohttp logs a stack trace for every malformed request; a line will do."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, (HttpProcessingError, RequestPayloadError)):
            record.msg, record.args = "a malformed HTTP request was refused", ()
            record.levelno, record.levelname, record.exc_info = logging.INFO, "INFO", None
        return True
