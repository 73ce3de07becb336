"""Fetching a public web address, and nothing on this machine's own networks.

The check is made on the address the socket connects to, so neither a redirect nor a name that
resolves differently the second time gets round it. Proxies of the environment are not used.
"""

import asyncio
import socket
from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any
from urllib.parse import urljoin, urlsplit

import aiohttp

from agents.errors import AgentUnreachable, UnusableInput
from agents.http.public_addresses import NotPublicError, is_public

MOST_BYTES = 20_000_000
SECONDS = 30.0
MOST_REDIRECTS = 5
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_HEADERS = MappingProxyType({"User-Agent": "Signoff/1 (+fetch)", "Accept-Encoding": "identity"})


@dataclass(frozen=True)
class Page:
    """What came back from `url`, the address after all redirects."""

    url: str
    media_type: str
    content: bytes


class PublicWeb:
    """Fetches public addresses. `allowed` decides on each IP address; tests open loopback."""

    def __init__(
        self,
        allowed: Callable[[str], bool] = is_public,
        most_bytes: int = MOST_BYTES,
        seconds: float = SECONDS,
    ) -> None:
        self._allowed = allowed
        self._most_bytes = most_bytes
        self._seconds = seconds

    async def fetch(self, url: str) -> Page:
        """GET `url`; raises UnusableInput or AgentUnreachable with a sentence naming it."""
        try:
            async with asyncio.timeout(self._seconds):
                return await self._follow(url)
        except TimeoutError as error:
            raise AgentUnreachable(
                f"{url} did not answer within {self._seconds:.0f} s. Try later, or send the file."
            ) from error
        except aiohttp.ClientError as error:
            raise self._sentence(url, error) from error

    async def _follow(self, url: str) -> Page:
        connector = aiohttp.TCPConnector(socket_factory=self._socket, use_dns_cache=False)
        async with aiohttp.ClientSession(connector=connector, headers=_HEADERS) as session:
            at = url
            for _ in range(MOST_REDIRECTS + 1):
                _refuse_odd(url, at)
                async with session.get(at, allow_redirects=False) as response:
                    target = response.headers.get("Location", "")
                    if response.status not in _REDIRECTS or not target:
                        return await self._page(at, response)
                    at = urljoin(at, target)
        raise UnusableInput(f"{url} redirects more than {MOST_REDIRECTS} times. Give the last one.")

    def _socket(self, info: Any) -> socket.socket:
        family, kind, protocol, _, address = info
        if not self._allowed(address[0]):
            raise NotPublicError(f"{address[0]} is not a public address")
        return socket.socket(family=family, type=kind, proto=protocol)

    async def _page(self, url: str, response: aiohttp.ClientResponse) -> Page:
        if response.status != 200:
            raise UnusableInput(f"{url} answered {response.status}. Check the address.")
        if (response.content_length or 0) > self._most_bytes:
            raise self._too_large(url)
        content = bytearray()
        async for chunk in response.content.iter_chunked(65_536):
            content += chunk
            if len(content) > self._most_bytes:
                raise self._too_large(url)
        return Page(url, response.content_type, bytes(content))

    def _too_large(self, url: str) -> UnusableInput:
        most = self._most_bytes / 1e6
        return UnusableInput(f"{url} is larger than {most:.0f} MB. Send an extract of it.")

    def _sentence(self, url: str, error: aiohttp.ClientError) -> Exception:
        if _caused_by(error, NotPublicError):
            return UnusableInput(
                f"{url} leads to a private address, which is never fetched. Send the file instead."
            )
        return AgentUnreachable(f"{url} cannot be reached. Check the address, or send the file.")


def _caused_by(error: BaseException, kind: type[BaseException]) -> bool:
    seen: list[BaseException] = [error]
    while seen:
        current = seen.pop()
        if isinstance(current, kind):
            return True
        seen.extend(cause for cause in (current.__cause__, current.__context__) if cause)
        if isinstance(current, BaseExceptionGroup):
            seen.extend(current.exceptions)
    return False


def _refuse_odd(asked: str, url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise UnusableInput(f"{asked} is no http or https address. Give one, or send the file.")
    if parts.username is not None or parts.password is not None:
        raise UnusableInput(f"{parts.hostname}: an address with a password in it is not fetched.")
