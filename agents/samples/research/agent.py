"""Fan-out and gather: three researchers at the same time, then a synthesis."""

from pathlib import Path

from google.adk.workflow import JoinNode, Workflow

from agents.catalogue import find
from agents.samples.models import command_line_agent
from agents.samples.roles import member, relay
from agents.samples.tools.input_files import InputTools

ABOUT = find("research")
RESEARCHERS = {
    "figures": "the tables: their size, their key numbers, what moves together",
    "texts": "the texts: what they are about and what they decide",
    "claims": "the sentences with numbers in the texts, and whether the tables bear them out",
}
RESEARCH = """
You research {subject}. Use the tools; never invent a figure. Answer in JSON: {{"findings": [one
sentence each]}}. An empty list is an answer.
"""
SYNTHESIS = """
You bring together what the researchers found: name what they agree on, what they contradict each
other in, and what none of them answers. Answer with: summary (at most 600 characters), findings,
metrics, full_text (Markdown, one section per researcher).
"""


def build(model: str, temperature: float | None = None, folder: Path | None = None) -> Workflow:
    """The agent on `model`; with a folder, it may open the files below it (command line only)."""
    tools = InputTools(folder)
    using = [tools.profile_table, tools.read_document]
    researchers = tuple(
        member(ABOUT, role, model, temperature, RESEARCH.format(subject=subject), tools=using)
        for role, subject in RESEARCHERS.items()
    )
    synthesis = member(ABOUT, "synthesis", model, temperature, SYNTHESIS, structured=True)
    gathered = JoinNode(name="gathered")
    return Workflow(
        name=ABOUT.name,
        description=ABOUT.description,
        edges=[("START", researchers, gathered, relay("handed"), synthesis)],
    )


root_agent = command_line_agent(ABOUT, build)
