"""The local Slack workspace, as `signoff playground` and `signoff demo` start it."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from rich.console import Console

from bot.config.errors import ConfigurationError
from bot.config.kept_tokens import kept_token
from bot.config.settings import Settings
from bot.processes.ports import Port, require_free
from playground.config import AppConfig, PlaygroundConfig, load_config
from playground.server import Playground

MANIFEST = "manifest.yml"
EXAMPLE = "examples/penguins.csv"
STATE = "playground.db"
TOKEN = "playground.token"  # noqa: S105 - the name of its file


def local_workspace(
    settings: Settings, port: int, *, fresh: bool = False, people: Path | None = None
) -> Playground:
    """A workspace with our manifest; `people` is a TOML file with others than the usual ones."""
    require_free(Port(port, "the local Slack workspace", "playground"))
    settings.folder.mkdir(parents=True, exist_ok=True)
    config = _config(settings, people)
    return Playground(config, settings.folder / STATE, port, fresh, mail_port=0)


def first_task(settings: Settings) -> str:
    """A whole command to begin with; empty where its pipeline or its file is not there."""
    is_there = "review" in settings.pipelines and (settings.root / EXAMPLE).exists()
    return f"/task review {EXAMPLE}" if is_there else ""


def _config(settings: Settings, people: Path | None) -> PlaygroundConfig:
    """Rate limits are on, and our manifest and example hold, unless the file says otherwise."""
    manifest = settings.root / MANIFEST
    try:
        config = load_config(people) if people else PlaygroundConfig()
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{people} cannot be used: {error}") from None
    ours: dict[str, object] = {"rate_limits": True, "message_burst": 10}
    if manifest.exists():
        ours["manifest"] = manifest
    if task := first_task(settings):
        ours["try_first"] = (task,)
    wanted = {key: value for key, value in ours.items() if key not in config.model_fields_set}
    return config.model_copy(update=wanted | {"app": _app(settings, config.app)})


def _app(settings: Settings, app: AppConfig) -> AppConfig:
    """The app with secrets of this folder's own, where the file gives none."""
    token = kept_token(settings.folder / TOKEN).get_secret_value()
    ours = {
        "bot_token": f"xoxb-{token}",
        "app_token": f"xapp-{token}",
        "signing_secret": token,
    }
    given = app.model_fields_set
    return app.model_copy(update={k: v for k, v in ours.items() if k not in given})


@contextlib.asynccontextmanager
async def playground(
    settings: Settings, say: Console, port: int | None, people: Path | None, *, fresh: bool
) -> AsyncIterator[None]:
    """The workspace alone, with what a bot needs to know."""
    wanted = settings.playground.port if port is None else port
    async with local_workspace(settings, wanted, fresh=fresh, people=people) as running:
        say.print(f"  Page            {running.page_url}")
        say.print(f"  API base URL    {running.api_url}")
        say.print(f"  Bot token       {running.bot_token}")
        say.print(f"  App token       {running.app_token}")
        say.print(f"  Signing secret  {running.signing_secret}")
        yield
