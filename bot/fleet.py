"""The agents as they are configured: where they answer, what stands in for them, how they are."""

from agents.a2a_client import A2AClient
from agents.activities import AgentActivities, last_attempt
from agents.cache import ResponseCache
from agents.catalogue import CATALOGUE
from agents.endpoints import Endpoint
from agents.fallback import AgentCalls
from agents.local import LocalAgents
from agents.registry import Registration, Registry
from bot.settings import AgentSettings, Settings
from storage.payloads import PayloadFiles
from workflows.step_run import AGENT_RETRIES


class StoredInputs:
    """Input files as the agents' activity reads them."""

    def __init__(self, payloads: PayloadFiles) -> None:
        self._payloads = payloads

    async def read(self, sha256: str) -> bytes:
        """The bytes with this checksum, verified."""
        return await self._payloads.get(sha256)


def agent_activities(
    settings: Settings, payloads: PayloadFiles, client: A2AClient
) -> AgentActivities:
    """Calls over the registry; stand-ins only in the last of the workflow's attempts."""
    offline = not settings.secrets.google_api_key.get_secret_value()
    calls = AgentCalls(
        registry=registry(settings),
        client=client,
        local=LocalAgents(offline=offline),
        cache=ResponseCache(settings.folder / "answers"),
        give_up=lambda: last_attempt(AGENT_RETRIES.maximum_attempts),
    )
    return AgentActivities(inputs=StoredInputs(payloads), endpoints={}, client=client, local=calls)


def registry(settings: Settings) -> Registry:
    """Ours, with what `[agents.<name>]` changes, and whatever else is configured there."""
    names = [*CATALOGUE, *(name for name in settings.agents if name not in CATALOGUE)]
    return Registry(_registration(settings, name) for name in names)


def _registration(settings: Settings, name: str) -> Registration:
    agent = settings.agents.get(name, AgentSettings())
    return Registration(
        name=name,
        endpoint=_endpoint(settings, name, agent) if agent.run == "a2a" else None,
        skills=agent.skills,
        version=agent.version,
        cache_seconds=agent.cache.total_seconds(),
        fallback=agent.fallback,
        synthetic=agent.synthetic,
    )


def _endpoint(settings: Settings, name: str, agent: AgentSettings) -> Endpoint:
    """Ours where `signoff agents` serves them, unless configured."""
    server, token = settings.agent_server, settings.secrets.agents_token
    url = agent.url or f"http://{server.host}:{server.port}/{name}/"
    return Endpoint(name=name, url=url, token=token)
