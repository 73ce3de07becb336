"""ADK's own commands on the agents' folders."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from google.adk.cli.utils.agent_loader import AgentLoader

from agents.catalogue import CATALOGUE

ROOT = Path(__file__).parents[2]
ADK = Path(sys.executable).with_name("adk")


def adk(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if "API_KEY" not in name}
    return subprocess.run(
        [ADK, *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_adk_run_answers_without_a_key() -> None:
    """`adk run agents/analysis "..."` reads the named file and prints the structured answer."""
    done = adk("run", "--in_memory", "agents/analysis", "Please review examples/penguins.csv")
    assert done.returncode == 0, done.stderr
    line = next(line for line in done.stdout.splitlines() if line.startswith("[analysis]: "))
    answer = json.loads(line.removeprefix("[analysis]: "))
    assert answer["summary"].startswith("examples/penguins.csv has 344 rows and 17 columns")


def test_adk_web_lists_the_agents_and_nothing_else() -> None:
    """Folders that are no agents are not listed."""
    assert AgentLoader(str(ROOT / "agents")).list_agents() == sorted(CATALOGUE)


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_agent_has_a_case(name: str) -> None:
    """For `adk test agents`."""
    assert list((ROOT / "agents" / name / "tests").glob("*.json"))


def test_adk_test_replays_the_cases() -> None:
    """Prompts, tool calls and tool results are as recorded."""
    done = adk("test", "agents")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "passed" in done.stdout
