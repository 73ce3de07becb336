"""A week's ladder for people in three time zones: every notice and its time, on both changes of clocks."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from temporalio import activity
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from notifications.reminders.planner import LadderPlanner
from tests.fakes import ADA, GRACE, LINUS, FakeCards, FakeMail, FakePeople
from tests.workflows.approval.test_ladder_time import FRIDAYS, SERVER, request, skipping
from tests.workflows.conftest import House, until
from workflows.activities import CopyRequest, ElectorateRequest, MailRequest, Word
from workflows.approval.workflow import ApprovalWorkflow
from workflows.messages.decisions import Outcome, Place, Snooze
from workflows.messages.electorate import Electorate, Person
from workflows.messages.ladder import Act, Rung
from workflows.messages.policy import Policy
from workflows.messages.requests import CardView

__all__ = ["SERVER", "skipping"]

CARL, DORA = "U0CARL0001", "U0DORA0001"
ZONES = {
    GRACE: "Europe/Berlin",
    LINUS: "Asia/Tokyo",
    CARL: "America/New_York",
    DORA: "Europe/Berlin",
}
LADDER = Policy(
    approvers=(GRACE, LINUS, CARL),
    timeout=timedelta(days=7),
    escalate_to=(DORA,),
    calendar={
        "hours": dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), "09:00-17:00"),
        "holidays": "DE-BE",
    },
    ladder=(
        Rung(at=0.2),
        Rung(at=0.5, act=Act.DM),
        Rung(at=0.75, act=Act.EMAIL),
        Rung(at=0.9, act=Act.ESCALATE),
    ),
)
# What goes out when, in UTC: worked out by hand. Carl, in New York, is quiet until noon. In spring
# Good Friday and Easter Monday lie in the week; the thread keeps to Berlin's hours.
NOTICES = {
    "spring": [
        ("03-30 00:00", "dm", LINUS),
        ("03-30 07:00", "thread", ""),
        ("03-30 07:00", "dm", GRACE),
        ("03-30 16:00", "dm", CARL),
        ("03-31 17:00", "mail", CARL),
        ("04-01 00:00", "mail", LINUS),
        ("04-01 07:00", "mail", GRACE),
        ("04-02 07:00", "dm", DORA),
    ],
    "autumn": [
        ("11-01 08:00", "thread", ""),
        ("11-02 00:00", "dm", LINUS),
        ("11-02 08:00", "dm", GRACE),
        ("11-02 16:00", "dm", CARL),
        ("11-03 16:00", "mail", CARL),
        ("11-04 00:00", "mail", LINUS),
        ("11-04 08:00", "mail", GRACE),
        ("11-05 08:00", "dm", DORA),
    ],
}


class ZonedPeople(FakePeople):
    """Everybody lives somewhere."""

    @activity.defn(name="resolve_electorate")
    async def resolve_electorate(self, request: ElectorateRequest) -> Electorate:
        names = request.policy.approvers
        return Electorate(people=tuple(Person(id=name, tz=ZONES[name]) for name in names))


class Quiet:
    """Carl's mornings are Carl's."""

    async def quiet(self, user: str) -> tuple[time, time] | None:
        return (time(9), time(12)) if user == CARL else None


class Diary:
    """What went out, and at what time of the server."""

    def __init__(self) -> None:
        self.entries: list[tuple[datetime, str, str]] = []

    def note(self, what: str, whom: str = "") -> None:
        self.entries.append((activity.info().scheduled_time, what, whom))

    def lines(self) -> list[tuple[str, str, str]]:
        """In the order of time, to the minute."""
        return sorted(
            (f"{at.astimezone(UTC):%m-%d %H:%M}", what, whom) for at, what, whom in self.entries
        )


class DiaryCards(FakeCards):
    """Notes every notice."""

    diary: Diary

    @activity.defn(name="remind")
    async def remind(self, view: CardView) -> Place:
        self.diary.note("thread")
        return self._place(view.request.thread.channel)

    @activity.defn(name="post_copy")
    async def post_copy(self, request: CopyRequest) -> Place:
        self.diary.note("dm", request.to)
        return self._place(f"D{request.to}")

    @activity.defn(name="say")
    async def say(self, word: Word) -> None:
        self.diary.note("word", word.to)


class DiaryMail(FakeMail):
    """Notes every letter."""

    diary: Diary

    @activity.defn(name="mail")
    async def mail(self, request: MailRequest) -> bool:
        self.diary.note("mail", request.to.id)
        return await FakeMail.mail(self, request)


class Week:
    """One approval over a week, on a server whose clock runs ahead."""

    def __init__(self, skipping: WorkflowEnvironment, season: str) -> None:
        self.diary = Diary()
        self.server = skipping
        cards, mail = DiaryCards(), DiaryMail()
        cards.diary = mail.diary = self.diary
        self.house = House(
            client=skipping.client,
            queue=f"people-{season}",
            people=ZonedPeople(),
            cards=cards,
            mail=mail,
            ladder=LadderPlanner(Quiet()),  # type: ignore[arg-type]
        )

    def worker(self) -> Worker:
        activities = self.house.activities()
        return Worker(
            self.server.client,
            task_queue=self.house.queue,
            workflows=[ApprovalWorkflow],
            activities=activities,
        )

    async def raise_it(self) -> Any:
        asked = request().model_copy(update={"policy": LADDER, "requester": ADA})
        handle = await self.server.client.start_workflow(
            ApprovalWorkflow.run, asked, id=asked.id, task_queue=self.house.queue
        )
        await until(lambda: asked.id in self.house.cards.cards)
        return handle

    async def sleep_until(self, moment: datetime) -> None:
        await self.server.sleep(moment - await self.server.get_current_time())

    async def remind(self, handle: Any) -> None:
        """What the scheduler does: a signal when a rung is due, twice because two of them run."""
        view = await handle.query(ApprovalWorkflow.view)
        for rung in view.plan:
            if rung.act is not Act.ESCALATE:
                await self.sleep_until(rung.at)
                for _ in range(2):
                    await handle.signal(ApprovalWorkflow.remind, rung.name)


@pytest.mark.parametrize("season", FRIDAYS)
async def test_everybody_hears_in_his_own_hours(skipping: WorkflowEnvironment, season: str) -> None:
    """The thread in the policy's hours, people in theirs, the deadline to the minute; once each."""
    week = Week(skipping, season)
    await week.sleep_until(FRIDAYS[season][0])
    async with week.worker():
        handle = await week.raise_it()
        await week.remind(handle)
        settlement = await handle.result()
        view = await handle.query(ApprovalWorkflow.view)
    assert week.diary.lines() == sorted(NOTICES[season])
    assert settlement.outcome is Outcome.EXPIRED
    assert abs(settlement.at - view.raised_at - timedelta(days=7)) < timedelta(minutes=1)


async def test_a_snooze_is_kept_to_and_ends_with_one_word(skipping: WorkflowEnvironment) -> None:
    """Grace sleeps over her copy and hears when she wanted to; the others hear as ever."""
    week = Week(skipping, "snooze")
    await week.sleep_until(FRIDAYS["autumn"][0])
    async with week.worker():
        handle = await week.raise_it()
        await week.sleep_until(datetime(2027, 11, 1, 23, tzinfo=UTC))
        snooze = Snooze(id="s", by=GRACE, minutes=600)
        await handle.signal(ApprovalWorkflow.snooze, snooze)
        await handle.signal(ApprovalWorkflow.remind, "dm@0.5")
        await week.sleep_until(datetime(2027, 11, 3, tzinfo=UTC))
        await handle.terminate()
    assert week.diary.lines() == [
        ("11-02 00:00", "dm", LINUS),
        ("11-02 09:00", "word", GRACE),
        ("11-02 16:00", "dm", CARL),
    ]
