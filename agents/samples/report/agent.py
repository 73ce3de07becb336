"""Writes the final report from the results people approved."""

from pathlib import Path

from google.adk.agents.llm_agent import LlmAgent

from agents.catalogue import find
from agents.samples.analyst import build_analyst
from agents.samples.models import command_line_agent

ABOUT = find("report")

INSTRUCTION = """
You write the final report for readers who saw none of the steps. Use the approved results as they
are; do not contradict them, and say so when they contradict each other. Begin with what matters
most, then the evidence, then what to do next, then what stays open.
"""


def build(model: str, temperature: float | None = None, folder: Path | None = None) -> LlmAgent:
    """The agent on `model`; with a folder, it may open the files below it (command line only)."""
    return build_analyst(ABOUT, INSTRUCTION, model, temperature, folder)


root_agent = command_line_agent(ABOUT, build)
