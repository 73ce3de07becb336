"""A turn of an agent of ours inside of a workflow: ADK runs here, models and tools are activities.

For those who pin ADK exactly: another version of ADK may not replay what this one recorded. The
contract is that of a turn that is an activity, so a task does not know the difference.
"""

from datetime import timedelta
from typing import Any

from google.adk.agents.llm_agent import LlmAgent
from google.adk.tools.function_tool import FunctionTool
from google.adk.tools.tool_context import ToolContext
from google.adk.workflow import BaseNode
from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError
from temporalio.google_adk import TemporalModel

from agents.catalogue import LocalAgent, find
from agents.errors import AgentError, AgentFailed, UnusableInput, WrongVersion
from agents.journal.held_turn import Held, journal_of, unheld
from agents.journal.idempotency import idempotency_key
from agents.journal.journal import MemoryJournal
from agents.journal.plugin import NotBegun
from agents.journal.repeatable import Repeat, repeat_of
from agents.runtime.adk_tools import NOT_BEGUN, AdkTools, KeptFile, ToolRequest, members_of
from agents.runtime.turns import Turn
from agents.tool_policy.calls import InsidePolicy
from agents.turn.brief import asked_with
from workflows.messages.turns import TurnOutcome, TurnRequest
from workflows.task.cost import told
from workflows.task.state import sentence

TRIES = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_attempts=3)
ONCE = RetryPolicy(maximum_attempts=1)
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
            turn = TurnInside(about, request)
        except AgentError as error:
            raise ApplicationError(error.sentence, type=error.kind, non_retryable=True) from error
        return await self._run(turn)

    async def _run(self, turn: "TurnInside") -> TurnOutcome:
        """Errors say as well which tool calls were made before them."""
        failed = AgentFailed.__name__
        try:
            outcome = await turn.run()
            return outcome.model_copy(update={"asked": turn.asked()})
        except AgentError as error:
            said, kind = error.sentence, error.kind
            raise ApplicationError(said, *_ran(turn), type=kind, non_retryable=True) from error
        except (ActivityError, NotBegun) as error:
            raise ApplicationError(sentence(error), *_ran(turn), type=failed) from error
        except Exception as error:
            workflow.logger.exception("an agent broke inside of its workflow")
            said = f"{turn.name} failed unexpectedly; the worker's log says why."
            raise ApplicationError(said, *_ran(turn), type=failed) from error


def _ran(turn: "TurnInside") -> list[dict[str, Any]]:
    return [*(run.model_dump(mode="json") for run in turn.ran()), told(turn.cost())]


class TurnInside(Turn):
    """`Turn`, with files left where they are, and models and tools reached by activities.

    The workflow's history is what its journal is on disk elsewhere.
    """

    def __init__(self, about: LocalAgent, request: TurnRequest) -> None:
        held = unheld(request)[1]
        self._memory = MemoryJournal({journal_of(request): map(str.encode, held.entries)})
        plugins = [InsidePolicy(about.name)] if request.judged else []
        super().__init__(about, request, files=(), plugins=plugins, journal=self._memory)
        self._files_kept: dict[str, KeptFile] = {}

    def asked(self) -> str:
        """See `asked_with`."""
        return asked_with(self._request)

    def _held_back(self) -> Held:
        """The next turn is another workflow, with another history."""
        entries = tuple(entry.decode() for entry in self._memory.entries(self._turn))
        return super()._held_back().model_copy(update={"entries": entries})

    async def _place_files(self) -> None:
        """Only tools read files, and those run elsewhere."""

    def _built(self, source: Any) -> BaseNode:
        root = super()._built(source)
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

    async def call(self, tool: FunctionTool, arguments: dict[str, Any], said: str) -> Any:
        """Run a tool of this agent as an activity: once, unless it may be run again."""
        run = ToolRequest(
            tool=tool.name,
            arguments=arguments,
            request=self._request.model_copy(update={"session": "", "answers": (), "ran": ()}),
            said=said,
            kept=self._files_kept,
            key=idempotency_key(),
        )
        try:
            result = await workflow.execute_activity_method(
                AdkTools.run_tool,
                run,
                start_to_close_timeout=CALL_TIME,
                heartbeat_timeout=BEAT,
                retry_policy=ONCE if self._repeat(tool) is Repeat.ONCE else TRIES,
            )
        except ActivityError as error:
            if getattr(error.cause, "type", "") == NOT_BEGUN:
                raise NotBegun(sentence(error)) from error
            raise
        self._files_kept = {**self._files_kept, **result.kept}
        return result.returned

    def _repeat(self, tool: FunctionTool) -> Repeat:
        return repeat_of(tool, self._kept.declarations if self._kept else ())


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
        return await self._turn.call(self, given, said)
