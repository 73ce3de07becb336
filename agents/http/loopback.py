"""What is on this machine: no proxy of the environment leads there, and nobody else gets in."""

from ipaddress import ip_address
from urllib.parse import urlsplit


def is_loopback(host: str) -> bool:
    """Whether a name or an address means this machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def on_loopback(url: str) -> bool:
    """Whether an address leads to this machine; False for what is no address."""
    return is_loopback(urlsplit(url).hostname or "")
