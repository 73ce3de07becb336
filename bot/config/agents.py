"""The agents as they are configured: where they answer, what stands in for them, how they are."""

import ssl

from pydantic import SecretStr

from agents.a2a.card_signature import KeysUnusable, read_keys
from agents.a2a.client import A2AClient
from agents.a2a.encryption import Seal
from agents.a2a.endpoints import Endpoint
from agents.catalogue import CATALOGUE
from agents.errors import UnusableInput
from agents.http.tls import TlsFiles, TlsUnusable, client_context
from agents.journal.journal import TurnJournal
from agents.runtime.activity import TurnRunning, last_attempt, seconds_left
from agents.runtime.cache import ResponseCache
from agents.runtime.fallback import AgentCalls
from agents.runtime.figures import CallFigures
from agents.runtime.local import LocalAgents
from agents.runtime.registry import Registration, Registry
from bot.config.errors import ConfigurationError
from bot.config.kept_tokens import agents_token
from bot.config.models import LOCAL, WORKFLOW, require_models, tool_policies
from bot.config.own_agents import imported
from bot.config.sections.agents import AgentSettings, TlsSettings
from bot.config.settings import Settings
from storage.errors import StorageError
from storage.payloads.files import PayloadFiles
from workflows.task.turns import AGENT_RETRIES


class StoredInputs:
    """Input files as the agents' activity reads them."""

    def __init__(self, payloads: PayloadFiles) -> None:
        self._payloads = payloads

    async def read(self, sha256: str) -> bytes:
        """The bytes with this checksum, verified."""
        try:
            return await self._payloads.get(sha256)
        except StorageError:
            raise UnusableInput(
                f"The kept input {sha256} is missing or damaged. Put it back from a backup into "
                "the payload folder, then Retry.",
                retryable=True,
            ) from None


def agent_activities(
    settings: Settings,
    payloads: PayloadFiles,
    client: A2AClient,
    figures: CallFigures | None = None,
    journal: TurnJournal | None = None,
) -> TurnRunning:
    """Calls over the registry; stand-ins only in the last of the workflow's attempts.

    `journal` is that of agents in this process, and stays its owner's to close.
    """
    require_models(settings, LOCAL, WORKFLOW)
    access, policies = settings.model_access, tool_policies(settings)
    own = imported(settings, LOCAL)
    calls = AgentCalls(
        registry=registry(settings),
        client=client,
        local=LocalAgents(models=access, policy=policies, journal=journal, own=own),
        cache=ResponseCache(settings.folder / "answers"),
        give_up=lambda: last_attempt(AGENT_RETRIES.maximum_attempts),
        seconds_left=seconds_left,
        figures=figures,
    )
    return TurnRunning(inputs=StoredInputs(payloads), runner=calls, figures=figures)


def registry(settings: Settings) -> Registry:
    """Ours, with what `[agents.<name>]` changes, and whatever else is configured there.

    Raises ConfigurationError for certificates, keys and tokens that are no use.
    """
    names = [*CATALOGUE, *(name for name in settings.agents if name not in CATALOGUE)]
    tokens = _by_agent("AGENT_TOKENS", settings.secrets.agent_tokens, names)
    keys = _by_agent("AGENT_KEYS", settings.secrets.agent_keys, names)
    return Registry(_registration(settings, name, tokens, keys) for name in names)


def seal_of(name: str, key: SecretStr) -> Seal | None:
    """What this key seals with; None without a key. Raises ConfigurationError, never with it."""
    try:
        return Seal.of(key.get_secret_value()) if key.get_secret_value() else None
    except ValueError as error:
        raise ConfigurationError(f"{name}: {error}") from None


def health_tls(settings: Settings) -> ssl.SSLContext | None:
    """For asking our own server on this machine how it is, whatever name its certificate has."""
    files = tls_files(settings, "agent_server.tls", settings.agent_server.tls)
    if not files:
        return None
    context = client_context(files)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def tls_files(settings: Settings, where: str, tls: TlsSettings) -> TlsFiles:
    """The files with their whole paths; raises ConfigurationError when they are no use."""
    found = {name: settings.root / path if path else None for name, path in tls}
    files = TlsFiles.model_validate(found)
    try:
        if files:
            client_context(files)
    except TlsUnusable as error:
        raise ConfigurationError(f"{where}: {error}") from None
    return files


def _registration(
    settings: Settings, name: str, tokens: dict[str, SecretStr], keys: dict[str, SecretStr]
) -> Registration:
    agent = settings.agents.get(name, AgentSettings())
    endpoint = _endpoint(settings, name, agent, tokens, keys) if agent.run == "a2a" else None
    return Registration(
        name=name,
        endpoint=endpoint,
        skills=agent.skills,
        version=agent.version,
        cache_seconds=agent.cache.total_seconds(),
        share_cache=agent.share_cache,
        fallback=agent.fallback,
        synthetic=agent.synthetic,
    )


def _endpoint(
    settings: Settings,
    name: str,
    agent: AgentSettings,
    tokens: dict[str, SecretStr],
    keys: dict[str, SecretStr],
) -> Endpoint:
    """Ours where `signoff agents` serves them, unless configured; our secrets go nowhere else."""
    server, secrets, nothing = settings.agent_server, settings.secrets, SecretStr("")
    ours = not agent.url or agent.url.startswith(f"{settings.agents_url}/")
    seal = keys.get(name, secrets.agents_key if ours else nothing)
    seal_of(f"The key of agent {name}", seal)
    tls = server.tls if ours and agent.tls == TlsSettings() else agent.tls
    where = f"agents.{name}.card_key"
    return Endpoint(
        name=name,
        url=agent.url or f"{settings.agents_url}/{name}/",
        token=tokens.get(name, agents_token(settings) if ours else nothing),
        tls=tls_files(settings, f"agents.{name}.tls", tls),
        seal=seal,
        card_keys=_card_keys(settings, where, agent) if agent.card_key.name else "",
    )


def _card_keys(settings: Settings, where: str, agent: AgentSettings) -> str:
    try:
        return read_keys(settings.root / agent.card_key)
    except KeysUnusable as error:
        raise ConfigurationError(f"{where}: {error}") from None


def _by_agent(secret: str, value: SecretStr, known: list[str]) -> dict[str, SecretStr]:
    """`name=value name=value`; a name nobody knows is a mistake."""
    found = {}
    for word in value.get_secret_value().split():
        name, separator, one = word.partition("=")
        if not separator or not one or name not in known:
            named = f"'{name}'" if separator else "a word without '='"
            raise ConfigurationError(
                f"{secret} has {named}: write agent=value, with the name of an agent."
            )
        found[name] = SecretStr(one)
    return found
