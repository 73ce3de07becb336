"""The fault programme at reduced strength; `python -m benchmarks.chaos` is the whole of it."""

import os
from pathlib import Path

import pytest

from benchmarks.chaos.run import Plan, Run

FULL = os.environ.get("SIGNOFF_FULL") == "1"
SEED = int(os.environ.get("SIGNOFF_SEED", "20251"))
APPROVALS, SECONDS = (1_000, 1_800.0) if FULL else (20, 20.0)
FEWEST_KILLS = 3


@pytest.mark.timeout(3_600 if FULL else 240)
async def test_kills_lose_nothing_double_nothing_and_let_nobody_in(tmp_path: Path) -> None:
    """Every process dies again and again while people click; every invariant holds afterwards."""
    verdict = await Run(Plan(seed=SEED, approvals=APPROVALS, seconds=SECONDS), tmp_path).judged()
    print(verdict.figures)
    assert verdict.sound, f"seed {SEED}: {verdict.findings}; evidence: {tmp_path}"
    assert sum(verdict.figures["kills"].values()) >= FEWEST_KILLS
    assert verdict.figures["approvals"] > 0
    forged = verdict.figures["forged"]
    assert forged["plain"] > 0
    assert forged["copied"] + forged["again"] > 0
    assert verdict.figures["forged_refused"] > 0
