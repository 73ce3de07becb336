"""What happens in ADK, told as it happens: a model is asked, tools begin and end."""

from typing import Any

from google.adk.agents.callback_context import CallbackContext
from google.adk.models.llm_request import LlmRequest
from google.adk.plugins.base_plugin import BasePlugin
from google.adk.tools.base_tool import BaseTool
from google.adk.tools.tool_context import ToolContext

from agents.turn.progress import tell
from workflows.messages.turns import Progress


class ProgressPlugin(BasePlugin):
    """The last plugin of its runner: it hears only of what none before it answered or stopped."""

    def __init__(self) -> None:
        super().__init__(name="signoff_progress")
        self._running: dict[str, Progress] = {}

    async def before_model_callback(
        self, *, callback_context: CallbackContext, llm_request: LlmRequest
    ) -> None:
        """ADK's hook."""
        tell(
            Progress(agent=callback_context.agent_name[:200], model=(llm_request.model or "")[:200])
        )

    async def before_tool_callback(
        self, *, tool: BaseTool, tool_args: dict[str, Any], tool_context: ToolContext
    ) -> None:
        """ADK's hook."""
        del tool_args
        begun = Progress(agent=tool_context.agent_name[:200], tools=(tool.name[:200],))
        self._running[_place(tool_context)] = begun
        self._tell_running(begun.agent)

    async def after_tool_callback(
        self,
        *,
        tool: BaseTool,
        tool_args: dict[str, Any],
        tool_context: ToolContext,
        result: dict[str, Any],
    ) -> None:
        """ADK's hook."""
        del tool, tool_args, result
        self._ended(tool_context)

    async def on_tool_error_callback(
        self,
        *,
        tool: BaseTool,
        tool_args: dict[str, Any],
        tool_context: ToolContext,
        error: Exception,
    ) -> None:
        """ADK's hook."""
        del tool, tool_args, error
        self._ended(tool_context)

    def _ended(self, context: ToolContext) -> None:
        if self._running.pop(_place(context), None) is not None and self._running:
            self._tell_running(context.agent_name[:200])

    def _tell_running(self, agent: str) -> None:
        tools = tuple(name for one in self._running.values() for name in one.tools)
        tell(Progress(agent=agent, tools=tools[-100:]))


def _place(context: ToolContext) -> str:
    return context.function_call_id or str(id(context))
