"""Whether anything still comes in from Slack. Outbound may work for hours while nothing does.

While approvals wait and nothing was heard for a minute, a heartbeat of ours goes out, which Slack
has to bring back. If it does not, the sockets are renewed; if that does not help, the approvals are
told, and what is due goes by e-mail.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

import structlog

from bot.config.errors import SignoffError
from bot.monitoring.metrics import Metrics
from storage.errors import StorageError
from workflows.messages.outage import Outage

log = structlog.get_logger()

HEARD = "ok"
_LONG_AGO = datetime.fromtimestamp(0, UTC)


def utc() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class WatchdogPace:
    """`silence` until the first beat and between beats; an unanswered one renews the sockets after
    `renew`, and every `renew_again`, and counts as deafness after `deaf`. `look` is between two
    looks. An approval is told once it is older than `fresh`, that it holds for `holds`, and again
    before that is over."""

    look: timedelta = timedelta(seconds=10)
    silence: timedelta = timedelta(seconds=60)
    renew: timedelta = timedelta(seconds=30)
    renew_again: timedelta = timedelta(minutes=2)
    deaf: timedelta = timedelta(seconds=120)
    fresh: timedelta = timedelta(seconds=60)
    holds: timedelta = timedelta(hours=1)


PACE = WatchdogPace()


class Beats(Protocol):
    """Makes Slack send us something."""

    async def beat(self, now: datetime) -> bool:
        """Whether Slack took it."""


class PendingApprovals(Protocol):
    """The approvals that wait."""

    async def any_waits(self) -> bool:
        """Whether there is one."""

    async def bridge(self, outage: Outage, raised_before: datetime, told: set[str]) -> set[str]:
        """Tell every one raised before this moment, except those told already; who was told."""

    async def end(self, outage: Outage, approvals: Iterable[str]) -> set[str]:
        """Tell exactly these, as far as they still wait; who was told."""


class Memory(Protocol):
    """What all bots heard; errors are `StorageError`."""

    async def heard(self, at: datetime) -> datetime:
        """Keep a moment at which something came in; the latest that anybody kept."""

    async def deaf_since(self, at: datetime) -> datetime:
        """Keep since when nothing comes in; the earlier moment, if one holds."""


class InboundRecord:
    """Notes when something came in; it listens `since` it was made."""

    def __init__(self, clock: Callable[[], datetime] = utc) -> None:
        self._clock = clock
        self.since = clock()
        self.last: datetime | None = None

    def __call__(self) -> None:
        """Something came in now."""
        self.last = self._clock()


class SlackWatchdog:
    """Looks, for as long as `run` runs; `renew` asks for new sockets."""

    def __init__(
        self,
        inbound: InboundRecord,
        beats: Beats,
        waiting: PendingApprovals,
        memory: Memory,
        renew: Callable[[], Awaitable[None]],
        metrics: Metrics,
        pace: WatchdogPace | None = None,
        clock: Callable[[], datetime] = utc,
    ) -> None:
        self._inbound = inbound
        self._beats = beats
        self._waiting = waiting
        self._memory = memory
        self._renew = renew
        self._metrics = metrics
        self._pace = pace or PACE
        self._clock = clock
        self._asked: datetime | None = None
        self._last_beat: datetime | None = None
        self._renewed: datetime | None = None
        self._told: set[str] = set()
        self.outage: Outage | None = None

    def sentence(self) -> str:
        """`ok`, or what people cannot do just now."""
        if self.outage is None:
            return HEARD
        since = f"{self.outage.since:%H:%M} UTC"
        return f"Nothing has come in from Slack since {since}: what is due goes by e-mail."

    async def run(self) -> None:
        """Look again and again."""
        while True:
            try:
                await self.look()
            except (SignoffError, StorageError) as error:
                log.info("it cannot be told whether Slack reaches us", error=str(error))
            except Exception as error:  # the edge: the watch outlives whatever it meets
                log.error("the watch over Slack's events failed", exc_info=error)
            await asyncio.sleep(self._pace.look.total_seconds())

    async def look(self) -> None:
        """One look."""
        now = self._clock()
        if not await self._waiting.any_waits():
            self._asked = None
            await self._over(now)
            return
        heard = await self._heard()
        if self._asked is not None and heard >= self._asked:
            self._asked = self._renewed = None
            await self._over(now)
        if now - max(heard, self._last_beat or heard) >= self._pace.silence:
            await self._beat(now)
        if self._asked is not None:
            await self._judge(now, now - self._asked)
        if self.outage is not None:
            await self._tell(now)

    async def _heard(self) -> datetime:
        """By us or by anybody; only by us while the database does not answer."""
        last = self._inbound.last or self._inbound.since
        try:
            return max(last, await self._memory.heard(self._inbound.last or _LONG_AGO))
        except StorageError:
            return last

    async def _beat(self, now: datetime) -> None:
        """An unanswered beat says something only if Slack took it."""
        self._last_beat = now
        if await self._beats.beat(now):
            self._asked = self._asked or now
        elif self.outage is None:
            self._asked = None

    async def _judge(self, now: datetime, silent: timedelta) -> None:
        if (
            silent >= self._pace.renew
            and now - (self._renewed or _LONG_AGO) >= self._pace.renew_again
        ):
            self._renewed = now
            log.warning("a heartbeat of ours did not come back; the sockets are renewed")
            await self._renew()
        if silent >= self._pace.deaf and self.outage is None:
            assert self._asked is not None
            since = await self._since(self._asked)
            self.outage = Outage(since=since, until=now + self._pace.holds)
            self._metrics.deaf(True)
            log.error("nothing comes in from Slack; what is due goes by e-mail", since=str(since))

    async def _since(self, asked: datetime) -> datetime:
        """As another bot found, or we ourselves before a restart: so nobody is mailed twice."""
        try:
            return await self._memory.deaf_since(asked)
        except StorageError:
            return asked

    async def _tell(self, now: datetime) -> None:
        assert self.outage is not None
        if self.outage.until - now < self._pace.holds / 2:
            self.outage = self.outage.model_copy(update={"until": now + self._pace.holds})
            self._told.clear()
        before = now - self._pace.fresh
        self._told |= await self._waiting.bridge(self.outage, before, self._told)

    async def _over(self, now: datetime) -> None:
        """Something came in, or nobody is waited for: from now on Slack counts again."""
        if self.outage is None:
            return
        log.warning("events come in from Slack again", since=str(self.outage.since))
        ended, self.outage = self.outage.model_copy(update={"until": now}), None
        self._metrics.deaf(False)
        told, self._told = self._told, set()
        await self._waiting.end(ended, told)
