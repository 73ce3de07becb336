"""What an agent's model is asked to answer with, and how that becomes a typed result."""

import json
import math
import re
from typing import Any

from pydantic import BaseModel, Field, ValidationError

from workflows.messages.results import SUMMARY_CHARACTERS, AgentResult

MOST_FINDINGS = 50
FULL_TEXT_CHARACTERS = 2_000_000
OFFLINE_LINE = (
    "> Offline: a deterministic program wrote this text from the figures; no language model was "
    "asked."
)
_FENCED = re.compile(r"```(?:json)?\s*(\{.*\})\s*```", re.DOTALL)


class Metric(BaseModel):
    """One figure. A list of these, because not every model API takes a free-form mapping."""

    name: str = Field(description="short name, for example rows or missing_percent")
    value: float


class AgentAnswer(BaseModel):
    """The structured answer of an agent."""

    summary: str = Field(description="at most 600 characters, for a card that people decide on")
    findings: list[str] = Field(default=[], description="one sentence each, most important first")
    metrics: list[Metric] = Field(default=[], description="the key figures behind the findings")
    full_text: str = Field(default="", description="the whole result as Markdown")


def parse_answer(text: str, model: str) -> AgentResult:
    """A result from whatever the model said; prose becomes the full text, never an error."""
    answer = _validated(text)
    if answer is None:
        answer = AgentAnswer(summary=_first_paragraph(text), full_text=text)
    offline = model.startswith("offline/")
    full_text = clean(answer.full_text or _as_markdown(answer))[:FULL_TEXT_CHARACTERS]
    return AgentResult(
        summary=shorten(clean(answer.summary) or "The agent gave no summary."),
        findings=tuple(clean(finding) for finding in answer.findings[:MOST_FINDINGS]),
        metrics={clean(m.name): m.value for m in answer.metrics if math.isfinite(m.value)},
        full_text=f"{OFFLINE_LINE}\n\n{full_text}" if offline else full_text,
        offline=offline,
        model=model,
    )


def clean(text: str) -> str:
    """Without NUL and lone surrogates: what follows hashes it, stores it and sends it."""
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")


def shorten(text: str, most: int = SUMMARY_CHARACTERS) -> str:
    """At most `most` characters, cut at a word where there is one near the end."""
    text = text.strip()
    if len(text) <= most:
        return text
    cut = text[: most - 1]
    at_word = cut.rpartition(" ")[0]
    return (at_word if len(at_word) > most * 0.8 else cut).rstrip(" ,;:") + "…"


def _validated(text: str) -> AgentAnswer | None:
    for candidate in _candidates(text):
        try:
            loaded: Any = json.loads(candidate)
            return AgentAnswer.model_validate(loaded)
        except (ValueError, RecursionError, ValidationError):
            continue
    return None


def _candidates(text: str) -> list[str]:
    """The whole text, a fenced block, and from the first brace to the last."""
    fenced = [found.group(1) for found in [_FENCED.search(text)] if found]
    first, last = text.find("{"), text.rfind("}")
    braces = [text[first : last + 1]] if 0 <= first < last else []
    return [text, *fenced, *braces]


def _first_paragraph(text: str) -> str:
    paragraphs = (part.strip(" #*\n") for part in text.split("\n\n"))
    return next((part for part in paragraphs if part), "")


def _as_markdown(answer: AgentAnswer) -> str:
    return "\n".join([answer.summary, "", *(f"* {finding}" for finding in answer.findings)])
