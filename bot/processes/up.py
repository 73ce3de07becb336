"""Everything on one machine: the embedded Temporal server, agents, worker, bot, scheduler."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable
from pathlib import Path
from typing import TypeVar

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from bot.config import extras
from bot.config.agents import health_tls
from bot.config.errors import ConfigurationError
from bot.config.models import A2A
from bot.config.sections.secrets import NOT_FOR_AGENTS, variables
from bot.config.settings import Settings
from bot.monitoring import logs
from bot.monitoring.metrics import Metrics
from bot.processes import approval_service, bootstrap, dev_server, ports
from bot.processes.subprocesses import child
from bot.slack.client import require_tokens

T = TypeVar("T")


class Parts:
    """Starts parts, shows which are coming up, and stops them in the opposite order."""

    def __init__(self, say: Console) -> None:
        columns = (SpinnerColumn(finished_text="✓"), TextColumn("{task.description}"))
        self._progress = Progress(*columns, TimeElapsedColumn(), console=say, transient=True)
        self.stack = contextlib.AsyncExitStack()

    async def start(self, name: str, part: contextlib.AbstractAsyncContextManager[T]) -> T:
        """Start one part; it stays until the stack closes."""
        async with self.shown(name):
            return await self.stack.enter_async_context(part)

    @contextlib.asynccontextmanager
    async def shown(self, name: str) -> AsyncIterator[None]:
        """Show that something is going on."""
        line = self._progress.add_task(name, total=1)
        yield
        self._progress.update(line, completed=1)

    async def during(self, work: Awaitable[T]) -> T:
        """The display, while the work lasts."""
        with self._progress:
            return await work


@contextlib.asynccontextmanager
async def up(settings: Settings, config: Path, say: Console) -> AsyncIterator[None]:
    """For a real workspace."""
    require_tokens(settings)
    ports.require_free(*ports.needed(settings))
    logs.configure(settings.folder / "signoff.log")
    parts = Parts(say)
    async with parts.stack:
        await parts.during(start_all(settings, config, parts))
        say.print("Signoff listens in Slack: type /task there.")
        print_addresses(settings, say)
        yield
        say.print("Stopping ...")


async def start_all(settings: Settings, config: Path, parts: Parts) -> None:
    """Start everything but Slack; what can come up side by side does."""
    agents = asyncio.create_task(_start_agents(settings, config, parts))
    try:
        if settings.temporal.embedded:
            server = dev_server.server(settings.temporal, settings.folder)
            await parts.start("Temporal server", server)
        async with parts.shown("Tables and search attributes"):
            await bootstrap.prepare(settings)
        metrics = Metrics()
        await parts.start("Worker", bootstrap.worker(settings, metrics=metrics))
        await parts.start("Bot", bootstrap.bot(settings, metrics))
        await parts.start("Scheduler", bootstrap.scheduler(settings))
        if settings.programs:
            await parts.start("Approvals", approval_service.approvals(settings))
        await agents
    finally:
        agents.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await agents


async def _start_agents(settings: Settings, config: Path, parts: Parts) -> None:
    """In a process of their own: loading ADK takes seconds of computing.

    Where it is not installed, all agents have to be somebody else's.
    """
    if not extras.has_agents():
        if any(use.run == A2A for use in settings.model_uses):
            raise ConfigurationError(extras.missing("agents", "What serves our agents"))
        return
    server = settings.agent_server
    scheme = "https" if server.tls.cert else "http"
    health = f"{scheme}://{server.host}:{server.port}/health"
    log = settings.folder / "agents.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    same = {
        "SIGNOFF_STORAGE__FOLDER": str(settings.storage.folder),
        "SIGNOFF_AGENT_SERVER__PORT": str(server.port),
    }
    agents = child(
        config, "agents", health, log, health_tls(settings), same, variables(NOT_FOR_AGENTS)
    )
    await parts.start("Agents", agents)


def print_addresses(settings: Settings, say: Console) -> None:
    """One line each."""
    server = settings.agent_server
    if settings.temporal.embedded and settings.temporal.ui_port:
        say.print(f"  Temporal  http://127.0.0.1:{settings.temporal.ui_port}")
    web = settings.web
    watched = (
        (web.monitoring_host, web.monitoring_port) if web.monitoring_port else (web.host, web.port)
    )
    say.print("  Health    http://{}:{}/ready".format(*watched))
    say.print(f"  Agents    {'https' if server.tls.cert else 'http'}://{server.host}:{server.port}")
    if settings.programs:
        approvals = settings.approval_server
        say.print(f"  Approvals http://{approvals.host}:{approvals.port}")
    models = settings.model_access
    untried = "" if models.offline else " (not tried)"
    about = models.sentence.removeprefix("Models: ").rstrip(".")
    say.print(f"  Models    {about}{untried}", markup=False, soft_wrap=True)
    say.print(f"  Log       {settings.folder / 'signoff.log'}")
