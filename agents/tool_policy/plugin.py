"""An ADK plugin that asks a policy engine before every tool call, MCP tools included.

Inside Signoff a call to be confirmed pauses its turn. In a runner of your own the call waits while
people decide on a card in Slack, raised by a running Signoff:

    plugin = SecurityPlugin.asking("https://signoff.example:8333", token, "policy.toml")
    app = App(name="mine", root_agent=agent, plugins=[plugin])
    runner = Runner(app=app, session_service=InMemorySessionService())
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import structlog
from google.adk.agents.callback_context import CallbackContext
from google.adk.models.llm_request import LlmRequest
from google.adk.plugins.base_plugin import BasePlugin
from google.adk.tools.base_tool import BaseTool
from google.adk.tools.tool_context import ToolContext

from agents.journal.repeatable import DeclaresTools
from agents.tool_policy.batch import JointQuestions
from agents.tool_policy.client import AsksPeople, NobodyAsked, SignoffPeople
from agents.tool_policy.denied import denial
from agents.tool_policy.engine import Judgement, PolicyEngine, Ruling, ToolCall
from agents.tool_policy.rules import RuleEngine
from workflows.content.json_value import arguments_flaw
from workflows.messages.turns import Question, ToolDecision

_ADK_OWN = frozenset({"set_model_response", "transfer_to_agent", "finish_task", "exit_loop"})
_log = structlog.get_logger(__name__)


class SecurityPlugin(BasePlugin):
    """ALLOW lets the call through, DENY tells the model why, CONFIRM asks people first.

    With `people`, a call waits until they have decided; without, it pauses ADK's turn. Of several
    in one runner, each with a `name` of its own, the strictest wins.
    """

    def __init__(
        self,
        engine: PolicyEngine,
        people: AsksPeople | None = None,
        *,
        name: str = "signoff_security",
    ) -> None:
        super().__init__(name=name)
        self._engine = engine
        self.declares = engine if isinstance(engine, DeclaresTools) else None
        self._joint = JointQuestions(people) if people is not None else None
        self._destructive: set[str] = set()

    @classmethod
    def asking(cls, url: str, token: str, policy: PolicyEngine | Path | str) -> Self:
        """For a runner of your own; `policy` is an engine, or the path of a rule file.

        `url` and `token` are those of a program of `signoff approvals`.
        """
        engine = RuleEngine.read(Path(policy)) if isinstance(policy, Path | str) else policy
        return cls(engine, SignoffPeople(url, token))

    async def before_model_callback(
        self, *, callback_context: CallbackContext, llm_request: LlmRequest
    ) -> None:
        """ADK's hook: which tools say of themselves that they destroy something."""
        tools = llm_request.tools_dict.values()
        self._destructive |= {tool.name for tool in tools if is_destructive(tool)}

    async def close(self) -> None:
        """ADK's hook, when the runner is closed."""
        if self._joint is not None:
            await self._joint.aclose()

    async def before_tool_callback(
        self, *, tool: BaseTool, tool_args: dict[str, Any], tool_context: ToolContext
    ) -> dict[str, Any] | None:
        """ADK's hook; a returned dict stands in for the tool's answer."""
        if _is_adks_own(tool):
            return None
        call = _call(tool.name, tool_args, tool_context, destructive=is_destructive(tool))
        judgement = await self.judge(call)
        if judgement.ruling is Ruling.DENY:
            return denial(judgement.reason)
        if judgement.ruling is Ruling.ALLOW or tool_context.tool_confirmation is not None:
            return _rejected(tool_context)
        if found := arguments_flaw(call.tool, call.arguments):
            return {"error": f"Not done: {found}. Call it again with simpler arguments."}
        if self._joint is not None:
            return await self._waited_for(self._joint, call, judgement, tool_args, tool_context)
        tool_context.request_confirmation(hint=judgement.reason)
        tool_context.actions.skip_summarization = True
        return {"status": "People are asked to decide on this call. Wait for their answer."}

    async def _waited_for(
        self,
        joint: JointQuestions,
        call: ToolCall,
        judgement: Judgement,
        tool_args: dict[str, Any],
        context: ToolContext,
    ) -> dict[str, Any] | None:
        mine = Question(
            id=context.function_call_id or "",
            tool=call.tool,
            arguments=call.arguments,
            hint=judgement.reason,
        )

        def to_question(id_: str, tool: str, arguments: Mapping[str, Any]) -> Question | None:
            known = tool in self._destructive
            sibling = _call(tool, arguments, context, destructive=known)
            said = self._judge(sibling)
            flawed = arguments_flaw(tool, sibling.arguments)
            if tool in _ADK_OWN or said.ruling is not Ruling.CONFIRM or flawed:
                return None
            return Question(id=id_, tool=tool, arguments=sibling.arguments, hint=said.reason)

        try:
            answer = await joint.answer(mine, context, to_question)
        except NobodyAsked as error:
            return {"error": f"Not done: {error}", "denied": True}
        return self._acted_on(answer, call, tool_args)

    def _acted_on(
        self, answer: ToolDecision, call: ToolCall, tool_args: dict[str, Any]
    ) -> dict[str, Any] | None:
        """Nothing for a yes, with the edited arguments put in place; an edit is judged again."""
        if not answer.confirmed:
            why = answer.comment or "no reason was given"
            return {"error": f"People rejected this call: {why}", "rejected": True}
        if answer.arguments is None:
            return None
        edited = call.model_copy(update={"arguments": answer.arguments})
        again = self._judge(edited)
        if again.ruling is Ruling.DENY:
            return denial(again.reason)
        tool_args.clear()
        tool_args.update(answer.arguments)
        return None

    async def judge(self, call: ToolCall) -> Judgement:
        """The engine's ruling, noted in the log; one that fails denies."""
        return self._judge(call)

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


def _call(
    tool: str, arguments: Mapping[str, Any], context: ToolContext, *, destructive: bool
) -> ToolCall:
    return ToolCall(
        tool=tool,
        arguments=dict(arguments),
        agent=context.agent_name,
        user=context.user_id,
        destructive=destructive,
    )


def is_destructive(tool: BaseTool) -> bool:
    """What a tool says about itself: `custom_metadata`, or the hint of an MCP tool."""
    if (tool.custom_metadata or {}).get("destructive"):
        return True
    annotations = getattr(getattr(tool, "raw_mcp_tool", None), "annotations", None)
    spellings = ("destructive_hint", "destructiveHint")  # of version 2 of the MCP SDK, and of 1
    return any(getattr(annotations, name, False) for name in spellings)


def _is_adks_own(tool: BaseTool) -> bool:
    """ADK's control flow: it changes nothing outside the conversation."""
    return tool.name in _ADK_OWN and type(tool).__module__.startswith("google.adk.")


def _rejected(tool_context: ToolContext) -> dict[str, Any] | None:
    """A call that people rejected is not made, whatever the tool itself would do."""
    confirmation = tool_context.tool_confirmation
    if confirmation is None or confirmation.confirmed:
        return None
    return {"error": "People rejected this call.", "rejected": True}
