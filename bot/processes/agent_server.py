"""Our own agents, served over A2A."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Mapping

from agents.catalogue import LocalAgent
from agents.http.signature import KeyUnusable, SigningKey
from agents.http.tls import TlsUnusable, server_context
from agents.runtime.local import LocalAgents
from agents.runtime.server import ServerParts, serve
from bot.config import extras
from bot.config.agents import seal_of, tls_files
from bot.config.errors import ConfigurationError
from bot.config.kept_tokens import agents_token
from bot.config.models import A2A, require_models, tool_policies
from bot.config.own_agents import imported
from bot.config.payload_keys import payload_codec
from bot.config.sections.agents import TlsSettings
from bot.config.settings import Settings
from bot.processes.file_locks import AGENTS, shared
from bot.processes.ports import Port, require_free
from bot.processes.serving import up
from bot.processes.turn_journal import KeptTurns
from storage.agent_answers import AnswerFile


@contextlib.asynccontextmanager
async def agents(settings: Settings) -> AsyncIterator[None]:
    """Serve every agent of ours; ready when ADK is loaded, which takes some seconds."""
    extras.require_agents("agents", "What serves our agents")
    server = settings.agent_server
    require_free(Port(server.port, "the agents", "agent_server", host=server.host))
    with shared(settings.folder / AGENTS):
        async with _served(settings):
            yield


@contextlib.asynccontextmanager
async def _served(settings: Settings) -> AsyncIterator[None]:
    server = settings.agent_server
    started, stop = asyncio.Event(), asyncio.Event()
    require_models(settings, A2A)
    own = await asyncio.to_thread(imported, settings, A2A)
    answers = AnswerFile(settings.folder / "agents.db")
    parts = _parts(settings, answers, own)
    turns = KeptTurns(settings.folder, payload_codec(settings))
    policies = tool_policies(settings)
    runner = LocalAgents(models=settings.model_access, policy=policies, journal=turns, own=own)
    serving = asyncio.create_task(
        serve(
            runner,
            parts,
            host=server.host,
            port=server.port,
            public_url=server.public_url,
            tls=_tls(settings),
            started=started,
            stop=stop,
        )
    )
    try:
        await up(started, serving, "agents")
        yield
    finally:
        stop.set()
        await asyncio.gather(serving, return_exceptions=True)
        await answers.close()
        await turns.close()


def _parts(settings: Settings, answers: AnswerFile, own: Mapping[str, LocalAgent]) -> ServerParts:
    secrets = settings.secrets
    try:
        card_key = SigningKey.kept(settings.folder / settings.agent_server.card_key)
    except KeyUnusable as error:
        raise ConfigurationError(str(error)) from None
    return ServerParts(
        token=agents_token(settings).get_secret_value(),
        offline=settings.model_access.offline,
        seal=seal_of("AGENTS_KEY", secrets.agents_key),
        card_key=card_key,
        answers=answers,
        own=own,
    )


def _tls(settings: Settings) -> ssl.SSLContext | None:
    tls = settings.agent_server.tls
    if tls == TlsSettings():
        return None
    try:
        return server_context(tls_files(settings, "agent_server.tls", tls))
    except TlsUnusable as error:
        raise ConfigurationError(f"agent_server.tls: {error}") from None
