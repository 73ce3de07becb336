"""What people decided on a tool call, applied when ADK comes to run it."""

from typing import Any

from google.adk.plugins.base_plugin import BasePlugin
from google.adk.tools.base_tool import BaseTool
from google.adk.tools.tool_context import ToolContext

from workflows.messages.turns import ToolDecision


def payload_of(answer: ToolDecision) -> dict[str, Any]:
    """What travels in ADK's ToolConfirmation."""
    return {"comment": answer.comment, "arguments": answer.arguments}


class Decisions(BasePlugin):
    """Puts edited arguments in place of the agent's, and tells the model why it was refused."""

    def __init__(self) -> None:
        super().__init__(name="signoff_decisions")

    async def before_tool_callback(
        self, *, tool: BaseTool, tool_args: dict[str, Any], tool_context: ToolContext
    ) -> dict[str, Any] | None:
        """ADK's hook; a returned dict stands in for the tool's answer."""
        confirmation = tool_context.tool_confirmation
        if confirmation is None:
            return None
        payload = confirmation.payload if isinstance(confirmation.payload, dict) else {}
        if not confirmation.confirmed:
            why = str(payload.get("comment") or "no reason was given")
            return {"error": f"People rejected this call: {why}", "rejected": True}
        edited = payload.get("arguments")
        if isinstance(edited, dict):
            tool_args.clear()
            tool_args.update(edited)
        return None
