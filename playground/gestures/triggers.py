"""Trigger ids and response URLs: what lets an app answer a gesture."""

from dataclasses import dataclass

from playground.clock import Clock
from playground.errors import SlackError
from playground.ids import new_secret

RESPONSE_SECONDS = 30 * 60.0
RESPONSE_USES = 5


@dataclass
class _Trigger:
    user: str
    view_id: str
    expires: float
    used: bool = False


class Triggers:
    """A trigger id opens one view, within `seconds` (Slack: 3) of the gesture that made it."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        self._clock = clock
        self._seconds = seconds
        self._triggers: dict[str, _Trigger] = {}

    def issue(self, user: str, view_id: str = "", *, expired: bool = False) -> str:
        """A new trigger id of that person; `view_id` when the gesture happened in a modal."""
        now = self._clock.now()
        self._forget_before(now - 60)
        trigger_id = f"{int(now * 1000)}.{int(now)}.{new_secret()}"
        expires = now - 1 if expired else now + self._seconds
        self._triggers[trigger_id] = _Trigger(user, view_id, expires)
        return trigger_id

    def redeem(self, trigger_id: str) -> tuple[str, str]:
        """The person and the view behind a trigger id, which is spent by this."""
        trigger = self._triggers.get(trigger_id)
        if trigger is None:
            raise SlackError("invalid_trigger_id")
        if trigger.used:
            raise SlackError("exchanged_trigger_id")
        if self._clock.now() > trigger.expires:
            raise SlackError("expired_trigger_id")
        trigger.used = True
        return trigger.user, trigger.view_id

    def _forget_before(self, moment: float) -> None:
        for trigger_id in list(self._triggers):
            if self._triggers[trigger_id].expires >= moment:
                break
            del self._triggers[trigger_id]


@dataclass
class ResponseTarget:
    """Where an answer to a response URL goes. `ts` is the message that was clicked, if any."""

    channel: str
    user: str
    ts: str = ""
    thread_ts: str = ""
    is_ephemeral: bool = False
    expires: float = 0.0
    uses: int = 0


class ResponseUrls:
    """A response URL takes 5 answers within 30 minutes."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._replies: dict[str, ResponseTarget] = {}

    def issue(self, reply: ResponseTarget) -> str:
        """The secret part of a new response URL."""
        now = self._clock.now()
        for known in list(self._replies):
            if self._replies[known].expires >= now:
                break
            del self._replies[known]
        reply.expires = now + RESPONSE_SECONDS
        secret = new_secret()
        self._replies[secret] = reply
        return secret

    def use(self, secret: str) -> ResponseTarget:
        """Count one use; where it goes."""
        reply = self._replies.get(secret)
        if reply is None or self._clock.now() > reply.expires:
            raise SlackError("expired_url")
        if reply.uses >= RESPONSE_USES:
            raise SlackError("used_url")
        reply.uses += 1
        return reply
