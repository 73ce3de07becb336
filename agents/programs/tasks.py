"""The A2A tasks of all programs: each stands for an approval and is as true as that is now.

The store keeps what was sent and how it ended; where a task stands while it waits is asked of the
desk each time, so nothing is lost with this process. A task's id comes from its program and the
message's id: the same message is one task, however often and wherever it is sent.
"""

import asyncio
import contextlib
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from weakref import WeakValueDictionary

from a2a.server.context import ServerCallContext
from a2a.server.routes.common import StarletteUser
from a2a.server.tasks import TaskStore
from a2a.types.a2a_pb2 import (
    ListTasksRequest,
    Message,
    Task,
    TaskArtifactUpdateEvent,
    TaskStatusUpdateEvent,
)
from a2a.utils.errors import (
    InternalError,
    InvalidParamsError,
    TaskNotCancelableError,
    TaskNotFoundError,
    UnsupportedOperationError,
)
from starlette.authentication import SimpleUser

from agents.http.signature import SigningKey
from agents.programs.message import draft_of, same, wishes_of
from agents.programs.port import ApprovalDesk, Asking, DeskRefused, DeskUnavailable
from agents.programs.program import Program
from agents.programs.request import UnfitDraft, policy_of
from agents.programs.task import (
    CANCELED,
    CHANGES,
    FAILED,
    PENDING,
    add_version,
    approval_of,
    previous_of,
    set_status,
    show,
)

CANCEL_SECONDS = 5.0
PAUSE_SECONDS = 1.0
LONGEST_ID = 36  # the store's column
MOST_OPEN = 100
PAGE = 100
_IDS = uuid.UUID("6a9f7a0e-6f0b-5c52-8b7d-0f6b0d2f7a11")
TaskEvent = Task | TaskArtifactUpdateEvent | TaskStatusUpdateEvent
_GONE = "This approval is not known any more, so it is neither approved nor rejected."


