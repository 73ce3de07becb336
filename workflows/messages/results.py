"""What an agent hands over to be decided."""

from enum import StrEnum
from typing import Any, Self

from pydantic import (
    Field,
    FiniteFloat,
    SerializerFunctionWrapHandler,
    model_serializer,
    model_validator,
)

from workflows.content.json_value import arguments_flaw
from workflows.messages.base import Frozen

SUMMARY_CHARACTERS = 600
ALIAS = "-latest"
"""How the names of models end that are now this version, now that."""


class ExecutionMode(StrEnum):
    """Where a result came from; anything but `live_agent` is said on the card."""

    LIVE_AGENT = "live_agent"
    FALLBACK = "fallback"
    SYNTHETIC = "synthetic"


class AgentVersion(Frozen):
    """What ran, as the agent's card declares it; the audit log keeps it with the decision.

    Of an answer, `model_version` is the version that gave it, where the model says which;
    `asked_model` is the name by which it was asked.
    """

    name: str
    version: str = ""
    api_version: str = ""
    model_version: str = ""
    prompt_version: str = ""
    capabilities: tuple[str, ...] = ()
    asked_model: str = ""


class AgentPin(Frozen):
    """What an agent must say it is; what is empty may be anything."""

    version: str = ""
    """The agent's version."""
    api_version: str = ""
    """The version of its interface."""
    model_version: str = ""
    """The model that does the talking."""
    prompt_version: str = ""
    """The version of its prompt."""
    capabilities: tuple[str, ...] = ()
    """What it must be able to do, all of it."""

    def over(self, other: "AgentPin") -> "AgentPin":
        """This, and where it says nothing, the other."""
        said = {name: value for name, value in self if value}
        return other.model_copy(update=said)

    def problem(self, agent: str, declared: AgentVersion, *, model: bool = True) -> str:
        """Empty if the agent is what is pinned, else a sentence; `model` compares the model too."""
        for field, words in _PINNED.items():
            wanted, said = getattr(self, field), getattr(declared, field)
            if field == "model_version" and not (model and self._tells_model(declared)):
                continue
            if wanted and said != wanted:
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

    def _tells_model(self, declared: AgentVersion) -> bool:
        """A card that names an alias does not say which version will answer to it."""
        if declared.asked_model:
            return self.model_version != declared.asked_model
        return not declared.model_version.endswith(ALIAS)


_PINNED = {
    "version": "version",
    "api_version": "API version",
    "prompt_version": "prompt version",
    "model_version": "model",
}


class ProposedCall(Frozen):
    """A tool call that an agent wants approved: `arguments` (JSON) are what it will run with.

    Without a `tool` it is an input that the agent asks for; the arguments are what it would take.
    """

    id: str
    tool: str
    arguments: dict[str, Any] = {}
    hint: str = ""

    @model_validator(mode="after")
    def _has_a_json_form(self) -> Self:
        """What has none could be neither shown nor digested; NaN and infinity have none."""
        if found := arguments_flaw(self.tool, self.arguments):
            raise ValueError(found)
        return self

    def note(self) -> str:
        """The hint on one line, so that nothing in it passes for an argument."""
        return " ".join(self.hint.split())


class RunStatus(StrEnum):
    """What is known of a tool call that was begun; `unknown` when it was killed in the middle."""

    DONE = "done"
    FAILED = "failed"
    UNKNOWN = "unknown"


class ToolRun(Frozen):
    """A tool call that ran, as whoever ran it recorded it, before the model heard of it.

    `key` is the idempotency key that the tool got; `approved` whether people approved the call;
    `proposed` what the agent had wanted it to run with, where people edited that. The task itself
    fills in who edited and who approved it; what an agent says of that counts for nothing.
    """

    key: str
    tool: str
    arguments: dict[str, Any] = {}
    status: RunStatus = RunStatus.DONE
    response: dict[str, Any] = {}
    approved: bool = False
    proposed: dict[str, Any] | None = None
    edited_by: tuple[str, ...] = ()
    approved_by: tuple[str, ...] = ()

    def brief(self) -> "ToolRun":
        """Without the response, for what people are shown."""
        return self.model_copy(update={"response": {}})


class DeniedCall(Frozen):
    """A tool call that a policy stopped, so that it neither ran nor was asked about."""

    tool: str
    arguments: dict[str, Any] = {}
    reason: str = ""


class AgentResult(Frozen):
    """One agent's typed result.

    `summary` is what the card shows (at most 600 characters), `full_text` (Markdown) hangs in the
    thread as a file. `metrics` are the numbers rules may look at. `offline` says that a
    deterministic stand-in wrote the text, not a language model. Where `calls` are set, they are
    what is decided: such a result has no text of its own, and every surface renders the calls.
    """

    summary: str = Field(max_length=SUMMARY_CHARACTERS)
    findings: tuple[str, ...] = ()
    metrics: dict[str, FiniteFloat] = {}
    full_text: str = ""
    offline: bool = False
    model: str = ""
    calls: tuple[ProposedCall, ...] = ()

    @model_validator(mode="after")
    def _calls_stand_alone(self) -> Self:
        """A text beside the calls could say something else than what runs."""
        if not self.calls:
            return self
        if self.summary or self.findings or self.full_text or self.metrics:
            raise ValueError("a result with calls has no text and no figures beside them")
        if len({call.id for call in self.calls}) < len(self.calls):
            raise ValueError("two calls have the same id")
        return self

    @model_serializer(mode="wrap")
    def _without_empty_calls(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Digests of results that were approved before there were calls stay what they were."""
        dumped: dict[str, Any] = dump(self)
        if not self.calls:
            dumped.pop("calls", None)
        return dumped
