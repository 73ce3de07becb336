"""A2A requests for one local agent: each message is run once, however often it is sent.

A repeat of a message (same sender, same id) gets the task of the first, while it runs and after
it has finished, also after a restart of this server; a failed one is run again. The same id with
another content is refused.
"""

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
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
    Part,
    Role,
    SendMessageRequest,
    Task,
    TaskArtifactUpdateEvent,
    TaskState,
    TaskStatus,
    TaskStatusUpdateEvent,
)
from a2a.utils.errors import A2AError, InternalError, InvalidParamsError

from agents.a2a.card import declared_version
from agents.a2a.codec import INPUT_REQUIRED, progress_parts, request_of
from agents.a2a.encryption import ANSWER, PROGRESS, REQUEST, NotSealed, Seal, SealBroken, is_sealed
from agents.a2a.executor import TURN, RemoteTurn, TurnExecutor
from agents.a2a.kept_answers import AnswerStore, NoAnswers
from agents.turn.runner import TurnRunner
from workflows.messages.turns import Progress

MOST_REMEMBERED = 200
PROGRESS_SECONDS = 2.0
"""No news sooner after the last."""
PARKED_SECONDS = 60.0
KEPT = frozenset({TaskState.TASK_STATE_COMPLETED, *INPUT_REQUIRED})
_log = structlog.get_logger(__name__)


@dataclass
class Run:
    """One message that is being run, or was."""

    digest: str
    context: ServerCallContext
    sealed: bool = False
    task_id: str = field(default_factory=lambda: str(uuid4()))
    context_id: str = field(default_factory=lambda: str(uuid4()))
    answer: asyncio.Future[Message | Task] | None = None
    progress: Progress | None = None

    def hear(self, progress: Progress) -> None:
        """What its agent does now."""
        self.progress = progress

    async def told(self) -> AsyncIterator[Progress]:
        """What its agent does, as it changes, until there is an answer."""
        assert self.answer is not None
        said: Progress | None = None
        while not (await asyncio.wait({self.answer}, timeout=PROGRESS_SECONDS))[0]:
            if self.progress is not None and self.progress != said:
                said = self.progress
                yield said


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
            texts = (part for part in params.message.parts if part.HasField("text"))
            words = [Part(text="(encrypted)")] if run.sealed else list(texts)[:1]
            slim.message.ClearField("parts")
            slim.message.parts.extend(words)
        return await super().build(context, slim, run.task_id, run.context_id, task)


