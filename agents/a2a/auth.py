"""The door of the agents' server: a bearer token, and a limit on the size of a request."""

import hmac

from starlette.authentication import AuthCredentials, SimpleUser
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST_BYTES = 100_000_000
KEYS_PATH = "/.well-known/jwks.json"
_OPEN_PATHS = ("/health", "/.well-known/agent-card.json", "/.well-known/agent.json", KEYS_PATH)


class BearerAuth:
    """ASGI middleware. Health and cards are open; everything else needs the token, if any."""

    def __init__(self, app: ASGIApp, token: str, most_bytes: int = MOST_BYTES) -> None:
        self._app = app
        self._token = token.encode()
        self._most_bytes = most_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request in, or answer 401 or 413."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = {bytes(name).lower(): bytes(value) for name, value in scope["headers"]}
        if not self._may_enter(scope["path"], headers):
            refusal = {"error": "A valid bearer token is needed."}
            answer = JSONResponse(refusal, 401, headers={"WWW-Authenticate": "Bearer"})
            await answer(scope, receive, send)
            return
        size = headers.get(b"content-length", b"0")
        if not size.isdigit() or int(size) > self._most_bytes:
            await JSONResponse({"error": "The request is too large."}, 413)(scope, receive, send)
            return
        scope["auth"] = AuthCredentials(["authenticated"] if self._token else [])
        scope["user"] = SimpleUser("bearer" if self._token else "local")
        await self._app(scope, self._counted(receive), send)

    def _may_enter(self, path: str, headers: dict[bytes, bytes]) -> bool:
        if not self._token or path.endswith(_OPEN_PATHS):
            return True
        scheme, _, given = headers.get(b"authorization", b"").partition(b" ")
        return scheme.lower() == b"bearer" and hmac.compare_digest(given.strip(), self._token)

    def _counted(self, receive: Receive) -> Receive:
        """A chunked body has no length in its header: cut the connection when it grows too long."""
        seen = 0

        async def counting() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            return message if seen <= self._most_bytes else {"type": "http.disconnect"}

        return counting
