"""A Gemini over HTTP: generateContent and streamGenerateContent of the REST API, as strict as that.

Public sources:
* methods, paths, request and response: https://ai.google.dev/api/generate-content
* error bodies and codes: https://ai.google.dev/gemini-api/docs/generate-content/api-errors
* ErrorInfo, QuotaFailure, RetryInfo: googleapis/googleapis, google/rpc/error_details.proto
* Vertex AI's path: https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/inference

What is wrong with a request is judged in `gemini_rules`; what is answered in `gemini_replies`.
"""

import asyncio
import contextlib
import json
import re
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from time import monotonic

from aiohttp import web

from tests.models.gemini_replies import (
    Body,
    Fault,
    ModelAnswer,
    chunks,
    error,
    key_invalid,
    response,
    usual,
)
from tests.models.gemini_rules import RefusedError, check

KEY = "AIza-stand-in-key-of-the-tests-000000000"
VERSIONS = {
    "gemini-flash-latest": "gemini-3-flash-preview",
    "gemini-pro-latest": "gemini-3-pro-preview",
    "gemini-2.5-flash": "gemini-2.5-flash",
}
_JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_PATH = re.compile(
    r"/v1beta1?/(?:projects/(?P<project>[^/]+)/locations/(?P<location>[^/]+)/publishers/google/)?"
    r"models/(?P<model>[^/:]+):(?P<method>generateContent|streamGenerateContent)"
)


@dataclass(frozen=True)
class Seen:
    """A request as it arrived, whatever became of it."""

    model: str
    method: str
    key: str
    bearer: str
    project: str
    body: Body
    at: float = field(default_factory=monotonic)


@dataclass
class GeminiStandIn:
    """`keys` are accepted, and `bearers` on Vertex AI's path. `script` is what is answered, in order;
    when it is used up, a plain good answer is given. `pause` is in seconds before an answer,
    `piece_pause` behind each piece of a streamed one.
    """

    keys: set[str] = field(default_factory=lambda: {KEY})
    bearers: set[str] = field(default_factory=set)
    versions: dict[str, str] = field(default_factory=lambda: dict(VERSIONS))
    script: deque[ModelAnswer | Fault] = field(default_factory=deque)
    seen: list[Seen] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    used: list[Body] = field(default_factory=list)
    address: str = ""
    pause: float = 0
    piece_pause: float = 0
    usual: Callable[[Body], ModelAnswer | Fault] = usual

    def says(self, *replies: ModelAnswer | Fault) -> None:
        """Put answers at the end of the script."""
        self.script.extend(replies)

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator["GeminiStandIn"]:
        """On a port of loopback, until the block ends."""
        app = web.Application(client_max_size=100 * 2**20)
        app.router.add_route("*", "/{tail:.*}", self._any)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.address = site.name
        try:
            yield self
        finally:
            await runner.cleanup()

    async def _any(self, request: web.Request) -> web.StreamResponse:
        if request.path == "/token":
            return await self._token(request)
        found = _PATH.fullmatch(request.path)
        if found is None or request.method != "POST":
            return _json(404, error(404, "NOT_FOUND", "Requested entity was not found."))
        try:
            body = json.loads(await request.text())
        except ValueError:
            return self._no(error(400, "INVALID_ARGUMENT", "Invalid JSON payload received."))
        seen = Seen(
            model=found["model"],
            method=found["method"],
            key=request.headers.get("x-goog-api-key", ""),
            bearer=request.headers.get("Authorization", "").removeprefix("Bearer "),
            project=found["project"] or "",
            body=body,
        )
        self.seen.append(seen)
        await asyncio.sleep(self.pause)
        if (problem := self._problem(seen, request)) is not None:
            return self._no(problem)
        return await self._answered(seen, request)

    async def _token(self, request: web.Request) -> web.Response:
        """OAuth 2.0 for service accounts: https://developers.google.com/identity/protocols/oauth2"""
        form = await request.post()
        if form.get("grant_type") != _JWT_BEARER or not form.get("assertion"):
            return _json(400, {"error": "unsupported_grant_type"})
        bearer = f"ya29.stand-in-{len(self.bearers)}"
        self.bearers.add(bearer)
        return _json(200, {"access_token": bearer, "expires_in": 3600, "token_type": "Bearer"})

    def _problem(self, seen: Seen, request: web.Request) -> Body | None:
        """In the order in which the real one looks: who asks, for which model, for what."""
        if (stranger := self._stranger(seen)) is not None:
            return stranger
        if seen.model not in self.versions:
            said = (
                f"models/{seen.model} is not found for API version v1beta, or is not supported for "
                "generateContent. Call ListModels to see the list of available models and their "
                "supported methods."
            )
            return error(404, "NOT_FOUND", said)
        if request.content_type != "application/json":
            return error(400, "INVALID_ARGUMENT", "Invalid JSON payload received.")
        try:
            check(seen.body, self.versions[seen.model])
        except RefusedError as refusal:
            return error(400, "INVALID_ARGUMENT", str(refusal))
        return None

    def _stranger(self, seen: Seen) -> Body | None:
        if seen.project:
            known = seen.bearer in self.bearers
            said = "Request had invalid authentication credentials."
            return None if known else error(401, "UNAUTHENTICATED", said)
        if not seen.key:
            said = (
                "Method doesn't allow unregistered callers (callers without established identity)."
            )
            return error(403, "PERMISSION_DENIED", said)
        return None if seen.key in self.keys else key_invalid()

    def _no(self, body: Body) -> web.Response:
        self.refused.append(body["error"]["message"])
        return _json(body["error"]["code"], body)

    async def _answered(self, seen: Seen, request: web.Request) -> web.StreamResponse:
        reply = self.script.popleft() if self.script else self.usual(seen.body)
        if isinstance(reply, Fault):
            return await _failing(reply, request)
        body = response(reply, seen.body, self.versions[seen.model])
        self.used.append(body["usageMetadata"])
        if seen.method == "generateContent":
            return _json(200, body)
        return await _streamed(chunks(body), request, self.piece_pause)


