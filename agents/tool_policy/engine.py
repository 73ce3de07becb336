"""Who decides on an agent's tool calls: a policy engine, asked before each of them."""

from enum import StrEnum
from typing import Any, Protocol

from workflows.messages.base import Frozen


class Ruling(StrEnum):
    """What becomes of a tool call."""

    ALLOW = "allow"
    DENY = "deny"
    CONFIRM = "confirm"


class ToolCall(Frozen):
    """A call an agent wants to make. `destructive` is what the tool says about itself."""

    tool: str
    arguments: dict[str, Any] = {}
    agent: str = ""
    user: str = ""
    destructive: bool = False


class Judgement(Frozen):
    """The ruling on a call. `reason` is shown to people (confirm) or to the model (deny)."""

    ruling: Ruling
    reason: str = ""
    rule: str = ""


class PolicyEngine(Protocol):
    """Judges tool calls.

    Must not raise: what cannot be judged is to be confirmed or denied. It is asked once more, with
    the arguments as people edited them, before a confirmed call is made: then only DENY counts.
    """

    def evaluate(self, call: ToolCall) -> Judgement:
        """The ruling on one call."""
        ...
