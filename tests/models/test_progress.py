"""What an agent does, as whoever asks for the task's status is told while it does it."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from temporalio.client import WorkflowHandle

from bot.approvals.progress import RunningTurns
from notifications.views.blocks import shown
from notifications.views.task_message import task_status
from tests.e2e.faults.outages import eventually
from tests.models.gemini import GeminiStandIn
from tests.models.gemini_replies import calls, internal
from tests.models.pipeline import FLASH, Pipeline
from tests.workflows.conftest import until
from workflows.messages.decisions import Place
from workflows.messages.tasks import StepState, StepStatus, TaskView
from workflows.messages.turns import Progress
from workflows.task.workflow import TaskWorkflow

LOOK = calls(("profile_table", {"file": "sales.csv"}))
LONG = 9.0
BETWEEN_BEATS = 4.0
"""Longer than those are apart that only say that a worker lives, and those that reach Temporal."""


async def now(line: Pipeline, task: WorkflowHandle[TaskWorkflow, object]) -> TaskView:
    """As `/task status` looks."""
    view = await task.query(TaskWorkflow.view)
    return await RunningTurns(line.house.client).with_progress(view)


async def once(
    line: Pipeline,
    task: WorkflowHandle[TaskWorkflow, object],
    wanted: Callable[[Progress], object],
) -> tuple[TaskView, Progress]:
    """As soon as that is shown."""

    async def look() -> TaskView | None:
        view = await now(line, task)
        return view if view.progress and wanted(view.progress) else None

    view: TaskView = await eventually(look)
    assert view.progress
    return view, view.progress


@pytest.mark.parametrize("inside", [False, True], ids=["over A2A", "inside of a workflow"])
async def test_the_model_is_asked(line: Pipeline, gemini: GeminiStandIn, inside: bool) -> None:
    """From soon after it begins until it ends, however often somebody looks; in no history."""
    gemini.pause = LONG
    task = await line.start("analysis", inside=inside)
    view, progress = await once(line, task, Progress.words)
    assert (progress.agent, progress.model) == ("analysis", FLASH)
    assert f"asking `{FLASH}`" in shown(task_status(view))
    seconds = [progress.seconds]
    while (view := await now(line, task)).progress is not None:
        if view.progress.seconds < LONG - 1:
            assert view.progress.model == FLASH
        seconds.append(view.progress.seconds)
        await asyncio.sleep(0.2)
    assert seconds == sorted(seconds)
    assert seconds[-1] > BETWEEN_BEATS
    await line.card(task, "analysis")
    assert (await now(line, task)).progress is None
    history = await task.fetch_history()
    assert "characters" not in history.to_json()


async def test_an_attempt_after_the_first_is_said(line: Pipeline, gemini: GeminiStandIn) -> None:
    """So that nobody takes the second for a slow first."""
    gemini.says(internal())
    task = await line.start("analysis")
    await until(lambda: gemini.seen)
    gemini.pause = 4
    view, _ = await once(line, task, lambda progress: progress.attempt == 2)
    assert "attempt 2" in shown(task_status(view))


def view_of(progress: Progress | None) -> TaskView:
    step = StepStatus(name="analysis", agent="analysis", state=StepState.RUNNING)
    return TaskView(
        id="t-1",
        pipeline="review",
        requester="U0ADA00001",
        sources=("sales.csv",),
        started_at=datetime(2026, 1, 1, tzinfo=UTC),
        steps=(step,),
        place=Place(channel="C0GENERAL1", ts="1.0"),
        progress=progress,
    )


LINES: dict[str, tuple[Progress, str]] = {
    "a tool": (
        Progress(agent="analysis", tools=("profile_table",), seconds=42.9),
        "analysis · 42 s · running `profile_table`",
    ),
    "tools of a member": (
        Progress(agent="searcher", tools=("a", "b", "c", "d"), seconds=61, attempt=3),
        "analysis · 1 min 1 s · attempt 3 · `searcher` · running `a`, `b`, `c` and 1 more",
    ),
    "an answer": (
        Progress(model="gemini-pro-latest", characters=12_345, seconds=5),
        "analysis · 5 s · `gemini-pro-latest` has written 12,345 characters",
    ),
    "nothing known": (Progress(seconds=3), "analysis · 3 s"),
    "a hostile name": (
        Progress(tools=("<!channel>`*x*",), seconds=3),
        "analysis · 3 s · running `&lt;!channel&gt;\u2019*x*`",
    ),
}


@pytest.mark.parametrize("name", LINES)
def test_it_is_one_grey_line(name: str) -> None:
    """Step, how long, and what; names stand in code spans, and none of them does anything."""
    progress, line = LINES[name]
    blocks = task_status(view_of(progress))
    grey = [block["elements"][0]["text"] for block in blocks if block["type"] == "context"]
    assert grey[0] == line
    plain = task_status(view_of(None))
    assert len(blocks) == len(plain) + 1
