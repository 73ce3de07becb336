"""A turn of an agent of ours inside of a workflow: ADK runs here, models and tools are activities.

For those who pin ADK exactly: another version of ADK may not replay what this one recorded. The
contract is that of a turn that is an activity, so a task does not know the difference.
"""

from datetime import timedelta
from types import ModuleType
from typing import Any

from google.adk.agents.llm_agent import LlmAgent
from google.adk.tools.function_tool import FunctionTool
from google.adk.tools.tool_context import ToolContext
from google.adk.workflow import BaseNode
from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError
from temporalio.google_adk import TemporalModel

from agents.adk_tools import AdkTools, KeptFile, ToolRun, members_of
from agents.catalogue import LocalAgent, find
from agents.errors import AgentError, AgentFailed, UnusableInput, WrongVersion
from agents.policy_calls import InsidePolicy
from agents.turns import Turn
from workflows.errand import sentence
from workflows.turns import TurnOutcome, TurnRequest

TRIES = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_attempts=3)
CALL_TIME = timedelta(minutes=5)
BEAT = timedelta(seconds=15)


@workflow.defn(name="AdkTurn")
class AdkTurnWorkflow:
    """One turn: to the result, or to the questions people must answer first."""

    @workflow.run
    async def run(self, request: TurnRequest) -> TurnOutcome:
        """See `TurnRunner.run`; errors are ApplicationErrors with the error's class as type."""
        try:
            for step in request.earlier:
                if step.digest and not step.intact():
                    raise UnusableInput(
                        f"The result of {step.step} is not the one that was approved. Start again."
                    )
            about = find(request.agent)
            running = about.version_running(request.model)
            if problem := request.pin.problem(about.name, running):
                raise WrongVersion(problem)
            return await TurnInside(about, request).run()
        except AgentError as error:
            raise ApplicationError(error.sentence, type=error.kind, non_retryable=True) from error
        except ActivityError as error:
            raise ApplicationError(sentence(error), type=AgentFailed.__name__) from error
        except Exception as error:
            workflow.logger.exception("an agent broke inside of its workflow")
            said = f"{request.agent} failed unexpectedly; the worker's log says why."
            raise ApplicationError(said, type=AgentFailed.__name__) from error


class TurnInside(Turn):
    """`Turn`, with files left where they are, and models and tools reached by activities."""

    def __init__(self, about: LocalAgent, request: TurnRequest) -> None:
        plugins = [InsidePolicy(about.name)] if request.judged else []
        super().__init__(about, request, files=(), plugins=plugins)
        self._kept: dict[str, KeptFile] = {}

    async def _place_files(self) -> None:
        """Only tools read files, and those run elsewhere."""

    def _built(self, module: ModuleType) -> BaseNode:
        root = super()._built(module)
        for agent in members_of(root):
            self._rewire(agent)
        return root

    def _rewire(self, agent: LlmAgent) -> None:
        model = agent.model if isinstance(agent.model, str) else agent.model.model
        agent.model = TemporalModel(
            model,
            {
                "start_to_close_timeout": CALL_TIME,
                "heartbeat_timeout": BEAT,
                "retry_policy": TRIES,
            },
        )
        agent.tools = [
            ActivityTool(self, tool) if isinstance(tool, FunctionTool) or callable(tool) else tool
            for tool in agent.tools
        ]

    async def call(self, tool: str, arguments: dict[str, Any], said: str) -> dict[str, Any]:
        """Run a tool of this agent as an activity."""
        run = ToolRun(
            tool=tool,
            arguments=arguments,
            request=self._request.model_copy(update={"session": "", "answers": ()}),
            said=said,
            kept=self._kept,
        )
        result = await workflow.execute_activity_method(
            AdkTools.run_tool,
            run,
            start_to_close_timeout=CALL_TIME,
            heartbeat_timeout=BEAT,
            retry_policy=TRIES,
        )
        self._kept = {**self._kept, **result.kept}
        return result.returned


class ActivityTool(FunctionTool):
    """A function tool whose function runs elsewhere; schema and confirmation stay ADK's own."""

    def __init__(self, turn: TurnInside, tool: Any) -> None:
        inner = tool if isinstance(tool, FunctionTool) else FunctionTool(tool)
        asks = inner._require_confirmation  # noqa: SLF001 - ADK tells in no other way
        super().__init__(inner.func, require_confirmation=asks)
        self.custom_metadata = inner.custom_metadata
        self._turn = turn

    async def _invoke_callable(self, target: Any, args_to_call: dict[str, Any]) -> Any:
        given = {n: v for n, v in args_to_call.items() if not isinstance(v, ToolContext)}
        content = next(
            (v.user_content for v in args_to_call.values() if isinstance(v, ToolContext)), None
        )
        said = "\n".join(p.text or "" for p in (content.parts if content else None) or [])
        return await self._turn.call(self.name, given, said)
