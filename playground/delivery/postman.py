"""Brings envelopes to the bot, with Slack's retries and whatever fault is in force."""

import asyncio
import time

from playground.clock import Clock
from playground.delivery.envelope import Envelope, NoAckError, Receipt, Transport
from playground.http.wire import Json
from playground.journal import Journal
from playground.testing.faults import Faults

RETRIES = (0.0, 60.0, 300.0)
"""Seconds before each further attempt at an event. Gestures are never retried."""


class Postman:
    """Delivers gestures at once, and events until they are acked or given up."""

    def __init__(
        self, transport: Transport, faults: Faults, journal: Journal, clock: Clock
    ) -> None:
        self.transport = transport
        self._faults = faults
        self._journal = journal
        self._clock = clock
        self._tasks: set[asyncio.Task[None]] = set()

    async def deliver(self, envelope: Envelope) -> Receipt:
        """One attempt; what became of it."""
        entry = self._journal.delivery(
            envelope.kind, envelope.id, envelope.attempt, envelope.payload
        )
        receipt = await self._attempt(envelope)
        entry["acked_after_ms"] = receipt.milliseconds if receipt.acked else None
        entry["error"] = receipt.reason or None
        return receipt

    def post(self, event: Json) -> None:
        """Deliver an event in the background, in the order of the calls."""
        task = asyncio.create_task(self._insist(Envelope("events_api", event)))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Give up on every event still to be delivered."""
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _insist(self, envelope: Envelope) -> None:
        receipt = await self.deliver(envelope)
        for pause in RETRIES:
            if receipt.acked or receipt.reason in ("deaf", "no_retry"):
                return
            await self._clock.sleep(pause)
            envelope = envelope.again(receipt.reason)
            receipt = await self.deliver(envelope)

    async def _attempt(self, envelope: Envelope) -> Receipt:
        kind = envelope.kind
        if self._faults.strike(kind, "deaf", "outage"):
            return Receipt(delivered=False, acked=False, milliseconds=0.0, reason="deaf")
        twice = self._faults.strike(kind, "duplicate") is not None
        ignore_ack = self._faults.strike(kind, "drop_ack") is not None
        started = time.perf_counter()
        try:
            reply = await self.transport.send(envelope, twice=twice, ignore_ack=ignore_ack)
        except NoAckError as error:
            reason = error.reason if error.may_retry else "no_retry"
            return Receipt(error.delivered, False, _since(started), reason=reason)
        return Receipt(delivered=True, acked=True, milliseconds=_since(started), reply=reply)


def _since(started: float) -> float:
    return round((time.perf_counter() - started) * 1_000, 3)
