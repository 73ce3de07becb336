"""The policy of the settings for turns inside of a workflow: the worker judges, history keeps it.

A workflow reads no file, and its replay must not differ because a rule changed meanwhile.
"""

from datetime import timedelta

from temporalio import activity, workflow

from agents.tool_policy.engine import Judgement, Ruling, ToolCall
from agents.tool_policy.plugin import SecurityPlugin
from agents.tool_policy.policies import ToolPolicies
from workflows.messages.base import Frozen

JUDGING = timedelta(seconds=10)


class JudgedCall(Frozen):
    """A call, and the agent of ours whose policy it falls under; the caller may be its member."""

    under: str
    call: ToolCall


class PolicyCalls:
    """The activity, and what else in the worker asks."""

    def __init__(self, policies: ToolPolicies) -> None:
        self._policies = policies

    @activity.defn(name="judge_tool_call")
    async def judge(self, wanted: JudgedCall) -> Judgement:
        """The ruling; a worker that has no policy where the plan counts on one lets nothing by."""
        engine = self._policies.of(wanted.under)
        if engine is None:
            reason = f"this worker has no policy for {wanted.under}, and there should be one."
            return Judgement(ruling=Ruling.DENY, reason=reason)
        return engine.evaluate(wanted.call)

    def stops(self, wanted: JudgedCall) -> str:
        """Why a call that nobody judged must not be made by this worker; empty when it may."""
        engine = self._policies.of(wanted.under)
        if engine is None or (judgement := engine.evaluate(wanted.call)).ruling is Ruling.ALLOW:
            return ""
        return judgement.reason or "the policy does not allow it."


class InsidePolicy(SecurityPlugin):
    """The plugin of a turn inside of a workflow: an activity evaluates."""

    def __init__(self, agent: str) -> None:
        super().__init__(_Elsewhere(), name="signoff_tool_policy")
        self._agent = agent

    async def judge(self, call: ToolCall) -> Judgement:
        """See `SecurityPlugin`."""
        return await workflow.execute_local_activity_method(
            PolicyCalls.judge,
            JudgedCall(under=self._agent, call=call),
            start_to_close_timeout=JUDGING,
        )


class _Elsewhere:
    """Where no engine is: whoever asks it directly gets a no."""

    def evaluate(self, call: ToolCall) -> Judgement:
        return Judgement(ruling=Ruling.DENY, reason=f"nobody judges {call.tool} here.")
