"""Which addresses are out on the internet, and a way to HTTP that reaches no other.

The address that is judged is the one that is connected to: a name that resolves differently the
second time gets round nothing.
"""

import asyncio
import socket
import ssl
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import httpx

_NAT64 = ip_network("64:ff9b::/96")
_UNICAST = ip_network("2000::/3")
_SPECIAL = tuple(
    ip_network(network)
    for network in (
        "192.0.0.0/24",  # protocol assignments
        "192.88.99.0/24",  # 6to4 relays, once
        "2001::/23",  # protocol assignments: Teredo, ORCHID, benchmarks
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4, whatever address it carries
        "3fff::/20",  # documentation
    )
)
"""Within what the standard library of Python 3.11 calls global.

Source: IANA's registries of special-purpose addresses, https://www.iana.org/assignments/.
"""


class NotPublicError(OSError):
    """The connection would have gone to an address that is not on the internet."""


def is_public(address: str) -> bool:
    """Whether an IP address, with or without a zone, is out on the internet.

    An IPv4 address inside an IPv6 one counts as itself where routers unwrap it (mapped, NAT64);
    everything else has to be global unicast.
    """
    ip = _unwrapped(ip_address(address.partition("%")[0]))
    if isinstance(ip, IPv6Address) and ip not in _UNICAST:
        return False
    return ip.is_global and not ip.is_multicast and not any(ip in known for known in _SPECIAL)


def _unwrapped(ip: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    if isinstance(ip, IPv4Address):
        return ip
    if ip in _NAT64:
        return IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip


class PublicTransport(httpx.AsyncHTTPTransport):
    """Resolves a name once, and connects to what it found, if all of it is `allowed`.

    The certificate is still checked against the name. Raises httpx.ConnectError otherwise.
    """

    def __init__(
        self, allowed: Callable[[str], bool] = is_public, verify: ssl.SSLContext | bool = True
    ) -> None:
        super().__init__(verify=verify, trust_env=False)
        self._allowed = allowed

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send it to the first address of its name."""
        host, port = request.url.raw_host.decode("ascii"), request.url.port or 443
        try:
            first = (await addresses(host, port, self._allowed))[0]
        except OSError as error:
            raise httpx.ConnectError(str(error), request=request) from error
        pinned = httpx.Request(
            request.method,
            request.url.copy_with(host=first),
            headers=request.headers,  # `Host` is among them
            stream=request.stream,
            extensions=request.extensions | {"sni_hostname": host},
        )
        return await super().handle_async_request(pinned)


async def addresses(host: str, port: int, allowed: Callable[[str], bool] = is_public) -> list[str]:
    """What a name resolves to. Raises OSError, NotPublicError if one of it is not `allowed`."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    known = [str(info[4][0]) for info in found]
    for address in known:
        if not allowed(address):
            raise NotPublicError(f"{address} is not a public address")
    return known
