"""The door of our HTTP servers: a bearer token, and a limit on the size of a request."""

import asyncio
import codecs
import contextlib
from collections.abc import Callable

from starlette.authentication import AuthCredentials, SimpleUser
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

KEYS_PATH = "/.well-known/jwks.json"
CARD_PATHS = ("/.well-known/agent-card.json", "/.well-known/agent.json")
OPEN_PATHS = ("/health", KEYS_PATH, *CARD_PATHS)
NO_JSON = b"\0"
DRAIN_SECONDS = 1.0


class BearerAuth:
    """ASGI middleware. `is_open` paths need no token; elsewhere `user_of` names its holder.

    `user_of` gets the token, empty where none was sent, and gives None for a stranger.
    """

    def __init__(
        self,
        app: ASGIApp,
        user_of: Callable[[bytes], str | None],
        is_open: Callable[[str], bool],
        most_bytes: int,
    ) -> None:
        self._app = app
        self._user_of = user_of
        self._is_open = is_open
        self._most_bytes = most_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request in as its user, or answer 401 or 413."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = {bytes(name).lower(): bytes(value) for name, value in scope["headers"]}
        if not self._is_open(scope["path"]):
            user = self._user_of(_token(headers))
            if user is None:
                refusal = {"error": "A valid bearer token is needed."}
                answer = JSONResponse(refusal, 401, headers={"WWW-Authenticate": "Bearer"})
                await answer(scope, receive, send)
                return
            scope["auth"] = AuthCredentials(["authenticated"])
            scope["user"] = SimpleUser(user)
        size = headers.get(b"content-length", b"0")
        if not size.isdigit() or int(size) > self._most_bytes:
            await _drain(receive)
            error = f"The request is too large: {self._most_bytes:,} bytes at most."
            await JSONResponse({"error": error}, 413)(scope, receive, send)
            return
        await self._app(scope, self._counted(receive), send)

    def _counted(self, receive: Receive) -> Receive:
        """A chunked body has no length in its header: cut the connection when it grows too long."""
        seen = 0
        decoder = codecs.getincrementaldecoder("utf-8")()

        async def counting() -> Message:
            nonlocal seen
            message = await receive()
            body = message.get("body", b"")
            seen += len(body)
            if seen > self._most_bytes:
                return {"type": "http.disconnect"}
            try:
                decoder.decode(body, final=not message.get("more_body", False))
            except UnicodeDecodeError:
                return {**message, "body": NO_JSON}  # a2a-sdk calls such a body its own fault
            return message

        return counting


def _token(headers: dict[bytes, bytes]) -> bytes:
    scheme, _, given = headers.get(b"authorization", b"").partition(b" ")
    return given.strip() if scheme.lower() == b"bearer" else b""


async def _drain(receive: Receive) -> None:
    """Read some of what is refused: a client that still sends would not read our answer."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(DRAIN_SECONDS):
            while (await receive()).get("more_body", False):
                pass