class ApprovalTasks:
    """Raises A2AError's kinds only, each with a sentence for the program."""

    def __init__(self, desk: ApprovalDesk, store: TaskStore, key: SigningKey) -> None:
        self._desk = desk
        self._store = store
        self._key = key
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def ask(self, message: Message, program: Program) -> Task:
        """A new task, or the next version of one whose changes were requested."""
        if len(message.context_id) > LONGEST_ID:
            raise InvalidParamsError(message=f"contextId: at most {LONGEST_ID} characters.")
        if any("\x00" in part.text for part in message.parts):
            raise InvalidParamsError(message="A text holds NUL, which no text may hold.")
        if message.task_id:
            return await self._next(message, program)
        task_id = str(uuid.uuid5(_IDS, f"{program.name}\n{message.message_id}"))
        async with self._locked(task_id):
            known = await self._store.get(task_id, _context(program))
            if known is not None:
                return await self._repeated(known, message, program)
            task = Task(id=task_id, context_id=message.context_id or task_id)
            return await self._raised(task, message, program)

    async def current(self, task_id: str, program: Program) -> Task:
        """The task as it is now; raises TaskNotFoundError, for other programs' tasks as well."""
        async with self._locked(task_id):
            task = await self._get(task_id, program)
            return await self._brought_up(task, program)

    async def open(self, program: Program, most: int = MOST_OPEN) -> list[Task]:
        """The newest tasks that waited when they were last looked at, brought up to date."""
        params, found = ListTasksRequest(status=PENDING, page_size=PAGE), list[Task]()
        while len(found) < most:
            page = await self._store.list(params, _context(program))
            found += page.tasks
            params.page_token = page.next_page_token
            if not params.page_token:
                break
        return [await self.current(task.id, program) for task in found[:most]]

    async def follow(self, task: Task, program: Program) -> AsyncGenerator[TaskEvent, None]:
        """The task, then what happens to it, until it ends or waits for its program."""
        yield task
        if task.status.state == PENDING:
            known = len(task.artifacts)
            task = await self._changed(task, program)
            for artifact in task.artifacts[known:]:
                yield TaskArtifactUpdateEvent(
                    task_id=task.id, context_id=task.context_id, artifact=artifact, last_chunk=True
                )
            yield TaskStatusUpdateEvent(
                task_id=task.id, context_id=task.context_id, status=task.status
            )

    async def cancel(self, task_id: str, program: Program) -> Task:
        """Withdraw it; raises TaskNotCancelableError when it was decided before."""
        async with self._locked(task_id):
            task = await self._brought_up(await self._get(task_id, program), program)
            if task.status.state == CHANGES:  # nobody is asked just now
                set_status(task, CANCELED, "Withdrawn.")
                await self._store.save(task, _context(program))
                return task
        if task.status.state == PENDING:
            reason = f"{program.shown} withdrew it."
            with _told():
                await self._desk.withdraw(approval_of(task), program, reason)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(CANCEL_SECONDS):
                    task = await self._changed(task, program)
            if task.status.state in {PENDING, CANCELED}:
                return task
        raise TaskNotCancelableError(message="It has ended already, so there is nothing to cancel.")

    async def _next(self, message: Message, program: Program) -> Task:
        async with self._locked(message.task_id):
            task = await self._get(message.task_id, program)
            if message.context_id and message.context_id != task.context_id:
                raise InvalidParamsError(message="contextId is not the task's own.")
            if any(message.message_id == known.message_id for known in task.history):
                return await self._repeated(task, message, program)
            task = await self._brought_up(task, program)
            if task.status.state == PENDING:
                raise UnsupportedOperationError(
                    message="People are deciding on this, and nothing a program sends decides: "
                    "wait for them, or cancel the task."
                )
            if task.status.state != CHANGES:
                raise UnsupportedOperationError(message="This has ended: send a new message.")
            return await self._raised(task, message, program)

    async def _repeated(self, task: Task, message: Message, program: Program) -> Task:
        first = next((m for m in task.history if m.message_id == message.message_id), None)
        if first is None or not same(first, message):
            raise InvalidParamsError(message="This message id was used with another content.")
        return await self._brought_up(task, program)

    async def _raised(self, task: Task, message: Message, program: Program) -> Task:
        """Ask people first, keep the task then: a repeated message mends a failure in between."""
        with _told():
            draft = draft_of(message, wishes_of(task.history) if task.history else None)
            policy_of(draft, program)
            add_version(task, message)
            await self._desk.ask(
                Asking(
                    id=approval_of(task),
                    program=program,
                    draft=draft,
                    revision=len(task.history),
                    previous=previous_of(task),
                )
            )
        await self._store.save(task, _context(program))
        return task

    async def _brought_up(self, task: Task, program: Program) -> Task:
        if task.status.state != PENDING:
            return task
        with _told():
            standing = await self._desk.look(approval_of(task), program.name)
        if standing is None:
            set_status(task, FAILED, _GONE)
        elif not show(task, standing, program.name, self._key):
            return task
        await self._store.save(task, _context(program))
        return task

    async def _changed(self, task: Task, program: Program) -> Task:
        """Wait until it is not pending any more, however often the desk is away meanwhile."""
        while task.status.state == PENDING:
            with contextlib.suppress(InternalError, DeskUnavailable):
                await self._desk.settled(approval_of(task))
                task = await self.current(task.id, program)
            if task.status.state == PENDING:
                await asyncio.sleep(PAUSE_SECONDS)
        return task

    async def _get(self, task_id: str, program: Program) -> Task:
        task = await self._store.get(task_id, _context(program))
        if task is None:
            raise TaskNotFoundError(message="There is no such task.")
        return task

    @contextlib.asynccontextmanager
    async def _locked(self, task_id: str) -> AsyncIterator[None]:
        lock = self._locks.setdefault(task_id, asyncio.Lock())
        async with lock:
            yield


def _context(program: Program) -> ServerCallContext:
    """What makes the store look at this program's tasks only."""
    return ServerCallContext(user=StarletteUser(SimpleUser(program.name)))


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """The one table from our errors to A2A's."""
    try:
        yield
    except (UnfitDraft, DeskRefused) as error:
        raise InvalidParamsError(message=str(error)) from None
    except DeskUnavailable as error:
        raise InternalError(message=str(error)) from None
