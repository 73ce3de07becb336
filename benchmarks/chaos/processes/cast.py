"""Who plays: the processes of the product and the servers it needs."""

import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from benchmarks.chaos.processes.readiness import listens, says
from benchmarks.chaos.processes.recipe import Recipe
from benchmarks.chaos.processes.site import Site

Environment = Mapping[str, str]

_COMMANDS = {
    "bot": "The bot listens to Slack.",
    "worker": "The worker works.",
    "scheduler": "The scheduler is running.",
    "agents": "The agents are served.",
}


def temporal(site: Site) -> Recipe:
    """The server with its SQLite file."""
    ports = site.ports
    command = (
        *(_temporal(), "server", "start-dev", "--headless", "--ip", "127.0.0.1"),
        *("--port", str(ports.temporal), "--http-port", str(ports.temporal_http)),
        *("--db-filename", str(site.state / "temporal.db"), "--log-level", "error"),
        *("--sqlite-pragma", "journal_mode=WAL", "--sqlite-pragma", "synchronous=FULL"),
        *("--dynamic-config-value", "history.transferProcessorMaxPollRPS=2000"),
        *("--dynamic-config-value", 'history.workflowTaskRetryMaxInterval="15s"'),
    )
    return Recipe("temporal", command, listens(ports.temporal))


def preparation(site: Site, environment: Environment) -> Recipe:
    """Makes search attributes and tables, and ends."""
    command = _python("benchmarks.chaos.processes.product", "prepare", str(site.config))
    return Recipe("prepare", command, says("Everything is prepared."), environment)


def instant_worker(site: Site, environment: Environment, name: str = "worker") -> Recipe:
    """A worker whose agent answers at once."""
    command = _python("benchmarks.chaos.processes.product", "worker", str(site.config))
    return Recipe(name, command, says(_COMMANDS["worker"]), environment)


def part(name: str, site: Site, environment: Environment) -> Recipe:
    """`signoff bot`, `worker`, `scheduler` or `agents`."""
    command = _python("bot", "--config", str(site.config), name)
    return Recipe(name, command, says(_COMMANDS[name]), environment)


def _python(module: str, *arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", module, *arguments)


def _temporal() -> str:
    beside = Path(sys.executable).parent / "temporal"
    return str(beside) if beside.exists() else shutil.which("temporal") or "temporal"
