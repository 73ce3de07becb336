"""A task's message follows a long step, sparingly, and always ends with what the workflow says."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

import pytest
from temporalio.exceptions import ApplicationError

from bot.activities import task_progress
from bot.activities.task_progress import TaskMessages
from tests.models.test_progress import view_of
from tests.workflows.conftest import until
from workflows.messages.decisions import Place
from workflows.messages.tasks import StepState, TaskView
from workflows.messages.turns import Progress

DOING = Progress(agent="analysis", tools=("profile_table",))


def at(state: StepState) -> TaskView:
    view = view_of(None)
    return view.model_copy(update={"steps": (view.steps[0].model_copy(update={"state": state}),)})


class Slack:
    """The message: every version of it, in order."""

    def __init__(self, fails: int = 0) -> None:
        self.versions: list[TaskView] = []
        self.rewritten = 0
        self.meanwhile: Callable[[], None] = lambda: None
        self._fails = fails

    async def show_task(self, view: TaskView) -> Place:
        self.versions.append(view)
        return view.place

    async def rewrite_task(self, view: TaskView) -> None:
        self.rewritten += 1
        if self.rewritten <= self._fails:
            raise ApplicationError("Slack is busy.", type="paced")
        self.meanwhile()
        self.versions.append(view)


class Tasks:
    """One task, whose agent runs a tool."""

    def __init__(self) -> None:
        self.now = at(StepState.RUNNING)

    async def view(self, task_id: str) -> TaskView:
        return self.now

    async def with_progress(self, view: TaskView) -> TaskView:
        return view.model_copy(update={"progress": DOING})


@pytest.fixture(autouse=True)
def _fast(monkeypatch: pytest.MonkeyPatch) -> None:
    """A quarter of a second stands for fifteen."""
    monkeypatch.setattr(task_progress, "PAUSE", 0.25)
    monkeypatch.setattr(task_progress, "BETWEEN", 0.05)


@contextlib.asynccontextmanager
async def shown(slack: Slack, tasks: Tasks) -> AsyncIterator[TaskMessages]:
    messages = TaskMessages(slack, tasks)
    running = asyncio.create_task(messages.run())
    await messages.show_task(tasks.now)
    try:
        yield messages
    finally:
        running.cancel()
        await asyncio.wait({running})


async def versions(slack: Slack, number: int) -> None:
    await until(lambda: len(slack.versions) >= number)


async def test_a_long_step_is_followed() -> None:
    """Again and again while it runs; once it ended nothing more is written."""
    slack, tasks = Slack(), Tasks()
    async with shown(slack, tasks) as messages:
        await versions(slack, 3)
        tasks.now = at(StepState.WAITING)
        await messages.show_task(tasks.now)
        written = len(slack.versions)
        await asyncio.sleep(0.6)
        assert [view.progress for view in slack.versions[1:3]] == [DOING, DOING]
        assert slack.versions[written - 1] == tasks.now
        assert len(slack.versions) == written


async def test_a_short_step_costs_nothing() -> None:
    """One that ends before it is due."""
    slack, tasks = Slack(), Tasks()
    async with shown(slack, tasks) as messages:
        tasks.now = at(StepState.WAITING)
        await messages.show_task(tasks.now)
        await asyncio.sleep(0.6)
    assert slack.rewritten == 0


async def test_a_step_that_ended_elsewhere_is_left_alone() -> None:
    """Another worker showed its end."""
    slack, tasks = Slack(), Tasks()
    async with shown(slack, tasks):
        tasks.now = at(StepState.WAITING)
        await asyncio.sleep(0.6)
    assert slack.rewritten == 0


async def test_what_changed_meanwhile_is_written_last() -> None:
    """Another worker showed the end of the step just before what was known here was written."""
    slack, tasks = Slack(), Tasks()

    def ends() -> None:
        tasks.now = at(StepState.WAITING)

    slack.meanwhile = ends
    async with shown(slack, tasks):
        await versions(slack, 3)
        await asyncio.sleep(0.4)
    assert [view.progress for view in slack.versions] == [None, DOING, None]
    assert slack.versions[-1] == at(StepState.WAITING)


async def test_a_refusal_stops_nothing() -> None:
    """The next time it is written."""
    slack, tasks = Slack(fails=1), Tasks()
    async with shown(slack, tasks):
        await versions(slack, 2)
    assert slack.versions[-1].progress == DOING


async def test_tasks_together_keep_slacks_pace() -> None:
    """However many run: the messages of all of them take turns."""
    slack, tasks = Slack(), Tasks()
    async with shown(slack, tasks) as messages:
        for number in range(50):
            await messages.show_task(tasks.now.model_copy(update={"id": f"t-{number}"}))
        begun = asyncio.get_running_loop().time()
        await asyncio.sleep(1.0)
        most = (asyncio.get_running_loop().time() - begun) / task_progress.BETWEEN
        assert 1 <= slack.rewritten <= most
