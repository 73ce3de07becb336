"""`[approval_server]` and `[programs.<name>]`: who else may ask for approvals, and where."""

from pathlib import Path
from typing import Any

from pydantic import Field

from bot.config.sections.base import Section


class ApprovalServerSettings(Section):
    """Where other programs ask for approvals (A2A, MCP)."""

    host: str = "127.0.0.1"
    """Where `signoff approvals` takes requests of programs, over A2A and MCP."""
    port: int = 8333
    """Its port."""
    public_url: str = ""
    """What its agent card names; made of host and port when empty."""
    key: Path = Path("decisions.pem")
    """The key that signs decisions, in the storage folder; made once."""
    old_protocol: bool = False
    """Also speak A2A 0.3."""
    local_push: bool = False
    """Allow push notifications to loopback addresses."""


class ProgramSettings(Section):
    """A program that may ask; its token is in PROGRAM_TOKENS. `owner` answers for it."""

    owner: str = Field(min_length=1)
    """The Slack user who counts as requester: they may withdraw, and do not decide."""
    channel: str = Field(min_length=1)
    """Where the cards go."""
    title: str = ""
    """What cards call the program; its name when empty."""
    most_open: int = Field(default=50, ge=1, le=1_000)
    """How many of its approvals may wait at once; more are refused with a sentence."""
    policy: dict[str, Any] = {}
    """Goes over the general policy; what the program asks for can only narrow it."""
