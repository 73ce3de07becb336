"""The HTTP connection to an agent: its token, its certificates, and a limit on what is read."""

from collections.abc import AsyncIterator
from functools import partial
from urllib.parse import urlsplit

import httpx
from a2a.utils.constants import PROTOCOL_VERSION_1_0, VERSION_HEADER

from agents.a2a.endpoints import Endpoint
from agents.a2a.errors import TooLargeError
from agents.errors import AgentRefused
from agents.http.tls import TlsUnusable, client_context

CONNECT_SECONDS = 5.0
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def http_client(endpoint: Endpoint, most_bytes: int) -> httpx.AsyncClient:
    """A client for this endpoint alone; raises AgentRefused when its TLS files are no use.

    No redirect is followed: the token is for the configured server only.
    """
    headers = {VERSION_HEADER: PROTOCOL_VERSION_1_0, "Accept-Encoding": "identity"}
    token = endpoint.token.get_secret_value()
    if token:
        headers["Authorization"] = f"Bearer {token}"
    try:
        verify = client_context(endpoint.tls) if endpoint.tls else True
    except TlsUnusable as error:
        raise AgentRefused(f"{endpoint.name} cannot be called. {error}") from None
    return httpx.AsyncClient(
        headers=headers,
        verify=verify,
        timeout=httpx.Timeout(None, connect=CONNECT_SECONDS),
        trust_env=urlsplit(endpoint.url).hostname not in _LOOPBACK,
        event_hooks={"response": [partial(_limit, most_bytes=most_bytes)]},
    )


async def _limit(response: httpx.Response, most_bytes: int) -> None:
    """Bound what is read, and refuse compressed bodies: they unpack to any size."""
    if response.headers.get("content-encoding", "identity") != "identity":
        raise TooLargeError("the answer is compressed")
    assert isinstance(response.stream, httpx.AsyncByteStream)
    response.stream = _Limited(response.stream, most_bytes)


class _Limited(httpx.AsyncByteStream):
    """A response body that raises when it grows beyond the limit."""

    def __init__(self, stream: httpx.AsyncByteStream, most_bytes: int) -> None:
        self._stream = stream
        self._most_bytes = most_bytes

    async def __aiter__(self) -> AsyncIterator[bytes]:
        seen = 0
        async for chunk in self._stream:
            seen += len(chunk)
            if seen > self._most_bytes:
                raise TooLargeError("the answer is too large")
            yield chunk

    async def aclose(self) -> None:
        await self._stream.aclose()
