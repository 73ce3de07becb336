"""One gesture, one answer: also where Temporal took it and the call timed out all the same.

Such a gesture is kept and delivered again. It counted when it first arrived, and whoever made it
was told then.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, cast

import pytest
from temporalio.client import (
    Client,
    Interceptor,
    OutboundInterceptor,
    SignalWorkflowInput,
)
from temporalio.service import RPCError, RPCStatusCode

from bot.approvals import delivery
from bot.approvals.comments import Comments, Written
from bot.approvals.delivery import Gateway, Gesture, Taken
from bot.approvals.tasks import Tasks
from bot.listeners.click import Click
from bot.listeners.errors import Edge
from bot.listeners.replier import Replier
from notifications.slack.pacing import Pacer
from notifications.slack.private import PrivateMessages
from storage.click_inbox import ClickInbox
from tests.bot.approvals.test_comments import FakeSlack as ThreadSlack
from tests.bot.every_gesture import FakeSlack
from tests.fakes import ADA, GRACE, LINUS
from tests.workflows.conftest import House, click, house, until
from workflows.messages.decisions import (
    Decision,
    Delegation,
    Edit,
    Outcome,
    ReplyKind,
    Snooze,
    Verdict,
    Via,
    Withdrawal,
)
from workflows.messages.policy import Policy, Risk
from workflows.messages.requests import CardView
from workflows.messages.tasks import Comment
from workflows.messages.tasks import Gesture as TaskGesture
from workflows.messages.turns import Question
from workflows.task.workflow import TaskWorkflow

__all__ = ["house"]  # the fixture

CARL = "U0CARL0001"
ONE = Policy(approvers=(GRACE, LINUS))
TWO = Policy(approvers=(GRACE, LINUS, "U0JOAN0001"), quorum=2, reject_quorum=2)
Make = Callable[[CardView], Gesture]


def says(verdict: Verdict, by: str = GRACE, **more: Any) -> Make:
    return lambda view: click(view, verdict, by, **more)


SETTLING: dict[str, Make] = {
    "approve": says(Verdict.APPROVE),
    "reject": says(Verdict.REJECT, comment="no"),
    "request changes": says(Verdict.REQUEST_CHANGES, comment="more"),
    "approve with edits": says(Verdict.APPROVE, edit=Edit(summary="as Grace wrote it")),
    "withdraw": lambda view: Withdrawal(id="w", by=ADA, place=view.ballot.places[0]),
}
GOING_ON: dict[str, Make] = {
    "approve, the first of two": says(Verdict.APPROVE),
    "reject, the first of two": says(Verdict.REJECT, comment="no"),
    "approve one's own": says(Verdict.APPROVE, ADA),
    "delegate": lambda view: Delegation(id="d", by=GRACE, to=CARL, place=view.ballot.places[0]),
    "snooze": lambda view: Snooze(id="s", by=GRACE, minutes=30, place=view.ballot.places[0]),
    "withdraw another's": lambda _: Withdrawal(id="w", by=LINUS, place=None),
}
ANSWERS = {"withdraw another's": 0}
"""Whoever withdraws in Home is answered there."""


class Late(OutboundInterceptor):
    """Temporal takes the signal, and its reply does not come in time."""

    async def signal_workflow(self, input: SignalWorkflowInput) -> None:  # noqa: A002 - Temporal's
        await super().signal_workflow(input)
        raise RPCError("planted: the deadline is over", RPCStatusCode.DEADLINE_EXCEEDED, b"")


class LateReplies(Interceptor):
    """Makes a client of these."""

    def intercept_client(self, next: OutboundInterceptor) -> OutboundInterceptor:  # noqa: A002
        return Late(next)


def late(client: Client) -> Client:
    """The same client, whose signals all succeed and then time out."""
    return Client(**client.config() | {"interceptors": [LateReplies()]})


class Door:
    """The bot's side: a gateway that times out, one that does not, and what people are told."""

    def __init__(self, house: House, inbox: ClickInbox) -> None:
        self.house, self.inbox, self.slack = house, inbox, FakeSlack()
        private = PrivateMessages(self.slack, Pacer(), patient=False)
        self._late, self._good = Gateway(late(house.client), inbox), Gateway(house.client, inbox)
        edge, nothing = Edge(self.slack, private), cast("Any", None)
        self.replier = Replier(self._good, private, nothing, nothing, edge)

    async def sends(self, approval: str, gesture: Gesture) -> Taken:
        """The gesture comes in, and its call times out."""
        taken = await self._late.send(approval, gesture)
        self.replier.after(taken, approval, gesture, Click(user=gesture.by, unique=gesture.id))
        await self.replier.settled()
        return taken

    async def delivers(self) -> None:
        """What was kept is delivered, and told where it came too late."""
        draining = asyncio.create_task(self._good.drain(self.replier.answer_late))
        async with asyncio.timeout(30):
            while await self.inbox.count() or await self.inbox.untold():  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        draining.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await draining

    def told(self) -> list[str]:
        """Every private answer anybody got, the workflow's and the bot's."""
        return [one.answer.reply for one in self.house.cards.notices] + [
            str(one.get("text")) for one in self.slack.said
        ]


