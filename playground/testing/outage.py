"""The whole workspace gone: every connection of the bot breaks."""

from aiohttp import web
from aiohttp.typedefs import Middleware

from playground.http.gate import Handler
from playground.testing.faults import Faults

_OF_THE_BOT = ("/api/", "/link/", "/actions/", "/upload/", "/files-pri/")


def outage(faults: Faults) -> Middleware:
    """A middleware that breaks the bot's connections while that fault is in force."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        subject = request.path.rpartition("/")[2] if request.path.startswith("/api/") else "*"
        if request.path.startswith(_OF_THE_BOT) and faults.strike(subject, "outage"):
            return cut(request)
        return await handler(request)

    return middleware


def cut(request: web.Request) -> web.Response:
    """Break the connection instead of answering."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=503)
