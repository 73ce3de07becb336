"""Slack's pace: one message a second and channel, urgent ones first, no call before it may be.

A message waits here for at most a few seconds. One that would wait longer is told when to come
back (`SendLater`), so that a burst does not keep everybody else from being served. Rewrites of
messages do not count against a channel; of several for one message only the newest goes out.
After a 429 a method rests for as long as Slack says, and then one call tries whether it is over.

Processes take turns in a channel, and hear of each other's 429s (`SharedPace`). Whoever has
something urgent asks for the next turn a moment earlier than the others, and so gets it.
"""

import asyncio
import contextlib
import heapq
import itertools
import math
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from enum import IntEnum

from slack_sdk.web.async_slack_response import AsyncSlackResponse
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from notifications.slack.gate import POLL, Clock, MethodGate
from notifications.slack.shared_pace import Alone, SharedPace

INTERVAL = 1.0
NEAR = 3.0
"""Seconds: whoever has to wait longer comes back later."""
EARLY = 2.0
"""Seconds before its turn that somebody who was sent away is back."""
NEW_WAITING, ALL_WAITING = 4, 6
"""So many may wait in a channel: for who comes first, and for who comes back."""

POST, REWRITE, PRIVATE = "chat.postMessage", "chat.update", "chat.postEphemeral"
SPACINGS = {POST: 0.0, REWRITE: 60 / 50, PRIVATE: 60 / 100}
"""Seconds between calls once Slack refused one: what its tiers promise. A post has its channel's
pace, and no number that Slack names."""
LATER = "paced"
Send = Callable[[], Awaitable[AsyncSlackResponse]]


class Urgency(IntEnum):
    """What goes first."""

    ANSWER = 0
    CARD = 1
    NOTICE = 2


AHEAD = {Urgency.ANSWER: 0.15, Urgency.CARD: 0.1, Urgency.NOTICE: 0.05}
"""Seconds before a channel is free that its next turn is asked for."""
EARLIER, MOST_EARLIER = 0.01, 4
"""And so many more for each turn another process had meanwhile, so that all have theirs."""
EARLIEST = AHEAD[Urgency.ANSWER] + EARLIER * MOST_EARLIER


class SendLater(ApplicationError):  # noqa: N818 - the name says what to do
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
    """One channel. `booked` is when the last one who was sent away will be served; `each` is how
    long one of our messages takes, more where other processes send as well."""

    name: str
    each: float
    waiting: list[_Waiting] = field(default_factory=list)
    free_at: float = 0.0
    booked: float = 0.0
    serving: asyncio.Task[None] | None = None


class Pacer:
    """One for each process that sends."""

    def __init__(
        self,
        interval: float = INTERVAL,
        clock: Clock = time.monotonic,
        shared: SharedPace | None = None,
    ) -> None:
        self._interval = interval
        self._clock = clock
        self._shared = shared or Alone()
        self._lanes: dict[str, _Lane] = {}
        self._gates = {
            method: MethodGate(method, clock, self._shared, spacing)
            for method, spacing in SPACINGS.items()
        }
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

        Raises `SendLater`, before anything is sent, unless `patient`.
        """
        lane = self._lanes.setdefault(channel, _Lane(channel, self._interval))
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
        """Send, or nothing when a newer rewrite of this message came. Raises `SendLater`."""
        gate, message, mine = self._gates[REWRITE], (channel, ts), object()
        if message not in self._newest:
            await self._admit_to(gate, len(self._newest))
        self._newest[message] = mine
        try:
            async with gate.entered((Urgency.NOTICE, math.inf)) as entry:
                entry.unused = self._newest.get(message) is not mine
                return None if entry.unused else await send()
        finally:
            if self._newest.get(message) is mine:
                del self._newest[message]

    async def answer(self, send: Send, *, patient: bool) -> AsyncSlackResponse:
        """Send a sentence only one person sees. Raises `SendLater` unless `patient`."""
        gate = self._gates[PRIVATE]
        if patient:
            await gate.learn()
        else:
            await self._admit_to(gate, gate.waiting)
        async with gate.entered((Urgency.ANSWER, math.inf)):
            return await send()

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
        places = (ALL_WAITING if returning else NEW_WAITING) * self._interval / lane.each
        if len(lane.waiting) < max(places, 1) and rest <= NEAR:
            return
        now = self._clock()
        before = max(now + rest, lane.free_at) + len(lane.waiting) * self._interval
        lane.booked = max(before, lane.booked) + self._interval
        raise SendLater(max(lane.booked - now - EARLY, self._interval))

    async def _admit_to(self, gate: MethodGate, calls: int) -> None:
        """Stay if so many calls before this one are soon made."""
        await gate.learn()
        if gate.expected(calls) > NEAR:
            raise SendLater(gate.book(calls))

    async def _serve(self, lane: _Lane) -> None:
        """One after the other, each an interval after Slack took the one before."""
        try:
            while lane.waiting:
                token = await self._turn(lane)
                entry = _next(lane)
                if entry is None:
                    await self._shared.give_back(lane.name, token, 0.0)
                    return
                entry.turn.set()
                await entry.done.wait()
                lane.free_at = self._clock() + self._interval - entry.taken_before
                await self._shared.give_back(lane.name, token, lane.free_at - self._clock())
        finally:
            lane.serving = None

    async def _turn(self, lane: _Lane) -> int:
        """Wait for the channel's next turn, and take it before another process does."""
        gate, others = self._gates[POST], 0
        while True:
            await self._until(lane.free_at - EARLIEST)
            ahead = AHEAD[min(one.urgency for one in lane.waiting)]
            ahead += EARLIER * min(others, MOST_EARLIER)
            await self._until(lane.free_at - ahead)
            await gate.opened()
            turn = await self._shared.claim(lane.name, POST, ahead)
            if turn is None:
                await self._until(lane.free_at)
                await gate.opened()
                return 0
            if turn.strict:
                gate.shut(turn.rest)
            if turn.token:
                await asyncio.sleep(turn.wait)
                lane.each = self._interval * (1 + min(others, MOST_EARLIER))
                return turn.token
            if turn.held:
                await asyncio.sleep(min(POLL, turn.wait))
            elif not turn.rest:
                others += 1
                lane.free_at = self._clock() + turn.wait

    async def _until(self, moment: float) -> None:
        await asyncio.sleep(max(moment - self._clock(), 0.0))


def _next(lane: _Lane) -> _Waiting | None:
    """Whoever comes first of those who are still there."""
    while lane.waiting:
        entry = heapq.heappop(lane.waiting)
        if not entry.done.is_set():
            return entry
    return None


def _since_taken(answer: AsyncSlackResponse, started: float) -> float:
    """Seconds since Slack took a message, by its timestamp; 0 where its clock is not ours."""
    answered = time.time()
    with contextlib.suppress(TypeError, ValueError):
        taken = float(answer.get("ts") or 0)
        if started <= taken <= answered:
            return answered - taken
    return 0.0
