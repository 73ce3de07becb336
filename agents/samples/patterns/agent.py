"""Looks for correlations, trends, outliers and segments, and says how sure."""

from pathlib import Path

from google.adk.agents.llm_agent import LlmAgent

from agents.catalogue import find
from agents.samples.analyst import build_analyst
from agents.samples.models import command_line_agent

ABOUT = find("patterns")

INSTRUCTION = """
You look for patterns: correlations, trends over time, seasons, outliers, and segments that differ.
Give the size and the number of rows behind each, say how sure you are, and warn of what looks like
a pattern and is none. A correlation is never called a cause.
"""


def build(model: str, temperature: float | None = None, folder: Path | None = None) -> LlmAgent:
    """The agent on `model`; with a folder, it may open the files below it (command line only)."""
    return build_analyst(ABOUT, INSTRUCTION, model, temperature, folder)


root_agent = command_line_agent(ABOUT, build)
