"""The demonstration: everything, with a local Slack workspace in place of the real one."""

import contextlib
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

from pydantic import SecretStr
from rich.console import Console

from bot import logs
from bot.local_slack import local_workspace
from bot.settings import MailSettings, Settings
from bot.up import Parts, print_addresses, start_all
from playground.server import Playground

FOLDER = "demo"


@contextlib.asynccontextmanager
async def demo(
    settings: Settings, config: Path, say: Console, *, fresh: bool = False
) -> AsyncIterator[Settings]:
    """Kept under `.signoff/demo`, apart from what belongs to a real workspace."""
    settings = in_demo_folder(settings)
    if fresh:
        shutil.rmtree(settings.folder, ignore_errors=True)
    logs.configure(settings.folder / "signoff.log")
    parts = Parts(say)
    async with parts.stack:
        workspace = local_workspace(settings, settings.playground.port)
        await parts.stack.enter_async_context(workspace)
        settings = pointed_at(settings, workspace)
        await parts.during(start_all(settings, config, parts))
        _greet(settings, workspace, say)
        yield settings
        say.print("Stopping ...")


def in_demo_folder(settings: Settings) -> Settings:
    """The same settings with a folder of the demonstration's own."""
    storage = settings.storage.model_copy(update={"folder": settings.storage.folder / FOLDER})
    return settings.model_copy(update={"storage": storage})


def pointed_at(settings: Settings, workspace: Playground) -> Settings:
    """What differs from a real workspace: base URL, tokens, and a mailbox of its own."""
    secrets = settings.secrets.model_copy(
        update={
            "slack_bot_token": SecretStr(workspace.bot_token),
            "slack_app_token": SecretStr(workspace.app_token),
        }
    )
    slack = settings.slack.model_copy(update={"base_url": workspace.api_url, "heartbeat": ""})
    server = {"host": "127.0.0.1", "port": workspace.mail_port, "security": "none"}
    mail = MailSettings(sender="signoff@acme.example", server=server)
    return settings.model_copy(update={"slack": slack, "secrets": secrets, "mail": mail})


def _greet(settings: Settings, workspace: Playground, say: Console) -> None:
    say.print(f"\n[bold]Open {workspace.url}[/bold] and type there: /task review examples/…")
    say.print("You are Ada, who asks. Switch to Grace, who approves, at the top left.\n")
    say.print(f"  Slack     {workspace.url}")
    print_addresses(settings, say)
    say.print("\nCtrl-C stops everything; nothing is lost.")
