"""What several processes know of Slack's pace together, as far as the pace needs it."""

from typing import Protocol


class PaceTurn(Protocol):
    """What came of asking for a turn."""

    @property
    def token(self) -> int:
        """Who holds the turn; 0 is not us."""
        ...

    @property
    def wait(self) -> float:
        """Seconds: until the turn we hold begins, else until it makes sense to ask again."""
        ...

    @property
    def held(self) -> bool:
        """Somebody else is at it just now, so `wait` is the longest it can take."""
        ...

    @property
    def strict(self) -> bool:
        """Slack refused this method a short while ago: now one call at a time."""
        ...

    @property
    def rest(self) -> float:
        """Seconds the method may not be called at all."""
        ...


class SharedPace(Protocol):
    """Never raises; None is: nobody can be asked, go by what this process knows."""

    async def claim(self, channel: str, method: str, ahead: float) -> PaceTurn | None:
        """The channel's next turn, if the method may be called and the turn is near enough.

        Near is `ahead` seconds. Whoever got it gives it back; if they don't, it lapses.
        """
        ...

    async def look(self, method: str) -> PaceTurn | None:
        """Whether the method may be called."""
        ...

    async def try_again(self, method: str) -> PaceTurn | None:
        """Be the one who calls a method that was refused; not `strict` is: everybody may."""
        ...

    async def give_back(
        self, name: str, token: int, seconds: float, *, opens: bool = False
    ) -> None:
        """The turn is over, the next one begins in `seconds`; `opens` ends being strict."""
        ...

    async def refused(self, method: str, seconds: float, strict: float) -> None:
        """Slack wants no call for `seconds`, and for `strict` more one at a time."""
        ...


class Alone:
    """For a process that has nobody beside it."""

    async def claim(self, channel: str, method: str, ahead: float) -> PaceTurn | None:
        """Go by what this process knows."""

    async def look(self, method: str) -> PaceTurn | None:
        """As above."""

    async def try_again(self, method: str) -> PaceTurn | None:
        """As above."""

    async def give_back(
        self, name: str, token: int, seconds: float, *, opens: bool = False
    ) -> None:
        """Nobody waits for it."""

    async def refused(self, method: str, seconds: float, strict: float) -> None:
        """Nobody else has to know."""
