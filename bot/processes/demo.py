"""The demonstration: everything, with a local Slack workspace in place of the real one."""

import contextlib
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

from rich.console import Console

from bot.config.settings import Settings
from bot.monitoring import logs
from bot.processes import ports
from bot.processes.local_slack import first_task, local_workspace
from bot.processes.running_demo import apart, noted, pointed_at, require_ended
from bot.processes.typed import typed
from bot.processes.up import Parts, print_addresses, start_all
from playground.server import Playground


@contextlib.asynccontextmanager
async def demo(
    settings: Settings, config: Path, say: Console, *, fresh: bool = False
) -> AsyncIterator[Settings]:
    """Kept under `.signoff/demo`, apart from what belongs to a real workspace."""
    settings = apart(settings)
    require_ended(settings)
    if fresh:
        shutil.rmtree(settings.folder, ignore_errors=True)
    settings, moves = ports.moved(settings)
    logs.configure(settings.folder / "signoff.log")
    for sentence in moves:
        say.print(sentence, markup=False)
    parts = Parts(say)
    async with parts.stack:
        workspace = local_workspace(settings, settings.playground.port)
        await parts.stack.enter_async_context(workspace)
        settings = pointed_at(settings, workspace)
        await parts.during(start_all(settings, config, parts))
        parts.stack.enter_context(noted(settings, workspace))
        _greet(settings, workspace, say)
        yield settings
        say.print("Stopping ...")


def _greet(settings: Settings, workspace: Playground, say: Console) -> None:
    type_there = f" and type there: {task}" if (task := first_task(settings)) else ""
    say.print(f"\n[bold]Open {workspace.page_url}[/bold]{type_there}")
    say.print("You are Ada, who asks. Switch to Grace, who approves, at the top left.\n")
    say.print(f"  Slack     {workspace.url}")
    print_addresses(settings, say)
    say.print(f"  Commands  '{typed()} list', or show, decide, audit, doctor in place of list")
    say.print("\nCtrl-C stops everything; nothing is lost.")
