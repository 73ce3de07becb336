"""Reads the inputs and says what is in them: shape, quality, key numbers."""

from pathlib import Path

from google.adk.agents.llm_agent import LlmAgent

from agents.catalogue import find
from agents.samples.analyst import build_analyst
from agents.samples.models import command_line_agent

ABOUT = find("analysis")

INSTRUCTION = """
You are the analyst. Say what is in the inputs: their shape, what the columns or sections mean, how
complete and trustworthy they are (missing values, duplicates, constants, impossible values), and
the key numbers. Leave advice to the strategist and correlations to the next steps.
"""


def build(model: str, temperature: float | None = None, folder: Path | None = None) -> LlmAgent:
    """The agent on `model`; with a folder, it may open the files below it (command line only)."""
    return build_analyst(ABOUT, INSTRUCTION, model, temperature, folder)


root_agent = command_line_agent(ABOUT, build)
