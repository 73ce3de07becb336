"""Generate and review: a drafter states claims, a checker holds each against the data."""

from pathlib import Path

from google.adk.workflow import Workflow

from agents.catalogue import find
from agents.samples.models import command_line_agent
from agents.samples.roles import member, relay
from agents.samples.tools.input_files import InputTools

ABOUT = find("fact_check")
DRAFT = """
You draft. When there is a text among the inputs, list its sentences that state a figure, word for
word; otherwise write five sentences about the tables, each with a figure. Answer in JSON:
{"claims": [sentences]}.
"""
CHECK = """
You check facts. Profile the tables and hold every claim you were handed against them. A claim is
valid, invalid or unclear, with a reason that names the figure. Answer with: summary (at most 600
characters: how many are valid, invalid, unclear, and the worst), findings (one sentence per claim,
the invalid first), metrics (valid, invalid, unclear), full_text (Markdown with a table).
"""


def build(model: str, temperature: float | None = None, folder: Path | None = None) -> Workflow:
    """The agent on `model`; with a folder, it may open the files below it (command line only)."""
    tools = InputTools(folder)
    using = [tools.profile_table, tools.read_document]
    drafter = member(ABOUT, "drafter", model, temperature, DRAFT, tools=using)
    checker = member(ABOUT, "checker", model, temperature, CHECK, tools=using, structured=True)
    return Workflow(
        name=ABOUT.name,
        description=ABOUT.description,
        edges=[("START", drafter, relay("drafted"), checker)],
    )


root_agent = command_line_agent(ABOUT, build)
