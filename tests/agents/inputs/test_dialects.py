"""Tables that are written in random dialects are read back: a part of `make dialects`."""

import os

import pytest

from tests.agents.inputs.dialects import random_case
from tests.agents.inputs.read_back import Verdict, judged

COUNT = 20_000 if os.environ.get("SIGNOFF_FULL") else 60


@pytest.mark.timeout(3_600)
def test_random_tables_are_read_back() -> None:
    """Nearly all exactly, the others refused or said to be a guess, and none silently wrong."""
    found: dict[Verdict, list[str]] = {verdict: [] for verdict in Verdict}
    for seed in range(COUNT):
        verdict, why = judged(random_case(seed))
        found[verdict].append(f"seed {seed}: {why}")
    assert found[Verdict.WRONG] == []
    assert len(found[Verdict.RIGHT]) >= 0.98 * COUNT, found[Verdict.GUESS_SAID]
