"""The figures of pipelines are of runs that came to their end."""

import json
import subprocess
import sys
from pathlib import Path

from benchmarks.pipelines import INPUTS
from bot.config.settings import load

ROOT = Path(__file__).parents[2]


def test_every_shipped_pipeline_has_inputs() -> None:
    """So that none is left out."""
    assert set(INPUTS) == set(load(ROOT / "signoff.toml").pipelines)


def test_a_pipeline_is_driven_to_its_end() -> None:
    """In processes of its own; the strict stand-in refused no request."""
    command = [sys.executable, "-m", "benchmarks.pipelines", "pay"]
    run = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False
    )
    figure = json.loads(run.stdout)
    assert run.returncode == 0, figure
    assert (figure["name"], figure["status"], figure["cards"]) == ("pipeline pay", "completed", 1)
    assert figure["model_calls"] >= 3
    assert figure["tokens_in"] > figure["tokens_out"] > 0
    assert figure["refused_requests"] == 0
