"""A2A requests for one local agent: each message is run once, however often it is sent.

A repeat of a message (same sender, same id) gets the task of the first, while it runs and after
it has finished; a failed one is run again. The same id with another content is refused.
"""

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import AsyncGenerator, Iterator
from dataclasses import dataclass, field
from uuid import uuid4

import structlog
from a2a.server.agent_execution import RequestContext
from a2a.server.agent_execution.simple_request_context_builder import SimpleRequestContextBuilder
from a2a.server.context import ServerCallContext
from a2a.server.events import Event
from a2a.server.request_handlers import DefaultRequestHandler
from a2a.server.tasks import InMemoryTaskStore
from a2a.types.a2a_pb2 import (
    AgentCard,
    Message,
    SendMessageRequest,
    Task,
    TaskArtifactUpdateEvent,
    TaskState,
    TaskStatus,
    TaskStatusUpdateEvent,
)
from a2a.utils.errors import A2AError, InternalError, InvalidParamsError

from agents.a2a_executor import TURN, TurnExecutor
from agents.turn_runner import TurnRunner
from agents.wire import INPUT_REQUIRED, request_of

MOST_REMEMBERED = 200
PARKED_SECONDS = 60.0
KEPT = frozenset({TaskState.TASK_STATE_COMPLETED, *INPUT_REQUIRED})
_log = structlog.get_logger(__name__)


@dataclass
class Run:
    """One message that is being run, or was."""

    digest: str
    context: ServerCallContext
    task_id: str = field(default_factory=lambda: str(uuid4()))
    context_id: str = field(default_factory=lambda: str(uuid4()))
    answer: asyncio.Task[Message | Task] | None = None


class _Contexts(SimpleRequestContextBuilder):
    """Uses the ids the run was given, and keeps file contents out of the stored history."""

    async def build(
        self,
        context: ServerCallContext,
        params: SendMessageRequest | None = None,
        task_id: str | None = None,
        context_id: str | None = None,
        task: Task | None = None,
    ) -> RequestContext:
        run: Run = context.state["run"]
        slim = SendMessageRequest()
        if params is not None:
            slim.CopyFrom(params)
            words = [part for part in params.message.parts if part.HasField("text")][:1]
            slim.message.ClearField("parts")
            slim.message.parts.extend(words)
        return await super().build(context, slim, run.task_id, run.context_id, task)


class TurnHandler(DefaultRequestHandler):
    """The A2A methods of one agent."""

    def __init__(self, name: str, runner: TurnRunner, card: AgentCard) -> None:
        self._name = name
        self._runs: OrderedDict[tuple[str, str], Run] = OrderedDict()
        super().__init__(
            agent_executor=TurnExecutor(name, runner),
            task_store=InMemoryTaskStore(),
            agent_card=card,
            request_context_builder=_Contexts(),
            interrupted_task_timeout=PARKED_SECONDS,
        )

    async def on_message_send(
        self, params: SendMessageRequest, context: ServerCallContext
    ) -> Message | Task:
        """Run the message, or wait for the run there already is."""
        run = await self._run_of(params, context)
        assert run.answer is not None
        try:
            return await asyncio.shield(run.answer)
        except A2AError:
            raise
        except Exception as error:
            _log.exception("a2a_call_failed", agent=self._name)
            raise InternalError(message=f"{self._name} failed. Try again later.") from error

    async def on_message_send_stream(
        self, params: SendMessageRequest, context: ServerCallContext
    ) -> AsyncGenerator[Event, None]:
        """The same as a stream: it opens at once, so that pings keep the connection alive."""
        run = await self._run_of(params, context)
        working = TaskStatus(state=TaskState.TASK_STATE_WORKING)
        yield Task(id=run.task_id, context_id=run.context_id, status=working)
        finished = await self.on_message_send(params, context)
        if isinstance(finished, Message):
            yield finished
            return
        for event in _updates(finished):
            yield event

    async def aclose(self) -> None:
        """Stop what is running; its callers are told by the broken connection."""
        running = [
            run.answer for run in self._runs.values() if run.answer and not run.answer.done()
        ]
        for answer in running:
            answer.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await super().aclose()

    async def _run_of(self, params: SendMessageRequest, context: ServerCallContext) -> Run:
        if not params.message.message_id or not params.message.parts:
            raise InvalidParamsError(message="The message needs an id and a part.")
        key = (context.user.user_name, params.message.message_id)
        digest = hashlib.sha256(params.message.SerializeToString(deterministic=True)).hexdigest()
        run = self._runs.get(key)
        if run is not None and run.digest != digest:
            raise InvalidParamsError(message="This message id was used with another content.")
        if run is None or _to_be_repeated(run):
            run = self._start(key, Run(digest, context), params)
        await self._forget_oldest()
        return run

    def _start(self, key: tuple[str, str], run: Run, params: SendMessageRequest) -> Run:
        try:
            run.context.state[TURN] = request_of(params.message, self._name)
        except ValueError as error:
            raise InvalidParamsError(message=str(error)) from error
        run.context.state["run"] = run
        fresh = SendMessageRequest(message=params.message)
        fresh.message.ClearField("task_id")
        fresh.message.ClearField("context_id")
        run.answer = asyncio.create_task(super().on_message_send(fresh, run.context))
        self._runs[key] = run
        return run

    async def _forget_oldest(self) -> None:
        while len(self._runs) > MOST_REMEMBERED:
            _, run = self._runs.popitem(last=False)
            await self.task_store.delete(run.task_id, run.context)


def _updates(task: Task) -> Iterator[TaskArtifactUpdateEvent | TaskStatusUpdateEvent]:
    """A finished task, as a stream tells it."""
    for artifact in task.artifacts:
        yield TaskArtifactUpdateEvent(
            task_id=task.id, context_id=task.context_id, artifact=artifact, last_chunk=True
        )
    yield TaskStatusUpdateEvent(task_id=task.id, context_id=task.context_id, status=task.status)


def _to_be_repeated(run: Run) -> bool:
    if run.answer is None or not run.answer.done():
        return run.answer is None
    if run.answer.cancelled() or run.answer.exception() is not None:
        return True
    answer = run.answer.result()
    return isinstance(answer, Task) and answer.status.state not in KEPT