class TurnHandler(DefaultRequestHandler):
    """The A2A methods of one agent. With a `seal` it takes encrypted messages only."""

    def __init__(
        self,
        name: str,
        runner: TurnRunner,
        card: AgentCard,
        *,
        answers: AnswerStore | None = None,
        seal: Seal | None = None,
    ) -> None:
        self._name = name
        self._identity = _identity(card)
        self._answers = answers or NoAnswers()
        self._seal = seal
        self._sealed = seal is not None
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
        return await self._answer_of(await self._run_of(params, context))

    async def on_message_send_stream(
        self, params: SendMessageRequest, context: ServerCallContext
    ) -> AsyncGenerator[Event, None]:
        """The same as a stream: it opens at once, so that pings keep the connection alive."""
        run = await self._run_of(params, context)
        working = TaskStatus(state=TaskState.TASK_STATE_WORKING)
        yield Task(id=run.task_id, context_id=run.context_id, status=working)
        async for progress in run.told():
            yield self._working(run, progress, params.message.message_id)
        finished = await self._answer_of(run)
        if isinstance(finished, Message):
            yield finished
            return
        for event in _updates(finished):
            yield event

    def _working(self, run: Run, progress: Progress, asked: str) -> TaskStatusUpdateEvent:
        """Nobody has to read it, and it is not kept."""
        parts = self._closes(asked, PROGRESS)(progress_parts(progress))
        message = Message(role=Role.ROLE_AGENT, message_id=str(uuid4()), parts=parts)
        status = TaskStatus(state=TaskState.TASK_STATE_WORKING, message=message)
        return TaskStatusUpdateEvent(task_id=run.task_id, context_id=run.context_id, status=status)

    async def aclose(self) -> None:
        """Stop what is running; its callers are told by the broken connection."""
        running = [
            run.answer for run in self._runs.values() if run.answer and not run.answer.done()
        ]
        for answer in running:
            answer.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await super().aclose()

    async def _answer_of(self, run: Run) -> Message | Task:
        assert run.answer is not None
        try:
            return await asyncio.shield(run.answer)
        except A2AError:
            raise
        except Exception as error:
            _log.exception("a2a_call_failed", agent=self._name)
            raise InternalError(message=f"{self._name} failed. Try again later.") from error

    async def _run_of(self, params: SendMessageRequest, context: ServerCallContext) -> Run:
        if not params.message.message_id or not params.message.parts:
            raise InvalidParamsError(message="The message needs an id and a part.")
        message = self._opened(params.message)
        key = (context.user.user_name, message.message_id)
        digest = hashlib.sha256(message.SerializeToString(deterministic=True)).hexdigest()
        run = self._runs.get(key) or await self._finished(key, context)
        run = self._runs.get(key) or run  # another repeat may have begun meanwhile
        if run is not None and run.digest != digest:
            raise InvalidParamsError(message="This message id was used with another content.")
        if run is None or _to_be_repeated(run):
            run = self._start(key, Run(digest, context, self._sealed), message)
        await self._forget_oldest()
        return run

    def _opened(self, message: Message) -> Message:
        """The message in the clear; raises InvalidParamsError when it cannot be had."""
        if self._seal is None:
            if is_sealed(message.parts):
                raise InvalidParamsError(message="This agent takes no encrypted messages.")
            return message
        try:
            parts = self._seal.open(message.parts, REQUEST, message.message_id)
        except (NotSealed, SealBroken) as error:
            raise InvalidParamsError(
                message=f"{error} This agent takes messages encrypted with its key only."
            ) from None
        opened = Message()
        opened.CopyFrom(message)
        del opened.parts[:]
        opened.parts.extend(parts)
        return opened

    async def _finished(self, key: tuple[str, str], context: ServerCallContext) -> Run | None:
        """The run of a server before this one, if its answer was kept."""
        kept = await self._answers.get(self._identity, *key)
        if kept is None:
            return None
        task = Task.FromString(kept[1])
        answer: asyncio.Future[Message | Task] = asyncio.get_running_loop().create_future()
        answer.set_result(task)
        return Run(kept[0], context, self._sealed, task.id, task.context_id, answer)

    def _start(self, key: tuple[str, str], run: Run, message: Message) -> Run:
        try:
            request, files = request_of(message, self._name)
        except ValueError as error:
            raise InvalidParamsError(message=str(error)) from error
        run.context.state[TURN] = RemoteTurn(
            request, files, self._closes(message.message_id, ANSWER), run.hear
        )
        run.context.state["run"] = run
        fresh = SendMessageRequest(message=message)
        fresh.message.ClearField("task_id")
        fresh.message.ClearField("context_id")
        run.answer = asyncio.create_task(self._run_and_keep(key, run, fresh))
        self._runs[key] = run
        return run

    async def _run_and_keep(
        self, key: tuple[str, str], run: Run, fresh: SendMessageRequest
    ) -> Message | Task:
        """An answer is told once it is kept."""
        answer: Message | Task = await super().on_message_send(fresh, run.context)
        if isinstance(answer, Task) and answer.status.state in KEPT:
            await self._answers.put(
                self._identity, *key, run.digest, answer.SerializeToString(deterministic=True)
            )
        return answer

    def _closes(self, message_id: str, direction: bytes) -> Callable[[list[Part]], list[Part]]:
        seal = self._seal
        if seal is None:
            return lambda parts: parts
        return lambda parts: [seal.close(parts, direction, message_id)]

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


def _identity(card: AgentCard) -> str:
    """The agent and its version: what it said before it was changed is not its answer now."""
    said = declared_version(card)
    return f"{said.name}/{said.version}/{said.prompt_version}"
