"""Whether the agents answer: `/health` within five seconds, then the card."""

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime
from enum import StrEnum
from time import monotonic

import httpx
from a2a.utils.errors import A2AError

from agents.a2a_card import declared_version
from agents.a2a_client import A2AClient
from agents.a2a_errors import MALFORMED, as_agent_error
from agents.endpoints import Endpoint
from agents.errors import AgentError
from workflows.frozen import Frozen
from workflows.results import AgentVersion

SECONDS = 5.0


class Health(StrEnum):
    """`degraded` means that it answers, but does not say who it is."""

    HEALTHY = "healthy"
    DEGRADED = "degraded"
    UNHEALTHY = "unhealthy"


class AgentHealth(Frozen):
    """One agent. `reason` says in words why it is not healthy."""

    name: str
    health: Health
    reason: str = ""
    version: AgentVersion | None = None
    milliseconds: int = 0


class FleetHealth(Frozen):
    """All agents, and the worst of them as `overall`; `at` is UTC."""

    overall: Health
    at: datetime
    agents: tuple[AgentHealth, ...] = ()


class HealthCheck:
    """Asks agents how they are; never raises for an agent that is not well."""

    def __init__(self, client: A2AClient, seconds: float = SECONDS) -> None:
        self._client = client
        self._seconds = seconds

    async def fleet(self, endpoints: Iterable[Endpoint]) -> FleetHealth:
        """All at the same time."""
        found = await asyncio.gather(*(self.agent(endpoint) for endpoint in endpoints))
        order = (Health.UNHEALTHY, Health.DEGRADED)
        states = {agent.health for agent in found}
        overall = next((state for state in order if state in states), Health.HEALTHY)
        return FleetHealth(overall=overall, at=datetime.now(UTC), agents=tuple(found))

    async def agent(self, endpoint: Endpoint) -> AgentHealth:
        """One agent."""
        started = monotonic()
        found = await self._ask(endpoint)
        return found.model_copy(update={"milliseconds": round((monotonic() - started) * 1000)})

    async def _ask(self, endpoint: Endpoint) -> AgentHealth:
        try:
            async with asyncio.timeout(self._seconds):
                status = await self._client.status(endpoint)
        except (httpx.HTTPError, TimeoutError) as error:
            reason = as_agent_error(endpoint.name, error).sentence
            return AgentHealth(name=endpoint.name, health=Health.UNHEALTHY, reason=reason)
        if status >= 500:
            reason = f"{endpoint.name} answers {status}."
            return AgentHealth(name=endpoint.name, health=Health.UNHEALTHY, reason=reason)
        return await self._card(endpoint)

    async def _card(self, endpoint: Endpoint) -> AgentHealth:
        try:
            async with asyncio.timeout(self._seconds):
                card = await self._client.card(endpoint, fresh=True)
        except (httpx.HTTPError, TimeoutError, A2AError, AgentError, *MALFORMED) as error:
            reason = f"Its card cannot be read: {as_agent_error(endpoint.name, error).sentence}"
            return AgentHealth(name=endpoint.name, health=Health.DEGRADED, reason=reason)
        version = declared_version(card)
        return AgentHealth(name=endpoint.name, health=Health.HEALTHY, version=version)
