"""Slack's rate limits."""

import math
from collections import defaultdict, deque

from playground.clock import Clock

MINUTE = 60.0


class RateLimits:
    """Calls a minute per method, and messages a second per channel.

    `admit` gives 0 for a call that may pass, else the seconds to wait (`Retry-After`).
    """

    def __init__(self, clock: Clock, message_burst: int) -> None:
        self._clock = clock
        self._burst = message_burst
        self._calls: dict[str, deque[float]] = defaultdict(deque)
        self._channels: dict[str, float] = {}

    def admit(self, method: str, per_minute: int, channel: str = "") -> int:
        """Count one call, unless it comes too soon."""
        now = self._clock.now()
        calls = self._calls[method]
        while calls and calls[0] <= now - MINUTE:
            calls.popleft()
        if len(calls) >= per_minute:
            return _whole_seconds(calls[0] + MINUTE - now)
        wait = self._channel_wait(channel, now) if channel else 0.0
        if wait > 0:
            return _whole_seconds(wait)
        calls.append(now)
        if channel:
            self._channels[channel] = max(now, self._channels.get(channel, 0.0)) + 1.0
        return 0

    def _channel_wait(self, channel: str, now: float) -> float:
        """A channel is paid one second per message; `burst` messages may be owed."""
        owed = self._channels.get(channel, 0.0) - now
        return owed - (self._burst - 1)


def _whole_seconds(seconds: float) -> int:
    return max(1, math.ceil(seconds))
