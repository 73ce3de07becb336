"""A comment is written down before Slack is asked whose thread it is in, so that none is lost."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.approvals import comments as module
from bot.approvals.comments import LOST, Comments, Written
from bot.config.errors import UnavailableError
from notifications.slack.delivery import TASK
from storage.click_inbox import ClickInbox
from tests.bot.onlooking import refused
from tests.playground.waiting import until
from workflows.messages.decisions import Place
from workflows.messages.tasks import Comment

WRITTEN = Written(
    channel="C0GENERAL1",
    thread="5.0",
    comment=Comment(id="C0GENERAL1:6.0", by="U0GRACE001", text="mind the currency"),
)


class FakeSlack(AsyncWebClient):
    """Knows one thread; fails as often as told, before that."""

    def __init__(self, *failures: Exception) -> None:
        super().__init__(token="xoxb-fake")
        self.failures = list(failures)
        self.asked: list[float] = []

    async def api_call(self, api_method: str, **said: Any) -> Any:
        assert api_method == "conversations.replies"
        self.asked.append(asyncio.get_running_loop().time())
        if self.failures:
            raise self.failures.pop(0)
        metadata = {"event_type": TASK, "event_payload": {"task": "t-abcdefgh"}}
        return {"ok": True, "messages": [{"ts": "5.0", "metadata": metadata}]}


class Task:
    """Takes comments, once it answers."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.kept: list[Comment] = []

    async def comment(self, task_id: str, comment: Comment) -> bool:
        if self.failures:
            raise self.failures.pop(0)
        self.kept.append(comment)
        return True


class Said:
    """What people were told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, Place | None, str]] = []

    async def say(self, user: str, place: Place | None, text: str) -> None:
        self.told.append((user, place, text))


@contextlib.asynccontextmanager
async def at_work(
    folder: Path, slack: FakeSlack, task: Task, said: Said, **more: Any
) -> AsyncIterator[Comments]:
    inbox = ClickInbox(folder / "comments.db")
    box = Comments(inbox, cast("Any", task), slack, cast("Any", said), **more)
    running = asyncio.create_task(box.pass_on())
    try:
        yield box
    finally:
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running
        await inbox.close()


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "AGAIN", 0.02)


@pytest.mark.parametrize(
    "failure",
    [
        refused("ratelimited", 429, "1"),
        refused("internal_error"),
        refused("", 503),
        TimeoutError(),
        ConnectionError(),
    ],
    ids=["429", "internal error", "503", "timeout", "connection"],
)
async def test_a_comment_outlives_a_failed_look_up(tmp_path: Path, failure: Exception) -> None:
    """It is passed on once Slack answers: once, and after a 429 not before Retry-After."""
    slack, task, said = FakeSlack(failure), Task(), Said()
    async with at_work(tmp_path, slack, task, said) as box:
        await box.keep(WRITTEN)
        await until(lambda: bool(task.kept))
    assert task.kept == [WRITTEN.comment]
    assert said.told == []
    if getattr(getattr(failure, "response", None), "status_code", 0) == 429:
        assert slack.asked[1] - slack.asked[0] >= 0.99


async def test_a_comment_outlives_the_workflow_server(tmp_path: Path) -> None:
    """And a bot that is stopped before it could pass it on."""
    slack, task, said = FakeSlack(), Task(UnavailableError("away")), Said()
    inbox = ClickInbox(tmp_path / "comments.db")
    await Comments(inbox, cast("Any", task), slack, cast("Any", said)).keep(WRITTEN)
    await inbox.close()
    async with at_work(tmp_path, slack, task, said):
        await until(lambda: bool(task.kept))
    assert task.kept == [WRITTEN.comment]


async def test_the_same_message_twice_is_one_comment(tmp_path: Path) -> None:
    """Slack repeats events."""
    slack, task, said = FakeSlack(), Task(), Said()
    async with at_work(tmp_path, slack, task, said) as box:
        await box.keep(WRITTEN)
        await until(lambda: bool(task.kept))
        await box.keep(WRITTEN)
        await asyncio.sleep(0.1)
    assert len(task.kept) == 1


async def test_whoever_wrote_what_could_not_be_passed_on_is_told(tmp_path: Path) -> None:
    """Once, in the thread; the others still go through."""
    slack = FakeSlack(*(refused("internal_error") for _ in range(200)))
    task, said = Task(), Said()
    async with at_work(tmp_path, slack, task, said, patience=timedelta(seconds=0.1)) as box:
        await box.keep(WRITTEN)
        await until(lambda: bool(said.told))
        slack.failures.clear()
        later = WRITTEN.comment.model_copy(update={"id": "C0GENERAL1:7.0"})
        await box.keep(WRITTEN.model_copy(update={"comment": later}))
        await until(lambda: bool(task.kept))
    assert said.told == [("U0GRACE001", Place(channel="C0GENERAL1", ts="5.0"), LOST)]
    assert [one.id for one in task.kept] == ["C0GENERAL1:7.0"]
