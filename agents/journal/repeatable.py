"""Whether a tool may simply be run again when it is not known whether it ran."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, runtime_checkable

if TYPE_CHECKING:
    from google.adk.tools.base_tool import BaseTool

_MARK = "signoff_repeat"
_Function = TypeVar("_Function", bound=Callable[..., Any])
_ADK_CONTROL = frozenset(
    {
        "AgentTool",
        "NodeTool",
        "FinishTaskTool",
        "TransferToAgentTool",
        "SetModelResponseTool",
        "LoadArtifactsTool",
        "LoadMemoryTool",
        "LoadMcpResourceTool",
        "PreloadMemoryTool",
        "GoogleSearchTool",
        "UrlContextTool",
    }
)
_ADK_FUNCTIONS = frozenset({"exit_loop", "transfer_to_agent", "get_user_choice", "load_web_page"})


class Repeat(StrEnum):
    """What a second run of the same call does: nothing at all, the same as one, or it again."""

    READS = "reads"
    IDEMPOTENT = "idempotent"
    ONCE = "once"


@runtime_checkable
class DeclaresTools(Protocol):
    """Says it for tools that say nothing of themselves: a policy file, for example."""

    def declared(self, tool: str) -> Repeat | None:
        """Nothing where it does not know the tool."""
        ...


def reads(function: _Function) -> _Function:
    """Mark a tool's function: it changes nothing."""
    setattr(function, _MARK, Repeat.READS)
    return function


def idempotent(function: _Function) -> _Function:
    """Mark a tool's function: with one `idempotency_key()` it acts once, however often it runs."""
    setattr(function, _MARK, Repeat.IDEMPOTENT)
    return function


def repeat_of(tool: BaseTool, declarations: Iterable[DeclaresTools] = ()) -> Repeat:
    """By the operator's word, else by the tool's own: mark, `custom_metadata`, hints of MCP.

    What nobody declares runs once.
    """
    for declaration in declarations:
        if (said := declaration.declared(tool.name)) is not None:
            return said
    own = getattr(getattr(tool, "func", None), _MARK, None)
    if isinstance(own, Repeat):
        return own
    if _said(tool, "read_only", "read_only_hint", "readOnlyHint") or _steers_adk(tool):
        return Repeat.READS
    if _said(tool, "idempotent", "idempotent_hint", "idempotentHint"):
        return Repeat.IDEMPOTENT
    return Repeat.ONCE


def _said(tool: BaseTool, metadata: str, *hints: str) -> bool:
    """The hints are spelt as in version 2 of the MCP SDK, and as in version 1."""
    if (tool.custom_metadata or {}).get(metadata) is True:
        return True
    annotations = getattr(getattr(tool, "raw_mcp_tool", None), "annotations", None)
    return any(getattr(annotations, hint, None) is True for hint in hints)


def _steers_adk(tool: BaseTool) -> bool:
    """ADK's own control flow and look-ups; tools inside of an agent that is a tool count alone."""
    if any(
        base.__name__ in _ADK_CONTROL and base.__module__.startswith("google.adk.")
        for base in type(tool).__mro__
    ):
        return True
    function = getattr(tool, "func", None)
    return getattr(function, "__name__", "") in _ADK_FUNCTIONS and str(
        getattr(function, "__module__", "")
    ).startswith("google.adk.")
