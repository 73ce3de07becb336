"""`[web]` and `[playground]`: the pages we serve."""

from ipaddress import IPv4Network, IPv6Network

from bot.config.sections.base import Section


class WebSettings(Section):
    """Our own pages: health, metrics, and the page a mailed link opens."""

    host: str = "127.0.0.1"
    """Where the page a mailed link opens is served, and Slack's requests in HTTP mode."""
    port: int = 8332
    """Its port."""
    monitoring_host: str = "127.0.0.1"
    """Where a `monitoring_port` and a `worker_port` are served."""
    monitoring_port: int = 0
    """Where health, metrics and how the agents are is shown; with `0`, at `port`, unless that is
    public: `host` is not loopback, there is a `public_url`, or Slack comes by HTTP. A public port
    tells whether the bot is alive and ready, and no more."""
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
