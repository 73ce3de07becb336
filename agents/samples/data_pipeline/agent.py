"""A sequence: validate, process, report, each with what the one before it found."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from google.adk.workflow import Workflow

from agents.catalogue import find
from agents.samples.models import command_line_agent
from agents.samples.roles import member, relay
from agents.samples.tools.input_files import InputTools

ABOUT = find("data_pipeline")
VALIDATE = """
You validate tables. Profile every input file and answer in JSON: {"valid": true or false,
"problems": [one sentence each], "files": [names]}. A table is invalid when it cannot be read, when
more than half of its cells are missing, or when rows are repeated.
"""
PROCESS = """
You aggregate. For each valid table compare its main numeric columns between its groups with
compare_segments, and answer in JSON: {"aggregates": [one sentence each, with the figures]}. Carry
the result of the validation along under "validation".
"""
REPORT = """
You report on the pipeline's run. Answer with: summary (at most 600 characters), findings, metrics,
full_text (Markdown: validation, aggregates, what to do). Use only what you were handed.
"""


def build(model: str, temperature: float | None = None, folder: Path | None = None) -> Workflow:
    """The agent on `model`; with a folder, it may open the files below it (command line only)."""
    tools = InputTools(folder)
    seeing: list[Callable[..., Any]] = [tools.profile_table]
    validator = member(ABOUT, "validator", model, temperature, VALIDATE, tools=seeing)
    comparing: list[Callable[..., Any]] = [tools.profile_table, tools.compare_segments]
    processor = member(ABOUT, "processor", model, temperature, PROCESS, tools=comparing)
    reporter = member(ABOUT, "reporter", model, temperature, REPORT, structured=True)
    return Workflow(
        name=ABOUT.name,
        description=ABOUT.description,
        edges=[("START", validator, relay("validated"), processor, relay("processed"), reporter)],
    )


root_agent = command_line_agent(ABOUT, build)
