"""Shapes of agents in which ADK 2.13 loses what people decide: refused before anybody is asked.

    a tool as a node of a graph     asks, and never runs
    an AgentTool                    nobody hears that its agent asks; the caller's model goes on
    a SequentialAgent, LoopAgent
    or ParallelAgent in a graph     asks, and forgets the answer

What ADK gets right is left alone: sub-agents of every mode, graphs of LlmAgents, and the deprecated
agents outside of graphs.
"""

from collections.abc import Iterator

from google.adk.agents.base_agent import BaseAgent
from google.adk.agents.llm_agent import LlmAgent
from google.adk.agents.loop_agent import LoopAgent
from google.adk.agents.parallel_agent import ParallelAgent
from google.adk.agents.sequential_agent import SequentialAgent
from google.adk.tools.agent_tool import AgentTool
from google.adk.tools.base_tool import BaseTool
from google.adk.workflow import BaseNode, Workflow

from agents.errors import AgentFailed

_SHELLS = (SequentialAgent, LoopAgent, ParallelAgent)


def refuse_lossy(name: str, root: BaseNode) -> None:
    """Raises AgentFailed for an agent that would lose a decision, with the way out."""
    found = next(_lossy(root, in_graph=False), "")
    if found:
        raise AgentFailed(f"{name} cannot be asked about safely: {found}", retryable=False)


def _lossy(node: BaseNode, *, in_graph: bool) -> Iterator[str]:
    if isinstance(getattr(node, "tool", None), BaseTool):
        yield f"the tool {node.name} is a node of a graph. Give it to an LlmAgent."
    if in_graph and isinstance(node, _SHELLS):
        kind = type(node).__name__
        yield f"{node.name} is a {kind} inside of a graph. Put its agents into the graph itself."
    if isinstance(node, LlmAgent):
        tools = (tool for tool in node.tools if type(tool) is AgentTool)
        for tool in tools:
            yield f"{tool.name} is an AgentTool. Make it a sub-agent with mode 'single_turn'."
    if isinstance(node, Workflow) and node.graph is not None:
        for inner in node.graph.nodes:
            yield from _lossy(inner, in_graph=True)
    if isinstance(node, BaseAgent):
        for agent in node.sub_agents:
            yield from _lossy(agent, in_graph=in_graph and not isinstance(node, LlmAgent))
