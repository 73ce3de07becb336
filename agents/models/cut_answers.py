"""Answers of a model that are not whole: nothing in them is run, shown or kept.

Finish and block reasons: https://ai.google.dev/api/generate-content#FinishReason
"""

import re

from google.adk.events.event import Event
from google.adk.models.llm_response import LlmResponse
from google.genai import types

from agents.errors import AgentFailed

NO_ANSWER = "NO_ANSWER"
_WHOLE = frozenset({None, types.FinishReason.STOP})
_BLOCKED = frozenset(
    {
        *("SAFETY", "PROHIBITED_CONTENT", "BLOCKLIST", "SPII", "IMAGE_SAFETY", "JAILBREAK"),
        *("MODEL_ARMOR", "LANGUAGE", "IMAGE_PROHIBITED_CONTENT"),
    }
)
_CODE = re.compile(r"[A-Z][A-Z_]+")


def mark_cut(response: LlmResponse) -> None:
    """Make an answer that was cut off or blocked, or that says nothing, an error."""
    if response.partial or response.interrupted:
        return
    if response.error_code is None and response.finish_reason not in _WHOLE:
        response.error_code = getattr(response.finish_reason, "value", response.finish_reason)
    if response.error_code is None and not says(response):
        response.error_code = NO_ANSWER
    if response.error_code is not None:
        response.content = None


def says(response: LlmResponse) -> bool:
    """Whether there is anything in it but thoughts and blanks."""
    parts = (response.content.parts if response.content else None) or []
    return any(not part.thought and (part.text is None or part.text.strip()) for part in parts)


class Faults:
    """The errors of a run that nobody got over.

    An agent gets over its own by answering after it, and over that of an agent that it asked as a
    tool by hearing of it.
    """

    def __init__(self) -> None:
        self._open: dict[str, str] = {}

    def note(self, event: Event) -> None:
        """An event of the run, in their order."""
        if event.partial:
            return
        if event.error_code:
            self._open[event.author] = event.error_code
            return
        if event.content is not None and event.content.parts:
            self._open.pop(event.author, None)
        for response in event.get_function_responses():
            self._open.pop(response.name or "", None)

    def failure(self, agent: str, model: str) -> AgentFailed | None:
        """The sentence about the latest of them."""
        code = next(reversed(self._open.values()), "")
        return _failure(f"The model of {agent} ({model})", code) if code else None


def _failure(named: str, code: str) -> AgentFailed:
    if code == "MAX_TOKENS":
        return AgentFailed(
            f"{named} was cut off: its answer is longer than it may write ({code}). Ask for less, "
            "or name another model.",
            retryable=False,
        )
    if code in _BLOCKED:
        return AgentFailed(
            f"{named} was stopped by its provider's rules on contents ({code}). Change the input, "
            "or name another model.",
            retryable=False,
        )
    if code == "RECITATION":
        return AgentFailed(f"{named} was stopped: it recited somebody else's text ({code}).")
    shown = f" ({code})" if _CODE.fullmatch(code) and code != NO_ANSWER else ""
    return AgentFailed(f"{named} gave no usable answer{shown}. Try again later.")
