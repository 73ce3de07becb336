"""Which policy judges the tool calls of which agent of ours."""

from collections.abc import Mapping

from agents.tool_policy.engine import PolicyEngine


class ToolPolicies:
    """`own` holds engines by the name of their agent; `general` judges all others, if given.

    What an agent brings along itself (`plugins()`) is asked after that, and the stricter one wins.
    """

    def __init__(
        self,
        general: PolicyEngine | None = None,
        own: Mapping[str, PolicyEngine] | None = None,
    ) -> None:
        self._general = general
        self._own = dict(own or {})

    def of(self, agent: str) -> PolicyEngine | None:
        """The engine for this agent's calls; none when nothing is configured for it."""
        return self._own.get(agent, self._general)
