"""`[slack]`: how Slack is reached."""

from typing import Literal

from pydantic import Field, field_validator

from agents.http.loopback import on_loopback
from bot.config.sections.base import Section


class SlackSettings(Section):
    """How Slack is reached."""

    base_url: str = "https://slack.com/api/"
    """Another one only for a local workspace."""
    local_files: str = ""
    """Where a local workspace keeps its files, on this machine; the demonstration sets it. Without
    it, files are read from Slack's own hosts only."""
    heartbeat: str = "signoff-heartbeat"
    """A channel, by name or id, that nobody needs to be in: there Signoff notices that clicks
    stopped coming in. Empty turns that off."""
    mode: Literal["socket", "http"] = "socket"
    """`http` takes Slack's signed requests on the web server, in place of sockets."""
    connections: int = Field(default=2, ge=1, le=5)
    """Socket Mode connections; with 2 or more a refresh loses nothing."""
    guests_see: bool = False
    """Whether guests and people of other workspaces see, in lists, forms and details, what stands
    in channels they are in. What they asked for and what they are to decide they see anyway."""
    read_seconds: float = Field(default=2.0, ge=0, le=60)
    """What is decided within so many seconds of being shown is asked again; 0 takes it as it is."""

    @field_validator("local_files")
    @classmethod
    def _on_this_machine(cls, given: str) -> str:
        if given and not on_loopback(given):
            raise ValueError("local_files is for a workspace on this machine; leave it out")
        return given
