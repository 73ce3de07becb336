"""Who looks how the agents are, and who is told.

The scheduler looks every half minute, and sooner after a start while an agent is not well, and
keeps what it finds in the database. Bot and workers read it there: `/task health`,
`/health/agents`, and the line on the next card. Whoever asks about an agent that was unwell gets
another look at it. Where no scheduler runs, what was kept grows old; then nobody is warned by it,
and a fresh look answers whoever asks.
"""

import asyncio
from collections.abc import Collection, Iterable
from datetime import UTC, datetime, timedelta

import structlog
from sqlalchemy.exc import SQLAlchemyError

from agents.a2a.endpoints import Endpoint
from agents.runtime.health import HealthCheck
from storage.agent_health import REMEMBERED, FleetStore
from workflows.messages.health import AgentHealth, FleetHealth, Health, overall

EVERY = timedelta(seconds=30)
AT_FIRST = tuple(timedelta(seconds=seconds) for seconds in (2, 3, 5, 10, 10))
"""The pauses after a start, as long as an agent is not well: agents start beside us."""
SOON = timedelta(seconds=2)
GOOD_FOR = REMEMBERED
READING_SECONDS = 1.0
QUICK_SECONDS = 0.9
"""For each of two questions to an agent, while somebody waits whose patience is Slack's 3 s."""
_BROKEN = (SQLAlchemyError, OSError, TimeoutError)
log = structlog.get_logger()


class FleetWatch:
    """Looks, and keeps what it finds."""

    def __init__(
        self, check: HealthCheck, endpoints: Iterable[Endpoint], store: FleetStore
    ) -> None:
        self._check = check
        self._endpoints = list(endpoints)
        self._store = store

    async def keep_looking(self) -> None:
        """For ever; a look that cannot be kept is tried again with the next one."""
        soon = list(AT_FIRST)
        while True:
            pause = EVERY
            try:
                if (await self.look()).overall is not Health.HEALTHY and soon:
                    pause = min(EVERY, soon.pop(0))
            except _BROKEN as error:
                log.warning("the agents' health cannot be kept", error=type(error).__name__)
            await asyncio.sleep(pause.total_seconds())

    async def look(self) -> FleetHealth:
        """Ask every agent now; changes go into the log."""
        before = await self._store.latest()
        fleet = await self._store.keep(await self._check.fleet(self._endpoints))
        known = {agent.name: agent.health for agent in before.agents} if before else {}
        for agent in fleet.agents:
            if agent.health is not known.get(agent.name, Health.HEALTHY):
                say = log.info if agent.health is Health.HEALTHY else log.warning
                say("agent_health", agent=agent.name, health=agent.health.value)
        return fleet


class FleetReports:
    """For whoever asks: what was kept, while it is new, else a quick look."""

    def __init__(
        self, check: HealthCheck, endpoints: Iterable[Endpoint], store: FleetStore
    ) -> None:
        self._check = check
        self._endpoints = list(endpoints)
        self._store = store
        self._looking = asyncio.Lock()
        self._looked: FleetHealth | None = None
        self._asked_again: FleetHealth | None = None

    async def latest(self) -> FleetHealth:
        """Never raises; without a scheduler at most one look every half minute."""
        kept = await _kept(self._store)
        if kept is not None and kept.overall is Health.HEALTHY:
            return kept
        async with self._looking:
            if kept is not None:
                return await self._asked(kept)
            if self._looked is None or datetime.now(UTC) - self._looked.at > EVERY:
                self._looked = await self._check.fleet(self._endpoints)
            return self._looked

    async def _asked(self, kept: FleetHealth) -> FleetHealth:
        """With those that have become well since; they are asked every few seconds at most."""
        again = self._asked_again
        if again is None or datetime.now(UTC) - again.at > SOON:
            unwell = {one.name for one in kept.agents if one.health is not Health.HEALTHY}
            asked = [endpoint for endpoint in self._endpoints if endpoint.name in unwell]
            again = self._asked_again = await self._check.fleet(asked)
        well = {one.name: one for one in again.agents if one.health is Health.HEALTHY}
        agents = tuple(well.get(one.name, one) for one in kept.agents)
        return kept.model_copy(update={"agents": agents, "overall": overall(agents)})


class Unwell:
    """For cards: implements `notifications.slack.delivery.KnowsAgents`."""

    def __init__(self, store: FleetStore) -> None:
        self._store = store

    async def unwell(self, agents: Collection[str]) -> tuple[AgentHealth, ...]:
        """Those that have not been healthy for half a minute, so that no restart alarms anybody."""
        kept = await _kept(self._store) if agents else None
        if kept is None:
            return ()
        return tuple(
            agent
            for agent in kept.agents
            if agent.name in agents
            and agent.health is not Health.HEALTHY
            and agent.since is not None
            and kept.at - agent.since >= EVERY
        )


async def _kept(store: FleetStore) -> FleetHealth | None:
    """None when it is old, or when the database does not say."""
    try:
        async with asyncio.timeout(READING_SECONDS):
            kept = await store.latest()
    except _BROKEN as error:
        log.info("the agents' health cannot be read", error=type(error).__name__)
        return None
    return kept if kept and datetime.now(UTC) - kept.at < GOOD_FOR else None
