"""The table of Web API methods, and what a handler gets to work with."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal

from playground.api.arguments import Arguments
from playground.delivery.sockets import Sockets
from playground.errors import SlackError
from playground.feed import Change
from playground.http.wire import Json
from playground.store.channels import kind_of
from playground.workspace import Workspace

TokenKind = Literal["bot", "app", "any", "none"]

_READ = {
    "channel": "channels:read",
    "group": "groups:read",
    "im": "im:read",
    "mpim": "mpim:read",
}
_HISTORY = {
    "channel": "channels:history",
    "group": "groups:history",
    "im": "im:history",
    "mpim": "mpim:history",
}


@dataclass(frozen=True)
class Call:
    """One call, its token and scope already checked."""

    arguments: Arguments
    workspace: Workspace
    sockets: Sockets

    def channel(self, name: str = "channel") -> Json:
        """The conversation an argument names, as far as the app may know of it."""
        reference = self.arguments.required(name)
        channel = self.workspace.channels.find(reference)
        if channel is None or (channel["is_private"] and not self.is_member(channel)):
            raise SlackError("channel_not_found")
        return channel

    def is_member(self, channel: Json) -> bool:
        """Whether the app is in the conversation."""
        bot = self.workspace.config.app.bot_user
        return self.workspace.channels.has_member(channel["id"], bot)

    def has_scope(self, scope: str) -> bool:
        """Whether the manifest grants it; without a manifest everything is granted."""
        scopes = self.workspace.manifest.scopes
        return scopes is None or scope in scopes

    def need_scope(self, *any_of: str) -> None:
        """Refuse the call unless one of these scopes is granted."""
        if not any_of or any(self.has_scope(scope) for scope in any_of):
            return
        provided = ",".join(sorted(self.workspace.manifest.scopes or ()))
        raise SlackError("missing_scope", needed=",".join(any_of), provided=provided)

    def need_read(self, *kinds: str) -> None:
        """Refuse the call unless the app may know of each of these kinds of conversation."""
        for kind in kinds:
            self.need_scope(_READ[kind])

    def need_history(self, channel: Json) -> None:
        """Refuse the call unless the app may read this kind of conversation, and is in it."""
        self.need_scope(_HISTORY[kind_of(channel)])
        if not self.is_member(channel):
            raise SlackError("not_in_channel")

    def publish(self, change: Change) -> None:
        """Tell the page and the app's events what happened."""
        self.workspace.feed.publish(change)


Handler = Callable[[Call], Json | Awaitable[Json]]


@dataclass(frozen=True)
class Method:
    """A method: who may call it, with which of these scopes, and how often a minute."""

    name: str
    handler: Handler
    per_minute: int
    scopes: tuple[str, ...] = ()
    token: TokenKind = "bot"  # noqa: S105 - a kind of token, not a token


TIER_1, TIER_2, TIER_3, TIER_4, SPECIAL = 1, 20, 50, 100, 600
"""Calls a minute; Slack promises "N+", here the N is exact."""


class Methods:
    """Methods by name."""

    def __init__(self) -> None:
        self._methods: dict[str, Method] = {}

    def add(
        self,
        name: str,
        handler: Handler,
        per_minute: int,
        *scopes: str,
        token: TokenKind = "bot",  # noqa: S107 - a kind of token, not a token
    ) -> None:
        """Offer a method."""
        self._methods[name] = Method(name, handler, per_minute, scopes, token)

    def get(self, name: str) -> Method:
        """The method of that name."""
        if name not in self._methods:
            raise SlackError("unknown_method", req_method=name)
        return self._methods[name]

    def all(self) -> list[Method]:
        """Every method, by name."""
        return sorted(self._methods.values(), key=lambda method: method.name)
