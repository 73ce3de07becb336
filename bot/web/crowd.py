"""How many may be inside at once: so many in all, and of one kind only some of them.

Whoever comes too many at once waits, in a line with their own kind only, so a flood from one
address holds up that address. Nothing is remembered of who has left: nobody is shut out.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

INSIDE = 4
OF_ONE_KIND = 2
IN_LINE = 200


class Crowded(Exception):  # noqa: N818 - the line is full, the program is fine
    """Too many of this kind wait already."""


@dataclass
class _Line:
    """Of one kind: how many are here, inside or waiting, and who goes next."""

    turns: asyncio.Semaphore
    here: int = 0


class Crowd:
    """Whoever is let in, waits, or is turned away; holds only those who are here."""

    def __init__(
        self, inside: int = INSIDE, of_one_kind: int = OF_ONE_KIND, in_line: int = IN_LINE
    ) -> None:
        self._turns = asyncio.Semaphore(inside)
        self._of_one_kind = of_one_kind
        self._most = of_one_kind + in_line
        self._lines: dict[str, _Line] = {}

    def __len__(self) -> int:
        """How many kinds are here."""
        return len(self._lines)

    @contextlib.asynccontextmanager
    async def entered(self, kind: str) -> AsyncIterator[None]:
        """Inside; raises Crowded where the line is full."""
        line = self._lines.setdefault(kind, _Line(asyncio.Semaphore(self._of_one_kind)))
        if line.here >= self._most:
            raise Crowded
        line.here += 1
        try:
            async with line.turns, self._turns:
                yield
        finally:
            line.here -= 1
            if not line.here:
                del self._lines[kind]
