"""The tools of an agent whose turns run inside of a workflow: each call is an activity."""

import base64
import importlib
import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from google.adk.agents.base_agent import BaseAgent
from google.adk.agents.llm_agent import LlmAgent
from google.adk.tools.function_tool import FunctionTool
from google.adk.workflow import BaseNode, Workflow
from google.genai import types
from pydantic import Field
from temporalio import activity
from temporalio.exceptions import ApplicationError

from agents.errors import AgentError, UnusableInput
from agents.journal.idempotency import keyed
from agents.tool_policy.calls import JudgedCall, PolicyCalls
from agents.tool_policy.denied import denial
from agents.tool_policy.engine import ToolCall
from agents.tool_policy.policies import ToolPolicies
from agents.turn.brief import file_names
from agents.turn.progress import beat
from workflows.messages.base import Frozen
from workflows.messages.turns import Progress, TurnRequest

NOT_BEGUN = "NotBegun"


class KeptFile(Frozen):
    """A file that a tool saved, for the tools after it. The content is base64."""

    media_type: str
    content: str

    @classmethod
    def of(cls, part: types.Part) -> "KeptFile":
        """From what a tool saved."""
        blob = part.inline_data
        data = (blob.data if blob else None) or b""
        return cls(media_type=(blob.mime_type if blob else None) or "", content=_text(data))

    def part(self) -> types.Part:
        """As a tool loads it."""
        data = base64.b64decode(self.content)
        return types.Part.from_bytes(data=data, mime_type=self.media_type or "text/plain")


class ToolRequest(Frozen):
    """One call. `request` is the turn's, without session and answers; `said` its first message.

    `key` is the call's idempotency key.
    """

    tool: str
    arguments: dict[str, Any]
    request: TurnRequest
    said: str = ""
    kept: dict[str, KeptFile] = {}
    key: str = ""


class ToolResult(Frozen):
    """What the tool returned (JSON), and what it saved."""

    returned: dict[str, Any] = Field(default={})
    kept: dict[str, KeptFile] = {}


@dataclass
class ToolSurroundings:
    """What a tool finds in place of ADK's ToolContext."""

    files: dict[str, types.Part]
    user_content: types.Content
    saved: dict[str, types.Part] = field(default_factory=dict)

    async def load_artifact(self, filename: str) -> types.Part | None:
        """An input file, or one that a tool saved."""
        return self.saved.get(filename) or self.files.get(filename)

    async def save_artifact(self, filename: str, artifact: types.Part) -> int:
        """Keep a file for the tools after this one."""
        self.saved[filename] = artifact
        return 0


class AdkTools:
    """The activity. `read` gives the bytes of an input by its checksum, verified.

    `policy` is asked for turns that did not ask it: a plan made without it changes nothing.
    """

    def __init__(
        self,
        read: Callable[[str], Awaitable[bytes]],
        policy: PolicyCalls | None = None,
    ) -> None:
        self._read = read
        self._policy = policy or PolicyCalls(ToolPolicies())

    @activity.defn(name="run_tool")
    async def run_tool(self, run: ToolRequest) -> ToolResult:
        """Run one tool of one of our agents; errors of the type NOT_BEGUN say that it did not."""
        try:
            function, desk = await self._prepared(run)
        except Exception as error:
            said = error.sentence if isinstance(error, AgentError) else "The tool cannot be run."
            raise ApplicationError(said, type=NOT_BEGUN) from error
        if not run.request.judged and (stopped := self._policy.stops(_judged(run))):
            return ToolResult(returned=denial(stopped))
        beat(Progress(agent=run.request.agent, tools=(run.tool[:200],)))
        arguments = dict(run.arguments)
        if "tool_context" in inspect.signature(function).parameters:
            arguments["tool_context"] = desk
        with keyed(run.key):
            returned = function(**arguments)
            if inspect.isawaitable(returned):
                returned = await returned
        kept = {name: KeptFile.of(part) for name, part in desk.saved.items()}
        return ToolResult(
            returned=returned if isinstance(returned, dict) else {"result": returned}, kept=kept
        )

    async def _prepared(self, run: ToolRequest) -> tuple[Callable[..., Any], ToolSurroundings]:
        request = run.request
        module = importlib.import_module(f"agents.samples.{request.agent}.agent")
        function = functions_of(module.build(request.model, request.temperature)).get(run.tool)
        if function is None:
            raise UnusableInput(f"{request.agent} has no tool called {run.tool}.")
        return function, ToolSurroundings(await self._files(run), _content(run.said))

    async def _files(self, run: ToolRequest) -> dict[str, types.Part]:
        found = {name: kept.part() for name, kept in run.kept.items()}
        for name, file in zip(file_names(run.request), run.request.inputs, strict=True):
            mime = file.media_type or "application/octet-stream"
            found[name] = types.Part.from_bytes(data=await self._read(file.sha256), mime_type=mime)
        return found


def functions_of(root: BaseNode) -> dict[str, Callable[..., Any]]:
    """Every function tool of the agent and its members, by name."""
    found: dict[str, Callable[..., Any]] = {}
    for tool in (tool for agent in members_of(root) for tool in agent.tools):
        if isinstance(tool, FunctionTool):
            found[tool.name] = tool.func
        elif callable(tool):
            found[tool.__name__] = tool
    return found


def members_of(root: BaseNode) -> list[LlmAgent]:
    """The agents that ask a model: in graphs, and below each other."""
    found = [root] if isinstance(root, LlmAgent) else []
    if isinstance(root, Workflow) and root.graph is not None:
        for node in root.graph.nodes:
            found += members_of(node)
    if isinstance(root, BaseAgent):
        for agent in root.sub_agents:
            found += members_of(agent)
    return found


def _judged(run: ToolRequest) -> JudgedCall:
    request = run.request
    call = ToolCall(
        tool=run.tool,
        arguments=run.arguments,
        agent=request.agent,
        user=request.requester or "someone",
    )
    return JudgedCall(under=request.agent, call=call)


def _content(said: str) -> types.Content:
    return types.Content(role="user", parts=[types.Part(text=said)])


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
