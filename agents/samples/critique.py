"""What a critic answers with. Code checks stand beside it: its approval takes no objection away."""

import json
from typing import Any, Literal

from google.adk.events.event import Event
from google.genai import types
from pydantic import BaseModel, Field, ValidationError

from agents.turn.answer import AgentAnswer

NO_REASON = "The critic objects, and does not say why."


class Critique(BaseModel):
    """A critic's verdict on a text. Without one it has approved of nothing."""

    verdict: Literal["approve", "object", "cannot_say"] = Field(
        default="cannot_say", description="object if there is any objection"
    )
    objections: list[str] = Field(default=[], description="one sentence each, the worst first")

    @classmethod
    def read(cls, said: Any) -> "Critique":
        """From what a critic said; what cannot be read is no verdict."""
        try:
            return cls.model_validate_json(said) if isinstance(said, str) else cls(**(said or {}))
        except (ValidationError, TypeError):
            return cls()

    @property
    def counted(self) -> list[str]:
        """The objections, whatever the verdict says beside them."""
        found = [text.strip() for text in self.objections if text.strip()]
        return found or ([NO_REASON] if self.verdict == "object" else [])


class ClaimVerdict(BaseModel):
    """What a critic says of one claim."""

    claim: str = Field(description="the claim, word for word")
    verdict: Literal["valid", "invalid", "unclear"] = "unclear"
    reason: str = Field(default="", description="names the figure that bears it out, or does not")


class ClaimVerdicts(BaseModel):
    """What a critic says of all of them."""

    verdicts: list[ClaimVerdict] = Field(default=[], description="one for each claim")

    @classmethod
    def read(cls, said: Any) -> "ClaimVerdicts":
        """From what a critic said; what cannot be read says nothing of any claim."""
        try:
            return cls.model_validate_json(said) if isinstance(said, str) else cls(**(said or {}))
        except (ValidationError, TypeError):
            return cls()


def written(made: AgentAnswer) -> Event:
    """The answer of an agent whose last word is a program's, for ADK's own commands as well."""
    text = json.dumps(made.model_dump())
    return Event(output=text, content=types.Content(role="model", parts=[types.Part(text=text)]))
