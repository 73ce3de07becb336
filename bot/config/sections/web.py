"""`[web]` and `[playground]`: the pages we serve."""

from ipaddress import IPv4Network, IPv6Network

from bot.config.sections.base import Section


class WebSettings(Section):
    """Our own pages: health, metrics, and the page a mailed link opens."""

    host: str = "127.0.0.1"
    """Where health, metrics, and the page a mailed link opens are served."""
    port: int = 8332
    """Its port."""
    worker_port: int = 0
    """Where a `signoff worker` of its own shows health and metrics; `0` is nowhere."""
    public_url: str = ""
    """What links in mails begin with; made of host and port when empty."""
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = ()
    """Networks, as `["10.0.0.0/8"]`, of the proxies in front of our pages: only they are believed
    about whom they ask for."""


class PlaygroundSettings(Section):
    """The local Slack workspace of `signoff demo`."""

    port: int = 8330
    """The page of the local Slack workspace."""