@pytest.fixture
async def door(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Door]:
    monkeypatch.setattr(delivery, "DRAIN_EVERY", 0.02)
    monkeypatch.setattr(delivery, "FIRST_TRY_SECONDS", 5.0)  # the reply fails, not this machine
    inbox = ClickInbox(tmp_path / "inbox.db")
    yield Door(house, inbox)
    await inbox.close()


@pytest.mark.parametrize("what", SETTLING)
async def test_what_settled_at_once_is_told_once(house: House, door: Door, what: str) -> None:
    """Delivered again it meets an approval that is closed, by this very gesture."""
    task = await house.start("analysis", policy=ONE)
    approval = f"{task.id}.analysis.v1"
    gesture = SETTLING[what](await house.card(approval))
    assert await door.sends(approval, gesture) is Taken.KEPT
    await house.approval(approval).result()
    assert len(door.told()) == 1
    await door.delivers()
    assert len(door.told()) == 1, door.told()


@pytest.mark.parametrize("what", GOING_ON)
async def test_what_leaves_it_open_is_told_once(house: House, door: Door, what: str) -> None:
    """Delivered again it meets the same workflow, which knows it."""
    task = await house.start("analysis", policy=TWO)
    approval = f"{task.id}.analysis.v1"
    gesture = GOING_ON[what](await house.card(approval))
    assert await door.sends(approval, gesture) is Taken.KEPT
    answers = ANSWERS.get(what, 1)
    await until(lambda: len(house.cards.notices) >= answers)
    await door.delivers()
    await house.approval(approval).signal("withdraw", Withdrawal(by=ADA, via=Via.TASK))
    await house.approval(approval).result()  # by then everything was said
    assert len(door.told()) == answers, door.told()


@pytest.mark.parametrize("verdict", [Verdict.APPROVE, Verdict.REJECT])
async def test_an_answer_to_tool_calls_is_told_once_and_runs_them_once(
    house: House, door: Door, verdict: Verdict
) -> None:
    """The same rules: what an agent wants to do is an approval like any other."""
    house.agent.questions = [(Question(id="q1", tool="pay", arguments={"amount": 100}),)]
    task = await house.start("payment")
    approval = f"{task.id}.payment-question-1.v1"
    await door.sends(approval, click(await house.card(approval), verdict, comment="so be it"))
    await house.approval(approval).result()
    await door.delivers()
    await task.result()
    assert len(door.told()) == 1, door.told()
    assert len(house.agent.runs) == (verdict is Verdict.APPROVE)


async def test_a_gesture_that_comes_twice_while_kept_is_kept_and_told_once(
    house: House, door: Door
) -> None:
    """Slack delivers again what it thinks was not acknowledged."""
    decision = Decision.model_validate(
        {"id": "d", "verdict": "approve", "by": GRACE, "at": "2026-03-02T00:00:00Z"}
        | {"revision": 1, "digest": "f" * 16}
    )
    door._late._down_until = float("inf")  # nothing gets through
    assert await door.sends("t-nothing.x.v1", decision) is Taken.KEPT
    assert await door.sends("t-nothing.x.v1", decision) is Taken.AGAIN
    assert len(door.told()) == 1, door.told()


