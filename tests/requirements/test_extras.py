"""What is an extra is imported only when it is used, and named when it is missing."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from bot.config.errors import ConfigurationError
from bot.config.settings import load
from bot.processes.approval_service import approvals, mcp
from notifications.reminders.calendar_settings import CalendarSettings
from notifications.reminders.public_holidays import days_of, known_place
from requirements.lock import packages
from requirements.stamp import LOCKS, extras
from storage.database import create_engine
from storage.errors import DatabaseUnavailable

ROOT = Path(__file__).parents[2]
MODULES = {
    "holidays": ["holidays"],
    "litellm": ["litellm"],
    "mcp": ["mcp", "mcp_types", "httpx2"],
    "postgres": ["asyncpg"],
    "workflow": ["temporalio.google_adk"],
}
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


def modules() -> list[str]:
    """All of ours but the ones that are what an extra is for."""
    files = [
        path.relative_to(ROOT)
        for folder in ("bot", "workflows", "agents", "notifications", "storage", "playground")
        for path in (ROOT / folder).rglob("*.py")
        if "migrations" not in path.parts and path.name != "__main__.py"
    ]
    names = {".".join(path.with_suffix("").parts).removesuffix(".__init__") for path in files}
    return sorted(names - NEED_THEM)


def test_everything_starts_without_extras() -> None:
    """Nothing imports one as it is loaded."""
    missing = ",".join(name for found in MODULES.values() for name in found)
    command = [sys.executable, "-c", IMPORT_ALL, missing, ",".join(modules())]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=150, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]


def test_each_extra_is_here() -> None:
    """Whoever adds one says here what it brings, and writes the lock anew."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    optional = project["optional-dependencies"]
    assert set(MODULES) == set(optional) == set(extras())
    core = packages((LOCKS / "run.txt").read_text())
    core_names = {Requirement(first).name for first in core}
    for name, wanted in optional.items():
        added = packages((LOCKS / "extras" / f"{name}.txt").read_text())
        names = {Requirement(first).name for first in added}
        assert {Requirement(one).name for one in wanted} <= names
        assert not names & core_names


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
