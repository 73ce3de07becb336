"""What an app may do and offers, read from its `manifest.yml`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, Field

from playground.http.wire import Json


class Command(BaseModel):
    """A slash command, `name` with its slash."""

    name: str = Field(alias="command")
    description: str | None = ""
    usage_hint: str | None = ""
    should_escape: bool = False


class Shortcut(BaseModel):
    """A shortcut; `kind` is `global` or `message`."""

    callback_id: str
    name: str
    kind: str = Field(alias="type")
    description: str | None = ""


@dataclass(frozen=True)
class Manifest:
    """`scopes` and `events` are None when nothing is known: then everything is allowed and sent.

    `name` is the bot's; empty when the manifest does not say.
    """

    name: str = ""
    scopes: frozenset[str] | None = None
    events: frozenset[str] | None = None
    commands: tuple[Command, ...] = ()
    shortcuts: tuple[Shortcut, ...] = ()

    def command(self, name: str) -> Command | None:
        """The declared command of that name."""
        return next((command for command in self.commands if command.name == name), None)


def load_manifest(path: Path | None) -> Manifest:
    """The manifest in a YAML file, or an empty one that allows everything."""
    if path is None:
        return Manifest()
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    features = _part(document, "features")
    return Manifest(
        name=_part(features, "bot_user").get("display_name")
        or _part(document, "display_information").get("name", ""),
        scopes=frozenset(_part(document, "oauth_config", "scopes").get("bot") or ()),
        events=frozenset(
            _part(document, "settings", "event_subscriptions").get("bot_events") or ()
        ),
        commands=tuple(map(Command.model_validate, features.get("slash_commands") or ())),
        shortcuts=tuple(map(Shortcut.model_validate, features.get("shortcuts") or ())),
    )


def _part(document: Any, *names: str) -> Json:
    for name in names:
        document = (document or {}).get(name)
    return document or {}
