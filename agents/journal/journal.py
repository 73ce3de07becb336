"""Where it is kept what a turn's models said and its tools did, for the attempts after this one."""

from collections.abc import Iterable, Mapping
from typing import Protocol

from cachetools import LRUCache

MOST_TURNS = 500


class TurnJournal(Protocol):
    """One list of entries for each turn; an entry is JSON.

    Methods raise an AgentError when it cannot be read or written: then nothing more may run.
    """

    async def open(self, turn: str) -> tuple[int, list[bytes]]:
        """Begin an attempt: its number, and the entries of those before it, oldest first."""
        ...

    async def add(self, turn: str, attempt: int, entry: bytes, *, first: bool = False) -> bool:
        """Keep an entry: it is durable when this returns.

        With `first`, only while no later attempt has begun; False says that one has.
        """
        ...


class MemoryJournal:
    """For one process: it knows what failed, and nothing after a crash."""

    def __init__(self, entries: Mapping[str, Iterable[bytes]] | None = None) -> None:
        self._turns: LRUCache[str, tuple[int, list[bytes]]] = LRUCache(MOST_TURNS)
        for turn, written in (entries or {}).items():
            self._turns[turn] = (1, list(written))

    def entries(self, turn: str) -> tuple[bytes, ...]:
        """What is kept of this turn."""
        return tuple(self._turns.get(turn, (0, []))[1])

    async def open(self, turn: str) -> tuple[int, list[bytes]]:
        """See `TurnJournal`."""
        attempt, entries = self._turns.get(turn, (0, []))
        self._turns[turn] = (attempt + 1, entries)
        return attempt + 1, list(entries)

    async def add(self, turn: str, attempt: int, entry: bytes, *, first: bool = False) -> bool:
        """See `TurnJournal`."""
        latest, entries = self._turns.setdefault(turn, (attempt, []))
        if first and latest != attempt:
            return False
        entries.append(entry)
        return True
