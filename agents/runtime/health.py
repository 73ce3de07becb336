"""Whether the agents answer: `/health` within five seconds, then the card."""

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime
from time import monotonic

import httpx
from a2a.utils.errors import A2AError

from agents.a2a.card import declared_version
from agents.a2a.client import A2AClient
from agents.a2a.endpoints import Endpoint
from agents.a2a.errors import MALFORMED, as_agent_error
from agents.errors import AgentError
from workflows.messages.health import AgentHealth, FleetHealth, Health, overall

SECONDS = 5.0


class HealthCheck:
    """Asks agents how they are; never raises for an agent that is not well."""

    def __init__(self, client: A2AClient, seconds: float = SECONDS) -> None:
        self._client = client
        self._seconds = seconds

    async def fleet(self, endpoints: Iterable[Endpoint]) -> FleetHealth:
        """All at the same time."""
        found = await asyncio.gather(*(self.agent(endpoint) for endpoint in endpoints))
        return FleetHealth(overall=overall(tuple(found)), at=datetime.now(UTC), agents=tuple(found))

    async def agent(self, endpoint: Endpoint) -> AgentHealth:
        """One agent."""
        started = monotonic()
        found = await self._ask(endpoint)
        return found.model_copy(update={"milliseconds": round((monotonic() - started) * 1000)})

    async def _ask(self, endpoint: Endpoint) -> AgentHealth:
        try:
            async with asyncio.timeout(self._seconds):
                status = await self._client.status(endpoint)
        except (httpx.HTTPError, TimeoutError, AgentError) as error:
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
