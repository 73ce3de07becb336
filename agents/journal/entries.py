"""What a turn's journal holds, entry by entry, as JSON."""

import json
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter

from agents.journal.repeatable import Repeat
from workflows.messages.base import Frozen
from workflows.messages.results import RunStatus

MOST_BYTES = 1_000_000
"""What is larger is kept without what the tool or the model answered."""


class Begun(Frozen):
    """A tool is about to run. `proposed` is what the agent wanted, where people edited it."""

    kind: Literal["begun"] = "begun"
    key: str
    tool: str
    arguments: dict[str, Any] = {}
    proposed: dict[str, Any] | None = None
    call_id: str = ""
    agent: str = ""
    approved: bool = False
    repeat: Repeat = Repeat.ONCE


class Ended(Frozen):
    """It ran, or people said that it is not to be tried again. `effects`: see `tool_effects`."""

    kind: Literal["ended"] = "ended"
    key: str
    status: RunStatus = RunStatus.DONE
    response: dict[str, Any] = {}
    effects: dict[str, Any] = {}


class Withdrawn(Frozen):
    """It did not run after all: it asked people first, or could not be begun."""

    kind: Literal["withdrawn"] = "withdrawn"
    key: str


class Said(Frozen):
    """A model answered; `of` is the digest of what it was asked, `number` counts repeats of it."""

    kind: Literal["said"] = "said"
    of: str
    number: int
    response: dict[str, Any]


class Unsaid(Frozen):
    """That answer was no use: whoever asks the same again asks the model."""

    kind: Literal["unsaid"] = "unsaid"
    of: str
    number: int


class Paid(Frozen):
    """A model was asked, whatever came of it. `version` is what answered; see `Spent`."""

    kind: Literal["paid"] = "paid"
    version: str = ""
    tokens: int = 0
    seconds: float = 0
    money: float = 0


Entry = Begun | Ended | Withdrawn | Said | Unsaid | Paid
_ENTRY: TypeAdapter[Entry] = TypeAdapter(Annotated[Entry, Field(discriminator="kind")])


def read_entry(text: bytes) -> Entry:
    """Raises ValueError for what is no entry."""
    return _ENTRY.validate_python(json.loads(text))


def written(entry: Entry) -> bytes:
    """ASCII, lone surrogates included: whatever tools and models say can be kept."""
    return json.dumps(entry.model_dump(), separators=(",", ":")).encode("ascii")
