"""What the agents package imports, and when."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

AGENTS = Path(__file__).parents[2] / "agents"
FORBIDDEN = {"bot", "notifications", "storage", "playground", "tests"}
LIGHT = (
    "a2a.client",
    "runtime.activity",
    "runtime.server",
    "errors",
    "runtime.local",
    "catalogue",
    "runtime.fallback",
    "runtime.health",
)


def imported(path: Path) -> set[str]:
    """The first parts of all module names a file imports."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.add((node.module or "").partition(".")[0])
    return found


def test_agents_import_workflows_and_nothing_else_of_ours() -> None:
    """Also in agents/samples/tools, which is no regular package: ADK would list it as an agent."""
    files = list(AGENTS.rglob("*.py"))
    assert any(path.parent.name == "tools" for path in files)
    assert not {(path.name, name) for path in files for name in imported(path) & FORBIDDEN}


@pytest.mark.parametrize("module", LIGHT)
def test_a_worker_that_only_calls_over_a2a_starts_without_adk(module: str) -> None:
    """ADK takes seconds to import."""
    code = f"import sys, agents.{module}; sys.exit('google.adk' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=AGENTS.parent, timeout=60, check=False)
    assert done.returncode == 0
