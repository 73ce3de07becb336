"""Who and what is in the workspace, read from a small TOML file.

Every field has a default, so `PlaygroundConfig()` is the workspace of the documentation.
"""

import tomllib
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TeamConfig(_Part):
    """The workspace itself. On Enterprise Grid `enterprise_id` is the organisation's."""

    id: str = "T0ACME0001"
    enterprise_id: str = ""
    name: str = "Acme"
    domain: str = "acme"


class UserConfig(_Part):
    """A person, or a bot of somebody else. `team_id` is set for people of another workspace."""

    id: str
    name: str
    real_name: str
    display_name: str = ""
    email: str = ""
    title: str = ""
    tz: str = "Europe/London"
    is_admin: bool = False
    is_owner: bool = False
    is_bot: bool = False
    deleted: bool = False
    is_restricted: bool = False
    is_ultra_restricted: bool = False
    team_id: str | None = None


class ChannelConfig(_Part):
    """A channel. Without `members`, every active full member of the workspace is in it."""

    id: str
    name: str
    topic: str = ""
    is_private: bool = False
    is_archived: bool = False
    is_general: bool = False
    is_ext_shared: bool = False
    members: tuple[str, ...] | None = None
    has_app: bool = True


class GroupConfig(_Part):
    """A user group, mentioned by its handle."""

    id: str
    handle: str
    name: str
    users: tuple[str, ...] = ()
    is_disabled: bool = False


class AppConfig(_Part):
    """The bot under test. `mode` says how it is reached: over its sockets, or by HTTP."""

    id: str = "A0BOT00001"
    name: str = "Signoff"
    bot_id: str = "B0BOT00001"
    bot_user: str = "U0BOT00001"
    bot_name: str = "signoff"
    bot_token: str = "xoxb-playground"  # noqa: S105 - valid on this machine's loopback only
    app_token: str = "xapp-playground"  # noqa: S105 - valid on this machine's loopback only
    signing_secret: str = "playground-signing-secret"  # noqa: S105 - as above
    verification_token: str = "playground-verification-token"  # noqa: S105 - as above
    mode: Literal["socket", "http"] = "socket"
    request_url: str = ""
    commands_url: str = ""
    options_url: str = ""


def _people() -> tuple[UserConfig, ...]:
    def person(id_: str, name: str, real_name: str, **more: str | bool) -> UserConfig:
        return UserConfig.model_validate(
            {
                "id": id_,
                "name": name,
                "real_name": real_name,
                "display_name": name,
                "email": f"{name}@acme.example",
                **more,
            }
        )

    return (
        person("U0ADA00001", "ada", "Ada Lovelace", is_admin=True, title="Analyst"),
        person("U0GRACE001", "grace", "Grace Hopper", tz="America/New_York", title="Finance lead"),
        person("U0LINUS001", "linus", "Linus Pauling", tz="America/Los_Angeles", title="Counsel"),
        person("U0GUEST001", "guest", "Gwen Guest", is_restricted=True, title="Contractor"),
        person("U0FORMER01", "former", "Fred Former", deleted=True),
    )


def _channels() -> tuple[ChannelConfig, ...]:
    return (
        ChannelConfig(id="C0GENERAL1", name="general", topic="Company-wide", is_general=True),
        ChannelConfig(id="C0APPROVE1", name="approvals", topic="Decisions wanted"),
        ChannelConfig(id="C0FINANCE1", name="finance", topic="Numbers"),
    )


def _groups() -> tuple[GroupConfig, ...]:
    return (
        GroupConfig(
            id="S0FINANCE1", handle="finance", name="Finance", users=("U0GRACE001", "U0LINUS001")
        ),
        GroupConfig(id="S0LEGAL001", handle="legal", name="Legal", users=("U0LINUS001",)),
    )


class PlaygroundConfig(_Part):
    """The whole workspace. With `manifest`, scopes, commands, shortcuts and events come from it."""

    team: TeamConfig = TeamConfig()
    app: AppConfig = AppConfig()
    users: tuple[UserConfig, ...] = Field(default_factory=_people)
    channels: tuple[ChannelConfig, ...] = Field(default_factory=_channels)
    groups: tuple[GroupConfig, ...] = Field(default_factory=_groups)
    manifest: Path | None = None
    local_token: str = ""
    page_key: str = ""
    rate_limits: bool = False
    message_burst: int = Field(default=1, ge=1)
    ack_seconds: float = Field(default=3.0, gt=0)
    trigger_seconds: float = Field(default=3.0, gt=0)
    socket_seconds: float | None = None
    notice: str = ""
    try_first: tuple[str, ...] = ()


def load_config(path: Path) -> PlaygroundConfig:
    """The configuration in a TOML file; a relative `manifest` is looked up beside that file."""
    with path.open("rb") as file:
        config = PlaygroundConfig.model_validate(tomllib.load(file))
    if config.manifest is None or config.manifest.is_absolute():
        return config
    return config.model_copy(update={"manifest": path.parent / config.manifest})
