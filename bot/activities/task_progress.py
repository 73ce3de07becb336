"""The task's message, as its workflow says; while a step runs long, with what its agent does.

A step that ends within `PAUSE` seconds is never rewritten for that. Of all tasks together one
message is rewritten in `BETWEEN` seconds: Slack takes about fifty a minute, and cards go first.
"""

import asyncio
from typing import Protocol

import structlog
from temporalio import activity
from temporalio.exceptions import ApplicationError

from bot.config.errors import SignoffError
from workflows.messages.decisions import Place
from workflows.messages.tasks import StepState, TaskView

PAUSE = 15.0
BETWEEN = 3.0
_log = structlog.get_logger(__name__)


class ShowsTasks(Protocol):
    """Whoever writes the task's message."""

    async def show_task(self, view: TaskView) -> Place:
        """Post it, or rewrite it; see `CardActivities`."""
        ...

    async def rewrite_task(self, view: TaskView) -> None:
        """Rewrite what stands; raises ApplicationError."""
        ...


class KnowsTasks(Protocol):
    """Whoever knows where a task stands."""

    async def view(self, task_id: str) -> TaskView:
        """As its workflow says; raises SignoffError."""
        ...

    async def with_progress(self, view: TaskView) -> TaskView:
        """With what the agent of its running step does, where that is known."""
        ...


class TaskMessages:
    """The activity, and beside it `run`, which keeps the messages of running steps up to date."""

    def __init__(self, shows: ShowsTasks, tasks: KnowsTasks) -> None:
        self._shows = shows
        self._tasks = tasks
        self._due: dict[str, float] = {}

    @activity.defn(name="show_task")
    async def show_task(self, view: TaskView) -> Place:
        """See `CardActivities`."""
        place = await self._shows.show_task(view)
        self._watch(view)
        return place

    async def run(self) -> None:
        """For ever."""
        while True:
            await asyncio.sleep(self._wait())
            if (task := self._next()) is not None:
                await self._refresh(task)

    def _watch(self, view: TaskView) -> None:
        self._due.pop(view.id, None)
        if _runs(view):
            self._due[view.id] = _now() + PAUSE

    def _wait(self) -> float:
        soonest = min(self._due.values(), default=_now() + BETWEEN)
        return min(max(soonest - _now(), BETWEEN), PAUSE)

    def _next(self) -> str | None:
        task = min(self._due, key=self._due.__getitem__, default=None)
        return task if task is not None and self._due[task] <= _now() else None

    async def _refresh(self, task: str) -> None:
        """Once; whatever fails, the message stays as it is until the workflow changes it."""
        self._due.pop(task, None)
        try:
            view = await self._tasks.view(task)
            if not _runs(view):
                return
            self._due[task] = _now() + PAUSE
            told = await self._tasks.with_progress(view)
            if told.progress is not None and view.place.ts:
                await self._shows.rewrite_task(told)
                await self._settle(view)
        except (ApplicationError, SignoffError) as error:
            _log.info("no_progress_shown", task=task, error=type(error).__name__)
        except Exception:  # noqa: BLE001 - the edge: a display stops nothing
            _log.exception("progress_broke", task=task)

    async def _settle(self, shown: TaskView) -> None:
        """Where the task went on meanwhile, what it says now is the last that is written."""
        while (view := await self._tasks.view(shown.id)) != shown:
            shown = view
            await self._shows.rewrite_task(shown)


def _runs(view: TaskView) -> bool:
    running = any(step.state is StepState.RUNNING for step in view.steps)
    return running and view.ended_at is None and not view.problem


def _now() -> float:
    return asyncio.get_running_loop().time()
