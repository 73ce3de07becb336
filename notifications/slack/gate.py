"""One method of Slack's: shut by a 429 until Slack's moment, for every process of ours."""

import asyncio
import contextlib
import heapq
import itertools
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from slack_sdk.errors import SlackApiError

from notifications.slack.errors import retry_after
from notifications.slack.shared_pace import SharedPace

Clock = Callable[[], float]
Order = tuple[int, float]

STRICT = 60.0
"""Seconds after a refusal for which a method keeps its spacing: Slack counts by the minute."""
POLL = 0.1


@dataclass
class Entry:
    """Whoever makes no call after all says so: then it proves nothing, and the next one tries."""

    unused: bool = False


class MethodGate:
    """After a 429 one call tries; once it came through, everybody goes in.

    With a `spacing` they then go in one after the other, so far apart, until Slack's minute is
    over. Whoever waits is let in in order: urgent ones first, then whoever waits longest.
    """

    def __init__(self, method: str, clock: Clock, shared: SharedPace, spacing: float = 0.0) -> None:
        self._method = method
        self._clock = clock
        self._shared = shared
        self._spacing = spacing
        self._until = 0.0
        self._strict_until = 0.0
        self._booked = 0.0
        self._shut = False
        self._token = 0
        self._waiting: list[tuple[Order, int, asyncio.Future[bool]]] = []
        self._numbers = itertools.count()
        self._opening: asyncio.Task[None] | None = None
        self._tried = asyncio.Event()

    def rest(self) -> float:
        """Seconds until the next call may be tried."""
        return max(self._until - self._clock(), 0.0)

    @property
    def waiting(self) -> int:
        """How many wait."""
        return len(self._waiting)

    def expected(self, calls: int) -> float:
        """Seconds somebody would wait who comes after so many calls."""
        return self.rest() + (calls * self._spacing if self._shut else 0.0)

    def book(self, calls: int) -> float:
        """Seconds after which somebody who is sent away comes back, each at a moment of theirs."""
        now = self._clock()
        self._booked = max(now + self.expected(calls), self._booked + self._spacing)
        return self._booked - now

    def shut(self, seconds: float) -> None:
        """Another process was refused."""
        self._shut = True
        self._until = max(self._until, self._clock() + seconds)
        self._strict_until = max(self._strict_until, self._until + STRICT)

    async def learn(self) -> None:
        """Hear whether another process was refused."""
        known = await self._shared.look(self._method)
        if known is None:
            return
        if known.strict:
            self.shut(POLL if known.held else known.wait)
        elif not self.rest():
            self._shut = False

    async def opened(self) -> None:
        """Wait while a call now would come too soon."""
        while rest := self.rest():  # noqa: ASYNC110 - a 429 meanwhile makes it longer
            await asyncio.sleep(rest)

    @contextlib.asynccontextmanager
    async def entered(self, order: Order) -> AsyncIterator[Entry]:
        """Around one call; learns from what becomes of it."""
        is_trial = self._shut and await self._admitted(order)
        entry = Entry()
        try:
            yield entry
        except SlackApiError as error:
            if error.response is not None and error.response.status_code == 429:
                await self._refused(retry_after(error).total_seconds())
            elif is_trial:
                await self._passed()
            raise
        else:
            if is_trial and not entry.unused:
                await self._passed()
        finally:
            if is_trial:
                self._tried.set()

    async def close(self) -> None:
        """Nobody is let in any more."""
        if self._opening is not None:
            self._opening.cancel()
            await asyncio.gather(self._opening, return_exceptions=True)

    async def _refused(self, seconds: float) -> None:
        now = self._clock()
        self._shut, self._until = True, now + seconds
        self._strict_until = self._until + STRICT
        self._token = 0
        await self._shared.refused(self._method, seconds, STRICT)

    async def _passed(self) -> None:
        """The trial came through: everybody may, or the next one after the spacing."""
        token, self._token = self._token, 0
        stays = bool(self._spacing) and self._clock() < self._strict_until
        if stays:
            self._until = self._clock() + self._spacing
        else:
            self._shut = False
        if token:
            pause = self._spacing if stays else 0.0
            await self._shared.give_back(self._method, token, pause, opens=not stays)

    async def _admitted(self, order: Order) -> bool:
        """Wait for the way to be free; whether this call is the one that tries."""
        turn: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (order, next(self._numbers), turn))
        if self._opening is None:
            self._opening = asyncio.create_task(self._open())
        try:
            return await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and turn.result():
                self._tried.set()  # let in to try, and gone before it could
            raise

    async def _open(self) -> None:
        """After each rest one tries; once one came through, everybody goes in."""
        try:
            while self._waiting:
                if self._shut:
                    await self._may_try()
                _, _, turn = heapq.heappop(self._waiting)
                if turn.done():
                    continue
                self._tried.clear()
                turn.set_result(self._shut)
                if self._shut:
                    await self._tried.wait()
        finally:
            self._opening = None
            if self._token:  # whoever should have tried has left
                token, self._token = self._token, 0
                await self._shared.give_back(self._method, token, 0.0)

    async def _may_try(self) -> None:
        """Until it is our turn to try, among all processes, or everybody may."""
        while self._shut:
            await self.opened()
            if self._token:
                return
            turn = await self._shared.try_again(self._method)
            if turn is None:
                return
            if turn.token:
                self._token = turn.token
                return
            if not turn.strict:
                self._shut = False
                return
            self._until = self._clock() + (min(POLL, turn.wait) if turn.held else turn.wait)
