"""Tasks, as bot and command line see them: start, list, show, cancel, retry."""

import asyncio
import hashlib
import secrets
from collections.abc import Sequence
from urllib.parse import urlsplit

from temporalio.client import (
    Client,
    WorkflowExecution,
    WorkflowHandle,
    WorkflowUpdateFailedError,
)
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError

from bot.activities.collect_inputs import InputFolders
from bot.approvals.progress import RunningTurns
from bot.config.errors import BadRequest
from bot.config.settings import Settings
from bot.temporal.client import MISREAD, is_other, unavailable, unknown
from notifications.views.home import TaskLine
from workflows.approval import search_attributes
from workflows.messages.tasks import (
    Comment,
    Gesture,
    Source,
    SourceKind,
    TaskReport,
    TaskRequest,
    TaskView,
)
from workflows.task.workflow import TaskWorkflow

_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"


class Tasks:
    """Everything about tasks that does not need Slack."""

    def __init__(self, client: Client, settings: Settings, folders: InputFolders) -> None:
        self._client = client
        self._settings = settings
        self._folders = folders
        self._turns = RunningTurns(client)

    async def start(
        self,
        pipeline: str,
        sources: tuple[Source, ...],
        requester: str,
        channel: str,
        *,
        key: str = "",
        via: str = "slack",
    ) -> str:
        """Start a task and give its id; the same `key` twice is one task."""
        await self.check(pipeline, sources)
        request = TaskRequest(
            id=_task_id(key),
            pipeline=pipeline,
            steps=self._settings.plans(pipeline),
            requester=requester,
            sources=sources,
            channel=self._settings.pipelines[pipeline].channel or channel,
            via=via,
            budget=self._settings.pipelines[pipeline].budget,
        )
        try:
            await self._client.start_workflow(
                TaskWorkflow.run,
                request,
                id=request.id,
                task_queue=self._settings.temporal.task_queue,
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                memo={
                    "pipeline": pipeline,
                    "sources": ", ".join(_names(sources)),
                    "channel": request.channel,
                },
            )
        except WorkflowAlreadyStartedError:
            return request.id
        except (RPCError, RuntimeError) as error:
            raise unavailable(error) from None
        return request.id

    async def check(self, pipeline: str, sources: tuple[Source, ...]) -> None:
        """What can be said at once is said at once; raises BadRequest with a sentence.

        Whoever asks for a person has asked before whether they may start it: what is said here
        names pipelines and files.
        """
        if pipeline not in self._settings.pipelines:
            known = ", ".join(self._settings.pipelines)
            raise BadRequest(f"There is no pipeline '{pipeline}'; there is {known}.")
        if not sources:
            names = await asyncio.to_thread(self._folders.listing.some, 1)
            example = f", for example '{names[0]}'" if names else ""
            raise BadRequest(f"Pipeline '{pipeline}' needs at least one input{example}.")
        for source in sources:
            await self.check_source(source)

    async def check_source(self, source: Source) -> None:
        """One input; raises BadRequest with a sentence for the field it was entered in."""
        if source.kind is SourceKind.FILE:
            await asyncio.to_thread(self._folders.locate, source.value)
        if source.kind is SourceKind.URL and not _is_address(source.value):
            raise BadRequest("Enter a URL that starts with http:// or https://")

    async def accepted(self, task_id: str) -> str:
        """Wait until the inputs are in; empty when the task runs, else the sentence why not."""
        try:
            return await self._handle(task_id).execute_update(TaskWorkflow.accepted)
        except WorkflowUpdateFailedError as error:
            return str(error.cause)
        except (RPCError, RuntimeError) as error:
            raise unavailable(error) from None

    async def view(self, task_id: str) -> TaskView:
        """Where a task stands; the id of something else is that of no task."""
        handle = self._handle(task_id)
        try:
            return await handle.query(TaskWorkflow.view)
        except MISREAD:
            if await is_other(handle, TaskWorkflow.__name__):
                raise no_task(task_id) from None
            raise
        except (RPCError, RuntimeError) as error:
            raise self._not_found(error, task_id) from None

    async def with_progress(self, view: TaskView) -> TaskView:
        """The view with what the agent of its running step does, where that is known."""
        return await self._turns.with_progress(view)

    async def report(self, task_id: str) -> TaskReport:
        """Wait for the end of a task."""
        return await self._handle(task_id).result()

    async def running(self, requester: str = "", most: int = 20) -> list[TaskLine]:
        """The newest running tasks, of one requester or of everybody."""
        asked = search_attributes.equals(search_attributes.REQUESTER, requester)
        queue = self._settings.temporal.task_queue
        query = search_attributes.query("TaskWorkflow", asked, queue=queue)
        try:
            found = [one async for one in self._client.list_workflows(query, limit=most)]
            lines = [await _line(one) for one in found]
            waiting = await self._waiting([line.id for line in lines])
        except (RPCError, RuntimeError) as error:
            raise unavailable(error) from None
        return [
            line.model_copy(update={"status": search_attributes.WAITING})
            if line.id in waiting and line.status == search_attributes.RUNNING
            else line
            for line in lines
        ]

    async def _waiting(self, tasks: Sequence[str]) -> set[str]:
        """Those that wait for people's decision."""
        if not tasks:
            return set()
        queue = self._settings.temporal.task_queue
        of_these = search_attributes.one_of(search_attributes.TASK, tasks)
        query = search_attributes.pending(of_these, queue=queue)
        return {
            one.typed_search_attributes.get(search_attributes.TASK) or ""
            async for one in self._client.list_workflows(query)
        }

    async def cancel(self, task_id: str, by: str, *, operator: bool = False) -> str:
        """End a task; only its requester may, or an operator on the command line."""
        view = await self._own(task_id, by, operator=operator)
        await self._handle(task_id).signal(TaskWorkflow.cancel, Gesture(by=by))
        return f"Task {view.id} is being cancelled."

    async def retry(self, task_id: str, by: str, problem: int, *, operator: bool = False) -> str:
        """Try the stuck step again."""
        view = await self._own(task_id, by, operator=operator)
        if not view.problem:
            return f"Task {view.id} needs no help any more."
        await self._handle(task_id).signal(TaskWorkflow.retry, Gesture(by=by, problem=problem))
        return f"Task {view.id} tries that step again."

    async def comment(self, task_id: str, comment: Comment) -> bool:
        """Keep what somebody wrote in the task's thread; False when the task has ended."""
        try:
            await self._handle(task_id).signal(TaskWorkflow.comment, comment)
        except (RPCError, RuntimeError) as error:
            if unknown(error):
                return False
            raise unavailable(error) from None
        return True

    async def _own(self, task_id: str, by: str, *, operator: bool) -> TaskView:
        view = await self.view(task_id)
        if view.ended_at is not None:
            raise BadRequest(f"Task {task_id} has already ended: {view.status}.")
        if not operator and by != view.requester:
            raise BadRequest(f"Task {task_id} isn't yours: only whoever asked for it may do that.")
        return view

    def _handle(self, task_id: str) -> WorkflowHandle[TaskWorkflow, TaskReport]:
        return self._client.get_workflow_handle_for(TaskWorkflow.run, task_id)

    def _not_found(self, error: RPCError | RuntimeError, task_id: str) -> Exception:
        if unknown(error):
            return no_task(task_id)
        return unavailable(error)


def no_task(task_id: str) -> BadRequest:
    """The same sentence for one that does not exist and for one somebody may not see."""
    return BadRequest(f"There is no task '{task_id}': '/task list' shows the running ones.")


async def _line(found: WorkflowExecution) -> TaskLine:
    memo = await found.memo()
    known = found.typed_search_attributes
    return TaskLine(
        id=found.id,
        pipeline=str(memo.get("pipeline", "")),
        sources=str(memo.get("sources", "")),
        requester=known.get(search_attributes.REQUESTER) or "",
        status=known.get(search_attributes.STATUS) or search_attributes.RUNNING,
    )


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text.strip())
        return parts.scheme.lower() in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        return False


def _task_id(key: str) -> str:
    """Short enough to type; the same for the same key, otherwise random (40 bits)."""
    seed = hashlib.sha256(key.encode()).digest() if key else secrets.token_bytes(16)
    number = int.from_bytes(seed[:8], "big")
    letters = []
    for _ in range(8):
        number, letter = divmod(number, len(_ALPHABET))
        letters.append(_ALPHABET[letter])
    return "t-" + "".join(letters)


def _names(sources: tuple[Source, ...]) -> list[str]:
    return [source.name or source.value for source in sources]
