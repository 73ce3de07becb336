"""How the agents are: what the check finds, what is kept of it, what people see."""

from datetime import datetime
from enum import StrEnum

from workflows.messages.base import Frozen
from workflows.messages.results import AgentVersion


class Health(StrEnum):
    """`degraded` means that it answers, but does not say who it is."""

    HEALTHY = "healthy"
    DEGRADED = "degraded"
    UNHEALTHY = "unhealthy"


class AgentHealth(Frozen):
    """One agent. `reason` says in words why it is not healthy; `since` is UTC, once known."""

    name: str
    health: Health
    reason: str = ""
    version: AgentVersion | None = None
    milliseconds: int = 0
    since: datetime | None = None


class FleetHealth(Frozen):
    """All agents, and the worst of them as `overall`; `at` is UTC."""

    overall: Health
    at: datetime
    agents: tuple[AgentHealth, ...] = ()


def overall(agents: tuple[AgentHealth, ...]) -> Health:
    """The worst there is; healthy when there is nobody."""
    states = {agent.health for agent in agents}
    order = (Health.UNHEALTHY, Health.DEGRADED)
    return next((state for state in order if state in states), Health.HEALTHY)
