"""ADK's own commands on the agents' folders."""

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest
from google.adk.cli.utils.agent_loader import AgentLoader

from agents.catalogue import CATALOGUE
from tests.conftest import free_port

ROOT = Path(__file__).parents[3]
ADK = Path(sys.executable).with_name("adk")
AT_ONCE = 3
PAUSED = "[PAUSED] Workflow is waiting for human input!"
DATA = "Please work on examples/penguins.csv"
ROWS = "examples/penguins.csv has 344 rows and 17 columns"
# What somebody types, whose answer it is, and how that begins.
TYPED = {
    "analysis": (DATA, "analysis", ROWS),
    "strategy": (DATA, "strategy", ""),
    "patterns": (DATA, "patterns", ""),
    "report": (DATA, "report", ""),
    "help_desk": ("Where is my refund for invoice INV-7?", "billing", "For billing: “Where is my"),
    "data_pipeline": (DATA, "reporter", ""),
    "research": (DATA, "synthesis", "13 findings (13 from figures"),
    "report_writer": (DATA, "report_writer", ""),
    "fact_check": (
        "Check examples/penguins-note.md and examples/penguins.csv",
        "fact_check",
        "6 claims: 4 valid, 1 unclear, 1 invalid.",
    ),
    "refine": ("Refine examples/draft.md", "refine", "After 4 rounds all checks pass. No critic"),
    "payment": ("Pay examples/payments.csv", "payment", PAUSED),
    "operations": ("Do examples/runbook.md", "operations", PAUSED),
}
Done = subprocess.CompletedProcess[str]


def environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if "API_KEY" not in name}


def adk(*arguments: str) -> Done:
    return subprocess.run(
        [ADK, *arguments],
        cwd=ROOT,
        env=environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture(scope="module")
def runs() -> dict[str, Future[Done]]:
    """`adk run` of every agent, some at a time, beside the tests that look at them."""
    pool = ThreadPoolExecutor(AT_ONCE)
    started = {
        name: pool.submit(adk, "run", "--in_memory", f"agents/samples/{name}", typed)
        for name, (typed, _, _) in TYPED.items()
    }
    pool.shutdown(wait=False)
    return started


@pytest.mark.parametrize("name", CATALOGUE)
def test_adk_run_answers_without_a_key(name: str, runs: dict[str, Future[Done]]) -> None:
    """`adk run agents/<name> "..."` reads the named file and answers, or waits for a person."""
    _, who, begins = TYPED[name]
    done = runs[name].result()
    assert done.returncode in {0, 2}, done.stderr
    if begins == PAUSED:
        assert f"[{who}]: (Paused for input...)" in done.stdout
        assert PAUSED in done.stdout + done.stderr
        return
    said = [line for line in done.stdout.splitlines() if line.startswith(f"[{who}]: ")]
    last = said[-1].partition(": ")[2]
    answer = json.loads(last)
    assert answer["summary"].startswith(begins)
    assert answer["full_text"]


def test_adk_web_lists_the_agents_and_nothing_else() -> None:
    """Folders that are no agents are not listed; asked of a running `adk web`."""
    port = free_port()
    command = [str(ADK), "web", "--port", str(port), "agents/samples"]
    server = subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        assert sorted(_listed(f"http://127.0.0.1:{port}/list-apps")) == sorted(CATALOGUE)
    finally:
        server.terminate()
        server.wait(20)
    assert AgentLoader(str(ROOT / "agents/samples")).list_agents() == sorted(CATALOGUE)


def _listed(url: str) -> list[str]:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    for _ in range(300):
        try:
            with opener.open(url, timeout=5) as answer:
                found: list[str] = json.load(answer)
                return found
        except urllib.error.URLError:
            time.sleep(0.1)
    raise TimeoutError("adk web did not come up")


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_agent_has_a_case(name: str) -> None:
    """For `adk test agents`."""
    assert list((ROOT / "agents/samples" / name / "tests").glob("*.json"))


def test_adk_test_replays_the_cases() -> None:
    """Prompts, tool calls and tool results are as recorded, of every agent."""
    done = adk("test", "agents/samples")
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(CATALOGUE)} passed" in done.stdout
