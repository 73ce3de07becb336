"""Which agents there are, where they answer, and what stands in for them."""

from collections.abc import Iterable, Mapping

from pydantic import Field

from agents.a2a.endpoints import Endpoint
from agents.errors import UnknownAgent
from workflows.messages.base import Frozen
from workflows.messages.results import AgentResult


class Registration(Frozen):
    """One agent. Without an endpoint it runs in this process.

    `version` pins what the agent must say it is. `cache_seconds` lets the same request be answered
    from the cache, with `share_cache` also for another requester. `fallback` and `synthetic` are
    what may stand in when nobody answers.
    """

    name: str
    endpoint: Endpoint | None = None
    skills: tuple[str, ...] = ()
    version: str = ""
    cache_seconds: float = Field(default=0, ge=0)
    share_cache: bool = False
    fallback: AgentResult | None = None
    synthetic: bool = False


class Registry:
    """All registrations, by name."""

    def __init__(self, registrations: Iterable[Registration]) -> None:
        self._agents = {agent.name: agent for agent in registrations}

    def get(self, name: str) -> Registration:
        """The agent called `name`, or the one at that https:// address.

        Raises UnknownAgent with the names there are.
        """
        if name not in self._agents and name.startswith("https://"):
            return Registration(name=name, endpoint=Endpoint(name=name, url=name))
        if name not in self._agents:
            known = ", ".join(sorted(self._agents)) or "none"
            raise UnknownAgent(f"No agent called {name!r} is configured. There are: {known}.")
        return self._agents[name]

    def stand_ins(self, name: str) -> list[Registration]:
        """Other agents that share a skill with it, in the order they were configured."""
        skills = set(self.get(name).skills)
        return [
            agent
            for agent in self._agents.values()
            if agent.name != name and skills & set(agent.skills)
        ]

    @property
    def endpoints(self) -> Mapping[str, Endpoint]:
        """The agents that are reached over A2A."""
        found = {name: agent.endpoint for name, agent in self._agents.items()}
        return {name: endpoint for name, endpoint in found.items() if endpoint is not None}
