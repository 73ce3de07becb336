"""What an agent's model is asked to answer with, and how that becomes a typed result."""

import json
import math
import re
from itertools import islice

from pydantic import BaseModel, Field

from agents.errors import BadAnswer
from workflows.messages.results import SUMMARY_CHARACTERS, AgentResult

MOST_FINDINGS = 50
FULL_TEXT_CHARACTERS = 2_000_000
OFFLINE_LINE = (
    "> Offline: a deterministic program wrote this text from the figures; no language model was "
    "asked."
)
MOST_OBJECTS = 50
"""So many places of a text are tried for an answer as JSON."""
_OBJECT = re.compile(r'\{\s*"')
_FENCE = re.compile(r"```(?:json)?\s*\{")
_SUMMARY = re.compile(r'\{\s*"summary"\s*:')
_DECODER = json.JSONDecoder()
_EXACT = 2**53


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


def parse_answer(
    text: str, model: str, agent: str = "the agent", *, any_form: bool = False
) -> AgentResult:
    """A result from whatever the model said; prose becomes the full text.

    With `any_form` a whole object of another form is an answer as well: its fields are.

    Raises BadAnswer for nothing at all, and for JSON that breaks off or is of another shape.
    """
    answer = _validated(text) or (_of_other_form(text) if any_form else None)
    if answer is None:
        _refuse_pieces(text, model, agent)
        answer = AgentAnswer(summary=_first_paragraph(text), full_text=text)
    summary = shorten(clean(answer.summary) or _summary_of(answer))
    if not summary:
        raise BadAnswer(f"The model of {agent} ({model}) said nothing. Try again later.")
    offline = model.startswith("offline/")
    full_text = clean(answer.full_text or _as_markdown(answer))[:FULL_TEXT_CHARACTERS]
    return AgentResult(
        summary=summary,
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
    """The whole text, or the last object in it that is an answer: prose may stand around it."""
    found = _answer(text)
    if found is not None:
        return found
    end = 0
    for opening in islice(_OBJECT.finditer(text), MOST_OBJECTS):
        if opening.start() < end:
            continue
        try:
            loaded, end = _DECODER.raw_decode(text, opening.start())
            found = AgentAnswer.model_validate(loaded)
        except (ValueError, RecursionError):
            continue
    return found


def _answer(text: str) -> AgentAnswer | None:
    try:
        return AgentAnswer.model_validate(json.loads(text))
    except (ValueError, RecursionError):
        return None


def _of_other_form(text: str) -> AgentAnswer | None:
    """The fields of an object as findings and metrics, and itself as the full text."""
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(said, dict):
        return None
    plain = {name: value for name, value in said.items() if not isinstance(value, dict | list)}
    lines = [f"{name}: {value}" for name, value in plain.items() if value is not None]
    numbers = {n: v for n, v in plain.items() if type(v) in {int, float} and abs(v) < _EXACT}
    body = json.dumps(said, indent=2, ensure_ascii=False)
    return AgentAnswer(
        summary="; ".join(lines) or body,
        findings=lines,
        metrics=[Metric(name=n, value=v) for n, v in numbers.items()],
        full_text=f"```json\n{body}\n```",
    )


def _refuse_pieces(text: str, model: str, agent: str) -> None:
    """Half an answer must not look like a whole one."""
    bare = text.strip()
    if bare.startswith("{") or _FENCE.match(bare) or _SUMMARY.search(text):
        raise BadAnswer(
            f"The model of {agent} ({model}) broke off its answer, or gave it another form than "
            "was asked for. Retry, or name another model."
        )


def _summary_of(answer: AgentAnswer) -> str:
    """For an answer without one."""
    said = (answer.full_text, *answer.findings)
    return next((first for text in said if (first := _first_paragraph(clean(text)))), "")


def _first_paragraph(text: str) -> str:
    paragraphs = (part.strip(" #*\n") for part in text.split("\n\n"))
    return next((part for part in paragraphs if part and part != "null"), "")


def _as_markdown(answer: AgentAnswer) -> str:
    return "\n".join([answer.summary, "", *(f"* {finding}" for finding in answer.findings)])
