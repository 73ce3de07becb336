"""Hierarchy: a writer uses a research assistant, who uses a searcher and a summarizer."""

from pathlib import Path

from google.adk.agents.llm_agent import LlmAgent

from agents.catalogue import find
from agents.samples.models import command_line_agent
from agents.samples.roles import member
from agents.samples.tools.input_files import InputTools

ABOUT = find("report_writer")
WRITER = """
You write a report on the inputs. Ask your research assistant; hand on the whole request, word for
word. Then answer with: summary (at most 600 characters), findings, metrics, full_text (Markdown: in
short, evidence, open questions). Use only what the assistant found.
"""
ASSISTANT = """
You are a research assistant. Ask the searcher for the evidence, handing on the whole request word
for word, then the summarizer, handing on all the searcher found, and answer with both.
"""
SEARCHER = """
You search the inputs with the tools and answer in JSON: {"evidence": [one sentence each, with the
name of its file]}. Never invent a figure.
"""
SUMMARIZER = """
You get evidence as JSON. Answer in JSON: {"evidence": [as you got it], "short": [the three most
important sentences]}.
"""


def build(model: str, temperature: float | None = None, folder: Path | None = None) -> LlmAgent:
    """The agent on `model`; with a folder, it may open the files below it (command line only)."""
    tools = InputTools(folder)
    searcher = member(
        ABOUT,
        "searcher",
        model,
        temperature,
        SEARCHER,
        description="Finds evidence in the inputs.",
        tools=[tools.profile_table, tools.read_document],
        single_turn=True,
    )
    summarizer = member(
        ABOUT,
        "summarizer",
        model,
        temperature,
        SUMMARIZER,
        description="Shortens evidence.",
        single_turn=True,
    )
    assistant = member(
        ABOUT,
        "research_assistant",
        model,
        temperature,
        ASSISTANT,
        description="Researches the inputs of a request.",
        sub_agents=[searcher, summarizer],
        single_turn=True,
    )
    return member(ABOUT, "", model, temperature, WRITER, sub_agents=[assistant], structured=True)


root_agent = command_line_agent(ABOUT, build)
