"""SIGKILL at every point between "a tool ran" and "its model has answered"."""

import asyncio
import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
ALL = {
    f"{when} {what}"
    for when in ("before", "after")
    for what in ("begun", "the act", "ended", "the model", "said")
}


async def sweep(folder: Path, *how: str) -> list[dict[str, Any]]:
    """What became of each kill."""
    command = (sys.executable, "-m", "tests.agents.kill_sweep", str(folder), *how)
    log = folder / "log"
    with log.open("wb") as errors:
        process = await asyncio.create_subprocess_exec(
            *command, cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=errors
        )
        said, _ = await process.communicate()
    assert process.returncode == 0, log.read_text(encoding="utf-8")[-2000:]
    return [json.loads(line) for line in said.splitlines()]


@pytest.mark.timeout(600)
@pytest.mark.parametrize("where", [(), ("a2a",)], ids=["worker", "server"])
@pytest.mark.parametrize("how", [(), ("asking",)], ids=["unasked", "approved"])
async def test_no_kill_makes_an_act_twice(
    tmp_path: Path, how: tuple[str, ...], where: tuple[str, ...]
) -> None:
    """Each act once, or known as unknown and asked about; the key of each is its own.

    Two equal payments to Ann are two acts. What is put for Eve says that it may be run again, so
    nobody is asked about that; with approvals it ran a turn earlier.
    """
    lines = await sweep(tmp_path, *how, *where)
    wanted = Counter(["Ann", "Ann"] if how else ["Ann", "Ann", "Eve"])
    assert {line["point"] for line in lines} >= ALL
    for line in lines:
        acts = Counter(line["acts"])
        assert not acts - wanted, line
        assert line["keys"] == acts.total(), line
        assert set(line["asked"]) <= {"Ann"}, line
        unknown = sum(status == "unknown" for tool, status in line["ran"] if tool == "pay")
        if line["result"]:
            assert (acts, unknown, line["asked"]) == (wanted, 0, []), line
        else:
            assert unknown == len(line["asked"]) > 0, line
    assert any(line["result"] for line in lines)
    assert any(line["asked"] for line in lines)
