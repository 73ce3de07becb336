"""Our own agents, served over A2A."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from agents.a2a_server import serve
from agents.local import LocalAgents
from bot.embedded import require_free
from bot.settings import Settings


@contextlib.asynccontextmanager
async def agents(settings: Settings) -> AsyncIterator[None]:
    """Serve every agent of ours; ready when ADK is loaded, which takes some seconds."""
    server, secrets = settings.agent_server, settings.secrets
    require_free(server.port, "the agents", "port under [agent_server]")
    started, stop = asyncio.Event(), asyncio.Event()
    runner = LocalAgents(offline=not secrets.google_api_key.get_secret_value())
    serving = asyncio.create_task(
        serve(
            runner,
            host=server.host,
            port=server.port,
            token=secrets.agents_token.get_secret_value(),
            started=started,
            stop=stop,
        )
    )
    try:
        await started.wait()
        yield
    finally:
        stop.set()
        await serving
