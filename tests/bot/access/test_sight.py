"""The matrix of who may see: every kind of person by every path, with what they get.

Slack's answers are hand-written, the look-ups, the rule and every path are the real ones; the
approval and the task behind them are one of each.
"""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from bot.access import onlookers
from bot.access.onlookers import Onlookers
from bot.access.seen_tasks import SeenTasks
from bot.access.sight import Onlooker, Sight
from bot.activities.summary import is_for
from bot.approvals.home import HomePage
from bot.approvals.lists import ApprovalLists
from bot.approvals.queries import no_approval
from bot.approvals.tasks import no_task
from bot.config.errors import SignoffError, UnavailableError
from bot.config.settings import load
from bot.listeners.bulk import BulkListeners
from bot.listeners.click import Click
from bot.listeners.forms import Forms, anybody, may_hand_on, may_say, may_withdraw
from notifications.cards.buttons import HomeCursor
from notifications.views.approval_list import DecidedLine, PendingLine, PendingPage
from notifications.views.home import TaskLine
from storage.preferences import Preferences
from tests.bot.onlooking import GRACE, HERE, ONLOOKERS, ZOE, FakeSlack, Onlooking
from tests.notifications.card_views import view
from workflows.messages.decisions import Place, Reply, ReplyKind, Verdict
from workflows.messages.electorate import Electorate, Person
from workflows.messages.requests import CardView, Look
from workflows.messages.tasks import TaskView
from workflows.summary_workflow import SummaryRequest

ROOT = Path(__file__).parents[3]
SECRET = "the board's secret plan"
APPROVAL, TASK = "t-abcdefgh.analysis.v1", "t-abcdefgh"
NOW = datetime.now(UTC)


class OneApproval:
    """One approval of one task, as the server would answer about it."""

    def __init__(self, row: Onlooking) -> None:
        self._row = row
        self.done: list[str] = []

    def line(self) -> PendingLine:
        return PendingLine(
            id=APPROVAL,
            title=SECRET,
            summary=SECRET,
            revision=1,
            requester=self._row.requester,
            approvers=("somebody",),
            deadline=NOW + timedelta(hours=1),
            risk="low",
            digest="0" * 16,
            channel=self._row.stands,
            careful=False,
            concerned=self._row.approvers,
        )

    def card(self) -> CardView:
        people = tuple(Person(id=one, name=one) for one in self._row.approvers)
        return view(
            title=SECRET,
            requester=self._row.requester,
            thread=Place(channel=self._row.stands),
            ballot={"electorate": Electorate(people=people), "deadline": NOW + timedelta(hours=1)},
        )

    async def page(self, approver: str = "", cursor: Any = None, most: int = 50) -> PendingPage:
        listed = not approver or approver in self._row.approvers
        return PendingPage(lines=(self.line(),), total=1) if listed else PendingPage()

    async def together(self, approver: str, most: int = 40) -> list[PendingLine]:
        return list((await self.page(approver)).lines)

    async def asked(self, requester: str, most: int) -> list[PendingLine]:
        return [self.line()] if requester and requester == self._row.requester else []

    async def decided(self, approver: str, most: int) -> list[DecidedLine]:
        return []

    async def look(self, approval_id: str, seconds: float = 2.0) -> Look:
        if approval_id != APPROVAL:
            raise no_approval(approval_id)
        return Look(view=self.card(), result=self.card().request.result)

    async def concerns(self, user: str, task: str) -> bool:
        return task == TASK and user in self._row.approvers

    async def running(self, requester: str = "", most: int = 20) -> list[TaskLine]:
        return []

    async def view(self, task_id: str) -> TaskView:
        if task_id != TASK:
            raise no_task(task_id)
        return TaskView(
            id=TASK,
            pipeline=SECRET,
            requester=self._row.requester,
            sources=(SECRET,),
            started_at=NOW,
            steps=(),
            place=Place(channel=self._row.stands, ts="1.0"),
        )

    async def cancel(self, task_id: str, by: str) -> str:
        self.done.append(f"{by} cancels")
        return SECRET

    async def retry(self, task_id: str, by: str, problem: int) -> str:
        self.done.append(f"{by} retries")
        return SECRET

    async def of(self, user: str) -> Preferences:
        return Preferences()


