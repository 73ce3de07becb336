"""`[slack]`: how Slack is reached."""

from typing import Literal

from pydantic import Field

from bot.config.sections.base import Section


class SlackSettings(Section):
    """How Slack is reached."""

    base_url: str = "https://slack.com/api/"
    """Another one only for a local workspace."""
    heartbeat: str = "signoff-heartbeat"
    """A channel, by name or id, that nobody needs to be in: there Signoff notices that clicks
    stopped coming in. Empty turns that off."""
    mode: Literal["socket", "http"] = "socket"
    """`http` takes Slack's signed requests on the web server, in place of sockets."""
    connections: int = Field(default=2, ge=1, le=5)
    """Socket Mode connections; with 2 or more a refresh loses nothing."""
    read_seconds: float = Field(default=2.0, ge=0, le=60)
    """What is decided within so many seconds of being shown is asked again; 0 takes it as it is."""