async def test_a_bulk_decision_that_came_too_late_is_told_by_the_bot(
    house: House, door: Door
) -> None:
    """The workflow leaves these to whoever sends them, so the first answer is still owed."""
    task = await house.start("analysis", policy=Policy(approvers=(GRACE,), risk=Risk.LOW))
    approval = f"{task.id}.analysis.v1"
    bulk = click(await house.card(approval), Verdict.APPROVE, via=Via.BULK, place=None)
    await door._late.send(approval, bulk)
    assert (await house.approval(approval).result()).outcome is Outcome.APPROVED
    assert house.cards.notices == []
    await door.delivers()
    assert len(door.slack.said) == 1


async def test_the_next_gesture_of_the_same_person_is_answered(house: House, door: Door) -> None:
    """Another click is another gesture: it hears that the first one counts."""
    task = await house.start("analysis", policy=TWO)
    approval = f"{task.id}.analysis.v1"
    view = await house.card(approval)
    for made in (click(view, Verdict.APPROVE), click(view, Verdict.APPROVE)):
        await house.approval(approval).signal("decide", made)
    await until(lambda: len(house.cards.notices) == 2)
    kinds = [one.answer.reply for one in house.cards.notices]
    assert kinds == [ReplyKind.COUNTED, ReplyKind.ALREADY_COUNTED]
    await house.decide(approval, Verdict.APPROVE, by=LINUS)
    await task.result()


class OnceLate:
    """The task's door: the first call succeeds and times out."""

    def __init__(self, client: Client) -> None:
        nothing = cast("Any", None)
        self._tasks = [Tasks(one, nothing, nothing) for one in (late(client), client)]
        self.calls = 0

    async def comment(self, task: str, comment: Comment) -> bool:
        self.calls += 1
        return await self._tasks[min(self.calls, 2) - 1].comment(task, comment)


async def test_a_comment_counts_once(
    house: House, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is passed on again, and the task knows it."""
    monkeypatch.setattr("bot.approvals.comments.AGAIN", 0.02)
    task = await house.start("analysis")
    approval = f"{task.id}.analysis.v1"
    await house.card(approval)
    tasks, slack = OnceLate(house.client), ThreadSlack()
    monkeypatch.setattr(Comments, "_task_of", lambda *_: _said(task.id))
    private = PrivateMessages(door.slack, Pacer(), patient=False)
    comments = Comments(door.inbox, cast("Any", tasks), slack, private)
    said = Comment(id="C0GENERAL1:6.0", by=GRACE, text="mind the currency")
    await comments.keep(Written(channel="C0GENERAL1", thread="5.0", comment=said))
    passing = asyncio.create_task(comments.pass_on())
    async with asyncio.timeout(10):
        while await door.inbox.count():  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    passing.cancel()
    await house.decide(approval, Verdict.APPROVE)
    await task.result()
    assert tasks.calls == 2
    assert house.audit.kinds().count("commented") == 1
    assert door.slack.said == []


async def _said(task: str) -> str:
    return task


async def test_a_retry_that_comes_again_tries_once(house: House) -> None:
    """The call timed out although it counted, so the person is sent to look; then it comes again."""
    house.agent.breaks = ["The agent is asleep.", "It sleeps on."]
    task = await house.start("analysis")
    await until(lambda: task.id in house.cards.tasks and house.cards.tasks[task.id].problem)
    nothing = cast("Any", None)
    with pytest.raises(RPCError):
        await Tasks(late(house.client), nothing, nothing).retry(task.id, ADA, 1)
    await until(lambda: house.cards.tasks[task.id].problem_number == 2)
    await task.signal(TaskWorkflow.retry, TaskGesture(by=ADA, problem=1))
    said = await Tasks(house.client, nothing, nothing).cancel(task.id, ADA)
    assert said.endswith("is being cancelled.")
    assert (await task.result()).status == "cancelled"
    kinds = house.audit.kinds()
    assert (kinds.count("failed"), kinds.count("retried")) == (2, 1)


async def test_a_cancel_that_comes_again_changes_nothing(house: House) -> None:
    """Neither who ended it nor why."""
    task = await house.start("analysis")
    await house.card(f"{task.id}.analysis.v1")
    nothing = cast("Any", None)
    with pytest.raises(RPCError):
        await Tasks(late(house.client), nothing, nothing).cancel(task.id, ADA)
    assert (await task.result()).status == "cancelled"
    assert house.audit.kinds().count("task_ended") == 1
    assert house.cards.notices == []
