"""An ADK plugin that asks a policy engine before every tool call, MCP tools included.

In a runner of your own:

    app = App(name="mine", root_agent=agent, plugins=[SecurityPlugin(RuleEngine.read(path))])
"""

from typing import Any

import structlog
from google.adk.plugins.base_plugin import BasePlugin
from google.adk.tools.base_tool import BaseTool
from google.adk.tools.tool_context import ToolContext

from agents.policy import Judgement, PolicyEngine, Ruling, ToolCall

_ADK_OWN = frozenset({"set_model_response", "transfer_to_agent", "finish_task", "exit_loop"})
_log = structlog.get_logger(__name__)


class SecurityPlugin(BasePlugin):
    """ALLOW lets the call through, DENY tells the model why, CONFIRM asks people first."""

    def __init__(self, engine: PolicyEngine) -> None:
        super().__init__(name="signoff_security")
        self._engine = engine

    async def before_tool_callback(
        self, *, tool: BaseTool, tool_args: dict[str, Any], tool_context: ToolContext
    ) -> dict[str, Any] | None:
        """ADK's hook; a returned dict stands in for the tool's answer."""
        if _is_adks_own(tool):
            return None
        call = ToolCall(
            tool=tool.name,
            arguments=dict(tool_args),
            agent=tool_context.agent_name,
            user=tool_context.user_id,
            destructive=is_destructive(tool),
        )
        judgement = self._judge(call)
        if judgement.ruling is Ruling.DENY:
            return {"error": f"The policy denies this call: {judgement.reason}", "denied": True}
        if judgement.ruling is Ruling.ALLOW or tool_context.tool_confirmation is not None:
            return _rejected(tool_context)
        tool_context.request_confirmation(hint=judgement.reason)
        tool_context.actions.skip_summarization = True
        return {"status": "People are asked to decide on this call. Wait for their answer."}

    def _judge(self, call: ToolCall) -> Judgement:
        try:
            judgement = self._engine.evaluate(call)
        except Exception:  # noqa: BLE001 (an engine of somebody else; its failure must not let a call through)
            _log.exception("policy_failed", tool=call.tool, agent=call.agent)
            judgement = Judgement(ruling=Ruling.DENY, reason="the policy could not be evaluated.")
        _log.info(
            "tool_call_judged",
            tool=call.tool,
            agent=call.agent,
            ruling=judgement.ruling.value,
            rule=judgement.rule,
        )
        return judgement


def is_destructive(tool: BaseTool) -> bool:
    """What a tool says about itself: `custom_metadata`, or the hint of an MCP tool."""
    if (tool.custom_metadata or {}).get("destructive"):
        return True
    raw = getattr(tool, "raw_mcp_tool", None)
    return bool(getattr(getattr(raw, "annotations", None), "destructiveHint", False))


def _is_adks_own(tool: BaseTool) -> bool:
    """ADK's control flow: it changes nothing outside the conversation."""
    return tool.name in _ADK_OWN and type(tool).__module__.startswith("google.adk.")


def _rejected(tool_context: ToolContext) -> dict[str, Any] | None:
    """A call that people rejected is not made, whatever the tool itself would do."""
    confirmation = tool_context.tool_confirmation
    if confirmation is None or confirmation.confirmed:
        return None
    return {"error": "People rejected this call.", "rejected": True}
