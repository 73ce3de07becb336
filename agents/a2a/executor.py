"""Runs a turn for an A2A task, and says how it ended; never with an exception's own text."""

from collections.abc import Callable
from dataclasses import dataclass

import structlog
from a2a.helpers.proto_helpers import new_text_part
from a2a.server.agent_execution import AgentExecutor, RequestContext
from a2a.server.events import EventQueue
from a2a.server.tasks import TaskUpdater
from a2a.types.a2a_pb2 import Part, Task, TaskState, TaskStatus

from agents.a2a.codec import OUTCOME_NAME, failure_parts, outcome_parts
from agents.errors import AgentError, AgentFailed
from agents.turn.progress import Listener, heard_by
from agents.turn.runner import TurnRunner
from workflows.messages.turns import TurnOutcome, TurnRequest

TURN = "turn"
_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class RemoteTurn:
    """What is to be run; `closes` makes the parts of the answer what goes over the wire.

    `hears` is told what the agent does meanwhile.
    """

    request: TurnRequest
    files: list[bytes]
    closes: Callable[[list[Part]], list[Part]]
    hears: Listener


class TurnExecutor(AgentExecutor):
    """The turn lies parsed in the call's state, under `TURN`."""

    def __init__(self, name: str, runner: TurnRunner) -> None:
        self._name = name
        self._runner = runner

    async def execute(self, context: RequestContext, event_queue: EventQueue) -> None:
        """One turn, to COMPLETED, INPUT_REQUIRED or FAILED."""
        updater = await _opened(context, event_queue)
        turn: RemoteTurn = context.call_context.state.pop(TURN)
        with heard_by(turn.hears):
            outcome = await self._outcome(turn.request, turn.files)
        if isinstance(outcome, AgentError):
            await _fail(updater, outcome, turn)
            return
        await updater.add_artifact(turn.closes(outcome_parts(outcome)), name=OUTCOME_NAME)
        await (updater.requires_input() if outcome.questions else updater.complete())

    async def cancel(self, context: RequestContext, event_queue: EventQueue) -> None:
        """The framework has stopped `execute` already."""
        await TaskUpdater(event_queue, context.task_id or "", context.context_id or "").cancel()

    async def _outcome(self, request: TurnRequest, files: list[bytes]) -> TurnOutcome | AgentError:
        try:
            return await self._runner.run(request, files)
        except AgentError as error:
            return error
        except Exception:  # noqa: BLE001 (the edge of this process: whatever it is, the peer gets a sentence)
            _log.exception("turn_failed", agent=self._name, step=request.step)
            return AgentFailed(f"{self._name} failed unexpectedly; its log says why.")


async def _opened(context: RequestContext, queue: EventQueue) -> TaskUpdater:
    task_id, context_id = context.task_id or "", context.context_id or ""
    working = TaskStatus(state=TaskState.TASK_STATE_WORKING)
    await queue.enqueue_event(Task(id=task_id, context_id=context_id, status=working))
    return TaskUpdater(queue, task_id, context_id)


async def _fail(updater: TaskUpdater, error: AgentError, turn: RemoteTurn) -> None:
    metadata = {
        "kind": error.kind,
        "retryable": error.retryable,
        "retry_after": error.retry_after,
    }
    parts = turn.closes([new_text_part(error.sentence), *failure_parts(error)])
    await updater.failed(updater.new_agent_message(parts, metadata=metadata))
