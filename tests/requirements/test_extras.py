"""What is an extra is imported only when it is used, and named when it is missing."""

import contextlib
import subprocess
import sys
import tomllib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from rich.console import Console

from bot.config.errors import ConfigurationError
from bot.config.models import require_models
from bot.config.settings import Settings, load
from bot.processes.agent_server import agents
from bot.processes.approval_service import approvals, mcp
from bot.processes.up import Parts, _start_agents
from notifications.reminders.calendar_settings import CalendarSettings
from notifications.reminders.public_holidays import days_of, known_place
from requirements.lock import packages
from requirements.stamp import FIRST_LOOK, LOCKS, extras
from storage.database import create_engine
from storage.errors import DatabaseUnavailable

ROOT = Path(__file__).parents[2]
MODULES = {
    "agents": ["duckdb", "google.adk", "google.genai"],
    "holidays": ["holidays"],
    "litellm": ["litellm"],
    "mcp": ["mcp", "mcp_types", "httpx2"],
    "office": ["pypdf", "python_calamine", "docx"],
    "postgres": ["asyncpg"],
    "workflow": ["temporalio.google_adk"],
}
WITHOUT_AGENTS = ("bot", "notifications", "playground", "storage", "workflows")
NEED_THEM = {
    "agents.runtime.adk_workflow",
    "agents.programs.server",
    "agents.programs.mcp",
    "agents.models.calls",
}
IMPORT_ALL = """
import importlib, sys
for name in sys.argv[1].split(","):
    sys.modules[name] = None
for name in sys.argv[2].split(","):
    importlib.import_module(name)
"""


def modules(*folders: str) -> list[str]:
    """All of ours there but the ones that are what an extra is for."""
    files = [
        path.relative_to(ROOT)
        for folder in folders
        for path in (ROOT / folder).rglob("*.py")
        if "migrations" not in path.parts and path.name != "__main__.py"
    ]
    names = {".".join(path.with_suffix("").parts).removesuffix(".__init__") for path in files}
    return sorted(names - NEED_THEM)


@pytest.mark.parametrize("agents", [True, False])
def test_everything_starts_without_extras(agents: bool) -> None:
    """Nothing imports one as it is loaded; only our agents need what they are made of."""
    missing = [name for extra, found in MODULES.items() for name in found]
    wanted = modules(*WITHOUT_AGENTS)
    if agents:
        missing = [name for name in missing if name not in MODULES["agents"]]
        wanted += modules("agents")
    command = [sys.executable, "-c", IMPORT_ALL, ",".join(missing), ",".join(wanted)]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=150, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]


def test_each_extra_is_here() -> None:
    """Whoever adds one says here what it brings, and writes the lock anew."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    optional = project["optional-dependencies"]
    assert set(extras()) | FIRST_LOOK == set(optional)
    assert set(MODULES) == set(extras()) | {"agents", "office"}
    core, run = names_in("core"), names_in("run")
    assert core < run
    for name, wanted in optional.items():
        added = run - core if name in FIRST_LOOK else names_in(f"extras/{name}")
        assert {Requirement(one).name for one in wanted} - {"signoff"} <= added
        assert name in FIRST_LOOK or not added & run


def names_in(lock: str) -> set[str]:
    """The packages of this lock file."""
    entries = packages((LOCKS / f"{lock}.txt").read_text())
    return {Requirement(first).name for first in entries}


def gone(monkeypatch: pytest.MonkeyPatch, extra: str) -> None:
    """As if it had not been installed."""
    for name in list(sys.modules):
        if name in NEED_THEM or name.startswith(
            ("agents.programs", "bot.processes.approval_service")
        ):
            monkeypatch.delitem(sys.modules, name)
    for name in MODULES[extra]:
        for loaded in [one for one in sys.modules if one.startswith(f"{name}.")]:
            monkeypatch.setitem(sys.modules, loaded, None)  # found without a look at its package
        monkeypatch.setitem(sys.modules, name, None)


LOCAL = """
[policy]
approvers = ["grace@acme.example"]
[pipelines.review]
steps = [{name = "analysis"}]
[agents.analysis]
run = "local"
"""


async def test_agents_name_their_extra(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where they are served, in a worker that runs one itself, and when a model is asked."""
    gone(monkeypatch, "agents")
    file = tmp_path / "signoff.toml"
    file.write_text(LOCAL, encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"install signoff\[agents\]"):
        require_models(load(file), "local")
    require_models(load(file), "a2a")
    for service in (agents(load(ROOT / "signoff.toml")), up(load(ROOT / "signoff.toml"), tmp_path)):
        with pytest.raises(ConfigurationError, match=r"install signoff\[agents\]"):
            async with service:
                pass


async def test_agents_of_others_need_no_extra(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """`signoff up` then starts none of ours."""
    gone(monkeypatch, "agents")
    file = tmp_path / "signoff.toml"
    theirs = LOCAL.replace('run = "local"', 'url = "https://agents.example.internal/analysis"')
    file.write_text(theirs, encoding="utf-8")
    async with up(load(file), file):
        pass


@contextlib.asynccontextmanager
async def up(settings: Settings, config: Path) -> AsyncIterator[None]:
    """The part of `signoff up` that starts our agents."""
    parts = Parts(Console(quiet=True))
    async with parts.stack:
        await _start_agents(settings, config, parts)
        yield


async def test_postgres_names_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """When the engine is made, before anything is asked of it."""
    gone(monkeypatch, "postgres")
    with pytest.raises(DatabaseUnavailable, match="'make install EXTRAS=postgres'"):
        create_engine("postgresql://signoff@db.example.internal/signoff")


async def test_approvals_for_programs_name_their_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """Over the network, and on standard input and output."""
    gone(monkeypatch, "mcp")
    settings = load(ROOT / "signoff.toml")
    with pytest.raises(ConfigurationError, match="'make install EXTRAS=mcp'"):
        async with approvals(settings):
            pass
    with pytest.raises(ConfigurationError, match="'make install EXTRAS=mcp'"):
        await mcp(settings, "anybody")


def test_holidays_name_their_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the settings; a calendar without a country does not need it."""
    gone(monkeypatch, "holidays")
    known_place.cache_clear()
    days_of.cache_clear()
    with pytest.raises(ValueError, match="'make install EXTRAS=holidays'"):
        CalendarSettings(holidays="DE")
    assert days_of("", 2026) == frozenset()
    assert CalendarSettings().holidays == ""
