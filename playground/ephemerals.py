"""Messages only one person sees, gone with the next start."""

from collections import defaultdict

from playground.http.wire import Json


class Ephemerals:
    """Ephemeral messages by channel, each with `ephemeral_for`, the person who sees it."""

    def __init__(self) -> None:
        self._messages: dict[str, dict[str, Json]] = defaultdict(dict)

    def put(self, channel: str, message: Json) -> None:
        """Show a message, or show it changed."""
        self._messages[channel][message["ts"]] = message

    def get(self, channel: str, ts: str) -> Json | None:
        """The message with that ts."""
        return self._messages[channel].get(ts)

    def remove(self, channel: str, ts: str) -> None:
        """Take a message away."""
        self._messages[channel].pop(ts, None)

    def of(self, channel: str, user: str, thread_ts: str | None = None) -> list[Json]:
        """What a person sees in a channel, or in one of its threads, oldest first."""
        return [
            message
            for message in self._messages[channel].values()
            if message["ephemeral_for"] == user and message.get("thread_ts") == thread_ts
        ]
