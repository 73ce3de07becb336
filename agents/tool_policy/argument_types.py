"""An ADK plugin that tells a model of arguments of a wrong type, before anybody acts on them.

ADK passes whatever a model sends on to the function, which then breaks in its own way.
"""

import inspect
import json
import typing
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from google.adk.plugins.base_plugin import BasePlugin
from google.adk.tools.base_tool import BaseTool
from google.adk.tools.function_tool import FunctionTool
from google.adk.tools.tool_context import ToolContext
from pydantic import PydanticUserError, TypeAdapter, ValidationError

MOST_SHOWN = 5


class ArgumentTypes(BasePlugin):
    """For tools that are functions; MCP servers check what they get themselves."""

    def __init__(self) -> None:
        super().__init__(name="signoff_argument_types")

    async def before_tool_callback(
        self, *, tool: BaseTool, tool_args: dict[str, Any], tool_context: ToolContext
    ) -> dict[str, Any] | None:
        """ADK's hook; a returned dict stands in for the tool's answer."""
        if not isinstance(tool, FunctionTool):
            return None
        wrong = wrong_arguments(tool.func, tool_args)
        if not wrong:
            return None
        said = "; ".join(wrong[:MOST_SHOWN])
        return {"error": f"{tool.name} was not called: {said}. Call it again with right arguments."}


def wrong_arguments(function: Callable[..., Any], arguments: Mapping[str, Any]) -> list[str]:
    """What is wrong with each, in words that hold nothing of the argument itself."""
    found = []
    for name, adapter in _adapters(function).items():
        if name not in arguments:
            continue
        try:
            adapter.validate_json(json.dumps(_plain(arguments[name])), strict=True)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            place = ".".join(str(part) for part in (name, *first["loc"]))
            found.append(f"{place}: {first['msg']}")
    return found


@cache
def _adapters(function: Callable[..., Any]) -> dict[str, TypeAdapter[Any]]:
    """By parameter; without those whose type says nothing, and those that ADK fills in."""
    try:
        hints = typing.get_type_hints(function)
    except (NameError, TypeError):
        return {}
    found: dict[str, TypeAdapter[Any]] = {}
    for name in inspect.signature(function).parameters:
        hint = hints.get(name, Any)
        if hint is Any or (isinstance(hint, type) and issubclass(hint, ToolContext)):
            continue
        try:
            found[name] = TypeAdapter(hint)
        except PydanticUserError:
            continue
    return found


def _plain(value: Any) -> Any:
    """Some ways to a model make 3.0 of 3."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value
