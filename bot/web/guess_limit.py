"""How many wrong posts one client may send, before he has to wait."""

import time
from collections import OrderedDict, deque
from collections.abc import Callable

MOST = 20
WITHIN = 600.0
CLIENTS = 10_000


class GuessLimit:
    """Counts failures per client in a sliding window of `within` seconds; forgets old clients."""

    def __init__(
        self,
        most: int = MOST,
        within: float = WITHIN,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._most = most
        self._within = within
        self._clock = clock
        self._failures: OrderedDict[str, deque[float]] = OrderedDict()

    def wait(self, client: str) -> int:
        """Seconds this client has to wait; 0 for none."""
        failures, now = self._failures.get(client, deque()), self._clock()
        while failures and failures[0] <= now - self._within:
            failures.popleft()
        if len(failures) < self._most:
            return 0
        return max(1, int(failures[0] + self._within - now) + 1)

    def failed(self, client: str) -> None:
        """One more failure."""
        failures = self._failures.setdefault(client, deque(maxlen=self._most))
        failures.append(self._clock())
        self._failures.move_to_end(client)
        while len(self._failures) > CLIENTS:
            self._failures.popitem(last=False)
