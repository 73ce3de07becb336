"""What an app may do and offers, read from its `manifest.yml`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from playground.http.wire import Json


@dataclass(frozen=True)
class Command:
    """A slash command, `name` with its slash."""

    name: str
    description: str = ""
    usage_hint: str = ""
    should_escape: bool = False


@dataclass(frozen=True)
class Shortcut:
    """A shortcut; `kind` is `global` or `message`."""

    callback_id: str
    name: str
    kind: str
    description: str = ""


@dataclass(frozen=True)
class Manifest:
    """`scopes` and `events` are None when nothing is known: then everything is allowed and sent."""

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
        scopes=frozenset(_part(document, "oauth_config", "scopes").get("bot") or ()),
        events=frozenset(
            _part(document, "settings", "event_subscriptions").get("bot_events") or ()
        ),
        commands=tuple(_command(item) for item in features.get("slash_commands") or ()),
        shortcuts=tuple(_shortcut(item) for item in features.get("shortcuts") or ()),
    )


def _part(document: Any, *names: str) -> Json:
    for name in names:
        document = (document or {}).get(name)
    return document or {}


def _command(item: Json) -> Command:
    return Command(
        name=item["command"],
        description=item.get("description", ""),
        usage_hint=item.get("usage_hint", ""),
        should_escape=bool(item.get("should_escape", False)),
    )


def _shortcut(item: Json) -> Shortcut:
    return Shortcut(
        callback_id=item["callback_id"],
        name=item["name"],
        kind=item["type"],
        description=item.get("description", ""),
    )
