"""What was called and what was delivered, for people and tests to look at."""

from collections import deque

from playground.clock import Clock
from playground.http.wire import Json

KEPT = 5_000
LONGEST = 50_000


class Journal:
    """The latest API calls and deliveries, each numbered by `n` from 1."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._calls: deque[Json] = deque(maxlen=KEPT)
        self._deliveries: deque[Json] = deque(maxlen=KEPT)
        self._called = 0
        self._delivered = 0

    def call(self, method: str, bot: str, arguments: Json) -> Json:
        """Note a call; the caller fills in `response` and `status`."""
        self._called += 1
        entry: Json = {
            "n": self._called,
            "at": self._clock.now(),
            "method": method,
            "arguments": shortened(arguments),
            "bot": bot,
            "response": None,
            "status": None,
        }
        self._calls.append(entry)
        return entry

    def delivery(self, kind: str, envelope_id: str, attempt: int, payload: Json) -> Json:
        """Note a delivery; the caller fills in `acked_after_ms` and `error`."""
        self._delivered += 1
        entry: Json = {
            "n": self._delivered,
            "at": self._clock.now(),
            "type": kind,
            "envelope_id": envelope_id,
            "attempt": attempt,
            "payload": payload,
            "acked_after_ms": None,
            "error": None,
        }
        self._deliveries.append(entry)
        return entry

    def calls(self, since: int = 0, method: str = "") -> list[Json]:
        """The calls after number `since`, of one method or of all."""
        return [
            call for call in self._calls if call["n"] > since and method in ("", call["method"])
        ]

    def deliveries(self, since: int = 0) -> list[Json]:
        """The deliveries after number `since`."""
        return [delivery for delivery in self._deliveries if delivery["n"] > since]

    def clear(self) -> None:
        self._calls.clear()
        self._deliveries.clear()


def shortened(arguments: Json) -> Json:
    """The arguments with what is too long to keep cut off."""
    return {
        name: value[:LONGEST] if isinstance(value, str) else value
        for name, value in arguments.items()
    }
