"""Tasks between a desk and a store that fail at bad moments."""

import asyncio
import json

import pytest
from a2a.server.context import ServerCallContext
from a2a.server.tasks import InMemoryTaskStore
from a2a.types.a2a_pb2 import Message, Part, Role, Task, TaskState, TaskStatusUpdateEvent
from a2a.utils.errors import InternalError, InvalidParamsError, TaskNotCancelableError

from agents.programs import tasks as approval_tasks
from agents.programs.tasks import ApprovalTasks
from tests.agents.programs.fakes import OTHER, PEER, FakeDesk, new_key
from workflows.messages.decisions import Outcome

KEY = new_key()
PENDING = TaskState.TASK_STATE_AUTH_REQUIRED


class FailingStore(InMemoryTaskStore):
    """Fails to save as often as told."""

    failures = 0

    async def save(self, task: Task, context: ServerCallContext) -> None:
        if self.failures:
            self.failures -= 1
            raise InternalError(message="The disk is full.")
        await super().save(task, context)


def message(message_id: str = "m1", task: str = "", **draft: object) -> Message:
    """What a program sends."""
    said = {"title": "Deploy", "summary": "All checks passed.", **draft}
    part = Part(text=json.dumps(said), media_type="application/json")
    return Message(message_id=message_id, role=Role.ROLE_USER, parts=[part], task_id=task or None)


async def test_a_repeat_mends_a_task_that_was_not_kept() -> None:
    """People were asked, then the store failed: the same message finds the same approval."""
    desk, store = FakeDesk(), FailingStore()
    tasks = ApprovalTasks(desk, store, KEY)
    store.failures = 1
    with pytest.raises(InternalError):
        await tasks.ask(message(), PEER)
    task = await tasks.ask(message(), PEER)
    assert task.status.state == PENDING
    assert len(desk.asked) == 1


async def test_a_repeat_mends_a_next_version_that_was_not_kept() -> None:
    """The same for revision 2; two different ones at once are one."""
    desk, store = FakeDesk(), FailingStore()
    tasks = ApprovalTasks(desk, store, KEY)
    first = await tasks.ask(message(), PEER)
    await desk.settle(Outcome.CHANGES_REQUESTED, "more")
    await tasks.current(first.id, PEER)
    store.failures = 1
    with pytest.raises(InternalError):
        await tasks.ask(message("m2", first.id, summary="More."), PEER)
    with pytest.raises(InvalidParamsError, match="another content"):
        await tasks.ask(message("m3", first.id, summary="Less."), PEER)
    task = await tasks.ask(message("m2", first.id, summary="More."), PEER)
    assert len(task.history) == len(desk.asked) == 2


async def test_the_end_is_signed_once() -> None:
    """However many ask at the same time."""
    desk = FakeDesk()
    tasks = ApprovalTasks(desk, InMemoryTaskStore(), KEY)
    task = await tasks.ask(message(), PEER)
    await desk.settle(Outcome.APPROVED)
    seen = await asyncio.gather(*(tasks.current(task.id, PEER) for _ in range(10)))
    assert {len(one.artifacts) for one in seen} == {1}
    assert len({one.artifacts[0].parts[1].text for one in seen}) == 1


async def test_following_outlasts_an_absent_desk(monkeypatch: pytest.MonkeyPatch) -> None:
    """It comes back, and the end is told."""
    monkeypatch.setattr(approval_tasks, "PAUSE_SECONDS", 0.01)
    desk = FakeDesk()
    tasks = ApprovalTasks(desk, InMemoryTaskStore(), KEY)
    task = await tasks.ask(message(), PEER)
    desk.down = True
    events = tasks.follow(task, PEER)
    assert isinstance(await anext(events), Task)
    following = asyncio.ensure_future(anext(events))
    await asyncio.sleep(0.05)
    assert not following.done()
    desk.down = False
    await desk.settle(Outcome.REJECTED, "no")
    await following
    last = await anext(events)
    assert isinstance(last, TaskStatusUpdateEvent)
    assert last.status.state == TaskState.TASK_STATE_REJECTED


async def test_a_forgotten_approval_is_no_decision() -> None:
    """When nobody knows it any more, the task fails and says so."""
    desk = FakeDesk()
    tasks = ApprovalTasks(desk, InMemoryTaskStore(), KEY)
    task = await tasks.ask(message(), PEER)
    desk.asked.clear()
    task = await tasks.current(task.id, PEER)
    assert task.status.state == TaskState.TASK_STATE_FAILED
    assert "neither approved nor rejected" in task.status.message.parts[0].text


async def test_what_was_decided_first_stands() -> None:
    """A cancel that comes too late is refused, and the decision stays."""
    desk = FakeDesk()
    tasks = ApprovalTasks(desk, InMemoryTaskStore(), KEY)
    task = await tasks.ask(message(), PEER)
    await desk.settle(Outcome.APPROVED)
    with pytest.raises(TaskNotCancelableError):
        await tasks.cancel(task.id, PEER)
    task = await tasks.current(task.id, PEER)
    assert task.status.state == TaskState.TASK_STATE_COMPLETED


async def test_open_ones_are_found_page_by_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """As after a restart; each program's own."""
    monkeypatch.setattr(approval_tasks, "PAGE", 2)
    tasks = ApprovalTasks(FakeDesk(), InMemoryTaskStore(), KEY)
    for number in range(5):
        await tasks.ask(message(f"m{number}"), PEER)
    await tasks.ask(message(), OTHER)
    assert len(await tasks.open(PEER, 10)) == 5
    assert len(await tasks.open(PEER, 3)) == 3
    assert len(await tasks.open(OTHER)) == 1
