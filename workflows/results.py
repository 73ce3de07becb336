"""What an agent hands over to be decided."""

from enum import StrEnum

from pydantic import Field, FiniteFloat

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


class AgentPin(Frozen):
    """What an agent must say it is; what is empty may be anything."""

    version: str = ""
    api_version: str = ""
    model_version: str = ""
    prompt_version: str = ""
    capabilities: tuple[str, ...] = ()

    def over(self, other: "AgentPin") -> "AgentPin":
        """This, and where it says nothing, the other."""
        said = {name: value for name, value in self if value}
        return other.model_copy(update=said)

    def problem(self, agent: str, declared: AgentVersion, *, model: bool = True) -> str:
        """Empty if the agent is what is pinned, else a sentence; `model` compares the model too."""
        for field, words in _PINNED.items():
            wanted, said = getattr(self, field), getattr(declared, field)
            if wanted and said != wanted and (model or field != "model_version"):
                return (
                    f"{agent} says it is {words} {said or 'unknown'}, but {wanted} is pinned. "
                    "Deploy that one, or change the pin."
                )
        missing = sorted(set(self.capabilities) - set(declared.capabilities))
        if missing:
            return (
                f"{agent} does not declare what is pinned: {', '.join(missing)}. "
                "Deploy one that does, or change the pin."
            )
        return ""


_PINNED = {
    "version": "version",
    "api_version": "API version",
    "prompt_version": "prompt version",
    "model_version": "model",
}


class AgentResult(Frozen):
    """One agent's typed result.

    `summary` is what the card shows (at most 600 characters), `full_text` (Markdown) hangs in the
    thread as a file. `metrics` are the numbers rules may look at. `offline` says that a
    deterministic stand-in wrote the text, not a language model.
    """

    summary: str = Field(max_length=SUMMARY_CHARACTERS)
    findings: tuple[str, ...] = ()
    metrics: dict[str, FiniteFloat] = {}
    full_text: str = ""
    offline: bool = False
    model: str = ""
