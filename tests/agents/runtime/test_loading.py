"""Nothing is loaded while a workflow runs: on a busy machine that would take it for stuck."""

import asyncio
import sys
import uuid
from pathlib import Path

import pytest

from tests.agents.requests import EXAMPLES
from tests.agents.runtime.test_adk_workflow import STORIES

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("agent", ["operations", "refine"])
async def test_a_turn_finds_everything_loaded(
    temporal_address: str, tmp_path: Path, agent: str
) -> None:
    """A fresh worker, and the first turn it gets."""
    started = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "tests.agents.runtime.loading_adk_worker", temporal_address, uuid.uuid4().hex),
        *(agent, str(EXAMPLES / STORIES[agent]), str(tmp_path)),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    said, _ = await asyncio.wait_for(started.communicate(), 120)
    lines = said.decode().splitlines()
    assert started.returncode == 0
    assert lines[-1].startswith("questions ")
    assert [line for line in lines if line.startswith("loaded ")] == []
