"""What an agent hands over to be decided."""

from enum import StrEnum

from pydantic import Field

from workflows.frozen import Frozen

SUMMARY_CHARACTERS = 600


class ExecutionMode(StrEnum):
    """Where a result came from; anything but `live_agent` is said on the card."""

    LIVE_AGENT = "live_agent"
    FALLBACK = "fallback"
    SYNTHETIC = "synthetic"


class AgentVersion(Frozen):
    """What ran, as the agent's card declares it; the audit log keeps it with the decision."""

    name: str
    version: str = ""
    api_version: str = ""
    model_version: str = ""
    prompt_version: str = ""
    capabilities: tuple[str, ...] = ()


class AgentResult(Frozen):
    """One agent's typed result.

    `summary` is what the card shows (at most 600 characters), `full_text` (Markdown) hangs in the
    thread as a file. `metrics` are the numbers rules may look at. `offline` says that a
    deterministic stand-in wrote the text, not a language model.
    """

    summary: str = Field(max_length=SUMMARY_CHARACTERS)
    findings: tuple[str, ...] = ()
    metrics: dict[str, float] = {}
    full_text: str = ""
    offline: bool = False
    model: str = ""
