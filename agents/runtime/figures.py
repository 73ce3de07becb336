"""What is counted about calls of agents."""

from enum import StrEnum
from typing import Protocol

from workflows.task.cost import Spent


class CacheUse(StrEnum):
    """What the cache had for a call."""

    HIT = "hit"
    MISS = "miss"
    LAST_GOOD = "last_good"


class CallFigures(Protocol):
    """Labels have few values: names of the settings, kinds of errors, never ids."""

    def agent_called(self, agent: str, status: str, mode: str, seconds: float) -> None:
        """One turn; `status` is `ok` or the kind of the error, `mode` is empty when it failed."""
        ...

    def agent_spent(self, agent: str, spent: Spent) -> None:
        """What the models of one turn's attempt cost."""
        ...

    def agent_cache(self, agent: str, use: CacheUse) -> None:
        """The cache was asked."""
        ...


class NoFigures:
    """Counts nothing."""

    def agent_called(self, agent: str, status: str, mode: str, seconds: float) -> None:
        """See `CallFigures`."""

    def agent_spent(self, agent: str, spent: Spent) -> None:
        """See `CallFigures`."""

    def agent_cache(self, agent: str, use: CacheUse) -> None:
        """See `CallFigures`."""