class Shown:
    """What a person is shown or told: the views opened, the answers."""

    def __init__(self) -> None:
        self.seen: list[Any] = []

    async def tell(self, click: Click, answer: Reply) -> None:
        self.seen.append(answer)

    async def views_open(self, *, trigger_id: str, view: Any) -> None:
        self.seen.append(view)


Path_ = Callable[[Onlooking, Onlookers, Any], Awaitable[object]]


async def _everything(row: Onlooking, who: Onlookers, subject: Any) -> object:
    return await ApprovalLists(subject, who).answer("all", row.user)


async def _mine(row: Onlooking, who: Onlookers, subject: Any) -> object:
    return await ApprovalLists(subject, who).answer("mine", row.user)


async def _one(row: Onlooking, who: Onlookers, subject: Any) -> object:
    return await ApprovalLists(subject, who).answer(APPROVAL, row.user)


async def _bulk(row: Onlooking, who: Onlookers, subject: Any) -> object:
    none = cast("Any", None)
    return await BulkListeners(none, subject, none, none, who, 0)._offered(row.user)


async def _home(row: Onlooking, who: Onlookers, subject: Any) -> object:
    settings = load(ROOT / "signoff.toml")
    page = HomePage(cast("Any", None), subject, subject, subject, settings, who)
    return await page.view(row.user, HomeCursor())


async def _digest(row: Onlooking, who: Onlookers, subject: Any) -> object:
    looks = await who.of(row.user)
    lines = (await subject.page(row.user)).lines if row.user else ()
    request = SummaryRequest(key="k", person=row.user)
    return [line for line in lines if row.user and is_for(line, request, looks)]


def _form(preview: Any) -> Path_:
    async def opened(row: Onlooking, who: Onlookers, subject: Any) -> object:
        shown = Shown()
        click = Click(user=row.user, unique="1.0", trigger="1")
        target = subject.line().target()
        forms = Forms(subject, cast("Any", shown), who)
        allowed = preview(click, target)

        def make(look: Look) -> dict[str, Any]:
            return {"title": look.view.request.title}

        await forms.open(click, target, cast("Any", shown), allowed, make)
        return shown.seen

    return opened


async def _status(row: Onlooking, who: Onlookers, subject: Any) -> object:
    return await SeenTasks(subject, subject, who).view(TASK, row.user)


async def _cancel(row: Onlooking, who: Onlookers, subject: Any) -> object:
    return await SeenTasks(subject, subject, who).cancel(TASK, row.user)


async def _retry(row: Onlooking, who: Onlookers, subject: Any) -> object:
    return await SeenTasks(subject, subject, who).retry(TASK, row.user, 1)


ALL: dict[str, Path_] = {
    "/approvals all": _everything,
    "/approvals ID": _one,
    "show everything": _form(lambda *_: anybody),
    "/task status": _status,
    "/task cancel": _cancel,
    "retry": _retry,
}
"""Whoever may see it is shown it there."""
OWN: dict[str, Path_] = {
    "/approvals mine": _mine,
    "home": _home,
    "bulk": _bulk,
    "digest": _digest,
    "decide": _form(lambda click, target: may_say(click, target, Verdict.REJECT)),
    "edit": _form(lambda click, target: may_say(click, target, Verdict.APPROVE, edits=True)),
    "delegate, snooze": _form(lambda click, _: may_hand_on(click)),
    "withdraw": _form(lambda click, _: may_withdraw(click)),
}
"""There it is shown to those among them who have something to do with it."""


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onlookers, "BUDGET", 0.3)


def test_the_matrix_is_large_enough() -> None:
    """At least 30 kinds of people, each once."""
    names = [row.what for row in ONLOOKERS]
    assert len(set(names)) == len(names) >= 30