def _json(status: int, body: Body | list[object]) -> web.Response:
    return web.json_response(body, status=status)


async def _streamed(
    parts: list[Body], request: web.Request, pause: float = 0, *, breaks: bool = False
) -> web.StreamResponse:
    """Server-sent events with `alt=sse`, else one JSON array."""
    if request.query.get("alt") != "sse":
        return web.json_response(parts)
    stream = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await stream.prepare(request)
    for part in parts:
        await stream.write(b"data: " + json.dumps(part).encode() + b"\r\n\r\n")
        await asyncio.sleep(pause)
    if breaks:
        assert request.transport is not None
        request.transport.close()
        return stream
    await stream.write_eof()
    return stream


async def _failing(fault: Fault, request: web.Request) -> web.StreamResponse:
    """What breaks below the protocol, or an answer that is none."""
    if fault.kind == "reset":
        assert request.transport is not None
        request.transport.abort()
        await asyncio.sleep(0.05)
        return web.Response()
    if fault.kind == "half":
        cut = web.StreamResponse(headers={"Content-Type": "application/json"})
        cut.content_length = 10_000
        await cut.prepare(request)
        await cut.write(b'{"candidates": [{"content": {"parts": [{"text": "It be')
        assert request.transport is not None
        request.transport.close()
        return cut
    if fault.kind in {"ends", "breaks", "stumbles"}:
        content = {"role": "model", "parts": [{"text": fault.text}]}
        first: Body = {"candidates": [{"index": 0, "content": content}]}
        after = [fault.body] if isinstance(fault.body, dict) and fault.body else []
        return await _streamed([first, *after], request, breaks=fault.kind == "breaks")
    if fault.kind == "hang":
        await asyncio.sleep(60)
    if fault.kind == "page":
        return web.Response(status=fault.status, text=fault.text, content_type="text/html")
    return _json(fault.status, fault.body)
