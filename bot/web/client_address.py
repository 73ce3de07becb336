"""Who asks: the peer, or, where the peer is a proxy we trust, whom the proxy names.

Whatever a client writes into such a header itself stands to the left of what our proxies add, so
the right-most address that is none of our proxies counts.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from aiohttp import web

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address
Client = Callable[[web.Request], str]

_FOR = re.compile(r'(?:^|;)\s*for\s*=\s*("[^"]*"|[^;]*)', re.IGNORECASE)
_HOMES = 64
"""An IPv6 client has a network of its own, with more addresses than can be counted."""


def client_address(trusted: Iterable[Network] = ()) -> Client:
    """Tells a request's address as a text; an IPv6 one as its network of 64 bits.

    Where both headers come and do not agree, one was not written by our proxy: then the proxy
    itself counts.
    """
    networks = tuple(trusted)

    def client(request: web.Request) -> str:
        peer = _address(request.remote or "")
        if peer is None:
            return request.remote or ""
        named = {_right_most(peer, hops, networks) for hops in _headers(request)}
        return _home(named.pop() if len(named) == 1 else peer)

    return client


def _headers(request: web.Request) -> Iterator[list[str]]:
    """The hops each header names, the nearest one last."""
    if old := request.headers.getall("X-Forwarded-For", []):
        yield ",".join(old).split(",")
    if standard := request.headers.getall("Forwarded", []):
        yield [_forwarded_for(hop) for hop in ",".join(standard).split(",")]


def _forwarded_for(hop: str) -> str:
    found = _FOR.search(hop)
    return found[1].strip().strip('"') if found else ""


def _right_most(peer: Address, hops: list[str], trusted: tuple[Network, ...]) -> Address:
    """The first that is not trusted, from right to left; where none can be read, the last read."""
    client = peer
    for hop in reversed(hops):
        if not _inside(client, trusted):
            break
        before = _address(hop)
        if before is None:
            break
        client = before
    return client


def _inside(address: Address, networks: tuple[Network, ...]) -> bool:
    return any(address.version == one.version and address in one for one in networks)


def _address(text: str) -> Address | None:
    """`192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]:80`; None for anything else."""
    plain = text.strip()
    if plain.startswith("["):
        plain = plain[1:].partition("]")[0]
    elif plain.count(":") == 1:
        plain = plain.partition(":")[0]
    try:
        found = ip_address(plain.partition("%")[0])
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return mapped or found


def _home(address: Address) -> str:
    if isinstance(address, IPv4Address):
        return str(address)
    return str(ip_network((address, _HOMES), strict=False))
