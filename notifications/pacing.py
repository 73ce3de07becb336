"""Slack's pace: one message a second and channel, urgent ones first, no call before it may be.

A message waits here for at most a few seconds. One that would wait longer is told when to come
back (`Later`), so that a burst does not keep everybody else from being served. Rewrites of
messages do not count against a channel; of several for one message only the newest goes out.
After a 429 a method rests for as long as Slack says, and then one call tries whether it is over.
"""

import asyncio
import contextlib
import heapq
import itertools
import math
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from enum import IntEnum

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_slack_response import AsyncSlackResponse
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from notifications.calls import retry_after

INTERVAL = 1.0
NEAR = 3.0
"""Seconds: whoever has to wait longer comes back later."""
EARLY = 2.0
"""Seconds before its turn that somebody who was sent away is back."""
NEW_WAITING, ALL_WAITING = 4, 6
"""So many may wait in a channel: for who comes first, and for who comes back."""

POST, REWRITE = "chat.postMessage", "chat.update"
LATER = "paced"
Send = Callable[[], Awaitable[AsyncSlackResponse]]
Clock = Callable[[], float]


class Urgency(IntEnum):
    """What goes first."""

    ANSWER = 0
    CARD = 1
    NOTICE = 2


Order = tuple[Urgency, float]


class Later(ApplicationError):  # noqa: N818 - the name says what to do
    """Nothing was sent; Temporal comes back after `seconds`."""

    def __init__(self, seconds: float) -> None:
        super().__init__(
            f"This message's turn comes in {seconds:.0f} s.",
            type=LATER,
            next_retry_delay=timedelta(seconds=seconds),
            category=ApplicationErrorCategory.BENIGN,
        )
        self.seconds = seconds


@dataclass(order=True)
class _Waiting:
    urgency: Urgency
    since: float
    number: int
    turn: asyncio.Event = field(default_factory=asyncio.Event, compare=False)
    done: asyncio.Event = field(default_factory=asyncio.Event, compare=False)
    taken_before: float = field(default=0.0, compare=False)


@dataclass
class _Lane:
    """One channel. `booked` is when the last one who was sent away will be served."""

    waiting: list[_Waiting] = field(default_factory=list)
    free_at: float = 0.0
    booked: float = 0.0
    serving: asyncio.Task[None] | None = None


class Pacer:
    """One for each process that sends."""

    def __init__(self, interval: float = INTERVAL, clock: Clock = time.monotonic) -> None:
        self._interval = interval
        self._clock = clock
        self._lanes: defaultdict[str, _Lane] = defaultdict(_Lane)
        self._gates = {method: _Gate(clock) for method in (POST, REWRITE)}
        self._newest: dict[tuple[str, str], object] = {}
        self._numbers = itertools.count()

    async def post(
        self,
        channel: str,
        send: Send,
        urgency: Urgency,
        *,
        since: float = math.inf,
        returning: bool = False,
        patient: bool = False,
    ) -> AsyncSlackResponse:
        """Send when it is this message's turn; of the same urgency, whoever waits longest.

        Raises `Later`, before anything is sent, unless `patient`.
        """
        lane = self._lanes[channel]
        if not patient:
            self._admit(lane, returning=returning)
        entry = _Waiting(urgency, since, next(self._numbers))
        heapq.heappush(lane.waiting, entry)
        if lane.serving is None:
            lane.serving = asyncio.create_task(self._serve(lane))
        try:
            await entry.turn.wait()
            async with self._gates[POST].entered((urgency, since)):
                started = time.time()
                answer = await send()
                entry.taken_before = _since_taken(answer, started)
                return answer
        finally:
            entry.done.set()

    async def rewrite(self, channel: str, ts: str, send: Send) -> AsyncSlackResponse | None:
        """Send, or nothing when a newer rewrite of this message came meanwhile. Raises `Later`."""
        gate, message, mine = self._gates[REWRITE], (channel, ts), object()
        if gate.rest() > NEAR:
            raise Later(gate.rest())
        self._newest[message] = mine
        try:
            async with gate.entered((Urgency.NOTICE, math.inf)):
                return await send() if self._newest.get(message) is mine else None
        finally:
            if self._newest.get(message) is mine:
                del self._newest[message]

    async def close(self) -> None:
        """Nobody is served any more."""
        serving = [lane.serving for lane in self._lanes.values() if lane.serving is not None]
        for task in serving:
            task.cancel()
        await asyncio.gather(
            *serving, *(gate.close() for gate in self._gates.values()), return_exceptions=True
        )

    def _admit(self, lane: _Lane, *, returning: bool) -> None:
        """Stay if few wait here, else book the next free moment and leave."""
        rest = self._gates[POST].rest()
        if len(lane.waiting) < (ALL_WAITING if returning else NEW_WAITING) and rest <= NEAR:
            return
        now = self._clock()
        before = max(now + rest, lane.free_at) + len(lane.waiting) * self._interval
        lane.booked = max(before, lane.booked) + self._interval
        raise Later(max(lane.booked - now - EARLY, self._interval))

    async def _serve(self, lane: _Lane) -> None:
        """One after the other, each an interval after Slack took the one before."""
        try:
            while lane.waiting:
                await asyncio.sleep(max(lane.free_at - self._clock(), 0))
                await self._gates[POST].opened()
                entry = heapq.heappop(lane.waiting)
                if entry.done.is_set():
                    continue
                entry.turn.set()
                await entry.done.wait()
                lane.free_at = self._clock() + self._interval - entry.taken_before
        finally:
            lane.serving = None


def _since_taken(answer: AsyncSlackResponse, started: float) -> float:
    """Seconds since Slack took a message, by its timestamp; 0 where its clock is not ours."""
    answered = time.time()
    with contextlib.suppress(TypeError, ValueError):
        taken = float(answer.get("ts") or 0)
        if started <= taken <= answered:
            return answered - taken
    return 0.0


class _Gate:
    """One method: shut by a 429 until Slack's moment, and then until one call has come through.

    Whoever waits is let in in order: urgent ones first, then whoever waits longest.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._until = 0.0
        self._shut = False
        self._waiting: list[tuple[Order, int, asyncio.Future[bool]]] = []
        self._numbers = itertools.count()
        self._opening: asyncio.Task[None] | None = None
        self._tried = asyncio.Event()

    def rest(self) -> float:
        """Seconds until the next call may be tried."""
        return max(self._until - self._clock(), 0.0)

    async def opened(self) -> None:
        """Wait while a call now would come too soon."""
        while rest := self.rest():  # noqa: ASYNC110 - a 429 meanwhile makes it longer
            await asyncio.sleep(rest)

    @contextlib.asynccontextmanager
    async def entered(self, order: Order) -> AsyncIterator[None]:
        """Around one call; learns from what becomes of it."""
        is_trial = self._shut and await self._admitted(order)
        try:
            yield
        except SlackApiError as error:
            if error.response is not None and error.response.status_code == 429:
                self._until = self._clock() + retry_after(error).total_seconds()
                self._shut = True
            elif is_trial:
                self._shut = False
            raise
        else:
            if is_trial:
                self._shut = False
        finally:
            if is_trial:
                self._tried.set()

    async def close(self) -> None:
        """Nobody is let in any more."""
        if self._opening is not None:
            self._opening.cancel()
            await asyncio.gather(self._opening, return_exceptions=True)

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
                    await self.opened()
                _, _, turn = heapq.heappop(self._waiting)
                if turn.done():
                    continue
                self._tried.clear()
                turn.set_result(self._shut)
                if self._shut:
                    await self._tried.wait()
        finally:
            self._opening = None
