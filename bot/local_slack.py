"""The local Slack workspace, as `signoff playground` and `signoff demo` start it."""

import contextlib
from collections.abc import AsyncIterator

from rich.console import Console

from bot.embedded import require_free
from bot.settings import Settings
from playground.config import PlaygroundConfig
from playground.server import Playground

MANIFEST = "manifest.yml"
STATE = "playground.db"


def local_workspace(settings: Settings, port: int, *, fresh: bool = False) -> Playground:
    """A workspace with our manifest's commands, shortcuts and scopes."""
    require_free(port, "the local Slack workspace", "port under [playground]")
    settings.folder.mkdir(parents=True, exist_ok=True)
    manifest = settings.root / MANIFEST
    config = PlaygroundConfig(
        manifest=manifest if manifest.exists() else None, rate_limits=True, message_burst=10
    )
    return Playground(config, settings.folder / STATE, port, fresh, mail_port=0)


@contextlib.asynccontextmanager
async def playground(
    settings: Settings, say: Console, port: int, *, fresh: bool
) -> AsyncIterator[None]:
    """The workspace alone, with what a bot needs to know."""
    async with local_workspace(settings, port, fresh=fresh) as running:
        say.print(f"  Page            {running.url}")
        say.print(f"  API base URL    {running.api_url}")
        say.print(f"  Bot token       {running.bot_token}")
        say.print(f"  App token       {running.app_token}")
        say.print(f"  Signing secret  {running.signing_secret}")
        yield
