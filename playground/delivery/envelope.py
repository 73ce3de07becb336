"""What travels to the bot, and what comes back."""

from dataclasses import dataclass, field, replace
from typing import Any, Literal, Protocol

from playground.http.wire import Json
from playground.ids import new_secret

Kind = Literal["slash_commands", "interactive", "events_api"]


@dataclass(frozen=True)
class Envelope:
    """One delivery. `attempt` counts retries from 0; `wants_reply` lets the ack carry a payload."""

    kind: Kind
    payload: Json
    wants_reply: bool = False
    attempt: int = 0
    reason: str = ""
    id: str = field(default_factory=lambda: new_secret(32))

    def again(self, reason: str) -> "Envelope":
        """The next attempt, under a new id."""
        return replace(self, attempt=self.attempt + 1, reason=reason, id=new_secret(32))


class NoAckError(Exception):
    """The bot did not take the envelope; `reason` as Slack names it when it retries."""

    def __init__(self, reason: str, *, delivered: bool = True, may_retry: bool = True) -> None:
        super().__init__(reason)
        self.reason = reason
        self.delivered = delivered
        self.may_retry = may_retry


class Transport(Protocol):
    """A way to the bot."""

    async def send(self, envelope: Envelope, *, twice: bool, ignore_ack: bool) -> Any:
        """What the bot answered with (None for nothing); raises NoAckError."""


@dataclass(frozen=True)
class Receipt:
    """What became of a delivery. `reply` is what the bot acked with."""

    delivered: bool
    acked: bool
    milliseconds: float
    reply: Any = None
    reason: str = ""

    def told(self, trigger_id: str) -> Json:
        """What a person's gesture is answered with."""
        names = ("delivered", "acked", "milliseconds")
        return {name: getattr(self, name) for name in names} | {"trigger_id": trigger_id}