@pytest.mark.parametrize("path", [*ALL, *OWN])
@pytest.mark.parametrize("row", ONLOOKERS, ids=lambda row: row.what)
async def test_nobody_is_shown_what_is_not_theirs_to_see(row: Onlooking, path: str) -> None:
    """By no path; and whoever may see it is shown it where everything is shown."""
    subject, slack = OneApproval(row), FakeSlack(row)
    refused: SignoffError | None = None
    shown = ""
    try:
        shown = str(
            await (ALL | OWN)[path](row, Onlookers(slack, guests_see=row.guests_see), subject)
        )
    except SignoffError as error:
        refused, shown = error, str(error)
    assert not refused or isinstance(refused, UnavailableError) == (row.sees is Sight.UNSURE)
    if row.sees is not Sight.SEES:
        assert SECRET not in shown
        assert subject.done == []
    elif path in ALL:
        assert SECRET in shown
    assert len(slack.asked) <= 3


@pytest.mark.parametrize("path", ["/approvals ID", "/task status", "show everything"])
async def test_what_is_hidden_does_not_exist(path: str) -> None:
    """The answer is the same as for an id that never was."""
    row = next(row for row in ONLOOKERS if row.what == "a guest in no channel")
    assert row.sees is Sight.HIDDEN
    subject: Any = OneApproval(row)
    who = Onlookers(FakeSlack(row), guests_see=row.guests_see)
    if path == "show everything":
        (told,) = cast("list[Reply]", await ALL[path](row, who, subject))
        assert told.reply is ReplyKind.UNKNOWN
        return
    with pytest.raises(SignoffError) as hidden:
        await ALL[path](row, who, subject)
    unknown = no_approval(APPROVAL) if path == "/approvals ID" else no_task(TASK)
    assert str(hidden.value) == str(unknown)


async def test_a_long_list_takes_two_questions_to_slack() -> None:
    """However many approvals, in however many channels; and none for a minute after that."""
    row = Onlooking("x", Sight.SEES, channels=(HERE,))
    slack = FakeSlack(row)
    who = Onlookers(slack)
    line = OneApproval(row).line()
    lines = [line.model_copy(update={"id": f"a{n}", "channel": f"C{n}"}) for n in range(300)]
    seen = await who.seen(ZOE, [*lines, line])
    assert [one.id for one in seen.lines] == [line.id]
    await who.seen(ZOE, lines)
    assert sorted(slack.asked) == ["auth.test", "users.conversations", "users.info"]


async def test_slacks_pause_is_kept() -> None:
    """After a 429 nobody asks before Retry-After is over; then the answer is there again."""
    now = [100.0]
    row = Onlooking("x", Sight.SEES, channels=(HERE,), faults={"users.conversations": "429"})
    slack = FakeSlack(row)
    who = Onlookers(slack, clock=lambda: now[0])
    line = OneApproval(row).line()
    assert (await who.seen(ZOE, [line])).unsure
    asked = len(slack.asked)
    now[0] += 6
    assert (await who.seen(ZOE, [line])).unsure
    assert len(slack.asked) == asked
    row.faults.clear()
    now[0] += 2
    assert (await who.seen(ZOE, [line])).lines == (line,)


async def test_a_person_removed_from_the_channel_sees_it_for_a_minute_at_most() -> None:
    """What Slack said is kept that long, and no longer."""
    now = [100.0]
    row = Onlooking("x", Sight.SEES, channels=(HERE,))
    slack = FakeSlack(row)
    who = Onlookers(slack, clock=lambda: now[0])
    line = OneApproval(row).line()
    assert (await who.seen(ZOE, [line])).lines
    slack.row = Onlooking("x", Sight.HIDDEN)
    now[0] += 61
    assert not (await who.seen(ZOE, [line])).lines


async def test_a_channels_digest_lists_what_stands_in_it() -> None:
    """And nothing of any other channel, whatever ids it was given."""
    line, nobody = OneApproval(Onlooking("x", Sight.SEES)).line(), Onlooker(user="")
    assert is_for(line, SummaryRequest(key="k", channel=HERE), nobody)
    assert not is_for(line, SummaryRequest(key="k", channel="C0GENERAL1"), nobody)
    assert is_for(line, SummaryRequest(key="k", person=GRACE), Onlooker(user=GRACE))
    assert not is_for(line, SummaryRequest(key="k", person=ZOE), Onlooker(user=ZOE))
