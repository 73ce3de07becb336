"""The door of the approval server: a program's token, and a limit on the size of a request."""

import codecs

from starlette.authentication import AuthCredentials, SimpleUser
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from agents.programs.program import Program, Programs

MOST_BYTES = 2_000_000
NO_JSON = b"\0"
MOST_DRAINED = 20_000_000
CARD_PATHS = ("/.well-known/agent-card.json", "/.well-known/agent.json")
KEYS_PATH = "/.well-known/jwks.json"
OPEN_PATHS = frozenset({"/health", KEYS_PATH, *CARD_PATHS})


class ProgramAuth:
    """ASGI middleware. Health, card and keys are open; everything else is for programs."""

    def __init__(self, app: ASGIApp, programs: Programs, most_bytes: int = MOST_BYTES) -> None:
        self._app = app
        self._programs = programs
        self._most_bytes = most_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request in as its program, or answer 401 or 413."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = {bytes(name).lower(): bytes(value) for name, value in scope["headers"]}
        if scope["path"] not in OPEN_PATHS:
            program = self._program(headers)
            if program is None:
                refusal = {"error": "A valid bearer token is needed."}
                answer = JSONResponse(refusal, 401, headers={"WWW-Authenticate": "Bearer"})
                await answer(scope, receive, send)
                return
            scope["auth"] = AuthCredentials(["authenticated"])
            scope["user"] = SimpleUser(program.name)
        size = headers.get(b"content-length", b"0")
        if not size.isdigit() or int(size) > self._most_bytes:
            await _drain(receive)
            error = f"The request is too large: {self._most_bytes:,} bytes at most."
            await JSONResponse({"error": error}, 413)(scope, receive, send)
            return
        await self._app(scope, self._counted(receive), send)

    def _program(self, headers: dict[bytes, bytes]) -> Program | None:
        scheme, _, given = headers.get(b"authorization", b"").partition(b" ")
        if scheme.lower() != b"bearer":
            return None
        return self._programs.owner_of(given.strip())

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


async def _drain(receive: Receive) -> None:
    """Read some of what is refused: a client that still sends would not read our answer."""
    seen = 0
    while seen < MOST_DRAINED:
        message = await receive()
        seen += len(message.get("body", b""))
        if not message.get("more_body", False):
            return
