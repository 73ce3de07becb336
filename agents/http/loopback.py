"""What is on this machine: no proxy of the environment leads there, and nobody else gets in.

A web page in a browser on this machine reaches loopback, too. It cannot choose the `Host` that the
browser sends (a page that moves its own name here keeps that name), nor hide its `Origin`.
"""

from collections.abc import Collection
from ipaddress import ip_address
from urllib.parse import urlsplit

FOREIGN = "This server answers to its own names only, and to no page of another site."


def is_loopback(host: str) -> bool:
    """Whether a name or an address means this machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def on_loopback(url: str) -> bool:
    """Whether an address leads to this machine; False for what is no address."""
    return is_loopback(urlsplit(url).hostname or "")


def is_foreign(host: str, origin: str | None, names: Collection[str] = ()) -> bool:
    """Whether a request to a server on loopback came by another name, or from another's page.

    `host` and `origin` are its headers; `names` are further host names of the server, in lower
    case, such as that of a proxy before it.
    """
    return not _is_name(f"//{host}", names) or (origin is not None and not _is_name(origin, names))


def _is_name(address: str, names: Collection[str]) -> bool:
    try:
        split = urlsplit(address)
        name = split.hostname or ""
    except ValueError:
        return False
    is_bare = split.netloc == address.partition("//")[2] and "@" not in split.netloc
    return is_bare and (is_loopback(name) or name in names)


def names_of(*urls: str) -> frozenset[str]:
    """The host names in these addresses."""
    return frozenset(name for url in urls if (name := urlsplit(url).hostname))
