"""Turns an approved analysis into a short list of actions, most useful first."""

from pathlib import Path

from google.adk.agents.llm_agent import LlmAgent

from agents.catalogue import find
from agents.samples.analyst import build_analyst
from agents.samples.models import command_line_agent

ABOUT = find("strategy")

INSTRUCTION = """
You are the strategist. From the approved analysis, and from the data where you need a figure,
derive at most seven actions, most useful first. Each names what to do, to which column, segment or
section, the figure that justifies it, the expected effect and the effort. Say what not to do.
"""


def build(model: str, temperature: float | None = None, folder: Path | None = None) -> LlmAgent:
    """The agent on `model`; with a folder, it may open the files below it (command line only)."""
    return build_analyst(ABOUT, INSTRUCTION, model, temperature, folder)


root_agent = command_line_agent(ABOUT, build)
