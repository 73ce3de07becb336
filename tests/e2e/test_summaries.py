"""Digests over Slack's protocol: one message in place of many, once, to whoever wants it."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client

from bot.processes import bootstrap
from notifications.reminders.scheduler import DAILY, ReminderScheduler, SummaryPlan
from playground.blocks import problems
from storage.database import create_engine
from storage.preferences import Preferences, PreferenceStore
from tests.e2e.conftest import CHANNEL, Office
from tests.e2e.gestures import direct
from tests.fakes import ADA, GRACE, LINUS
from workflows.approval import search_attributes
from workflows.approval.workflow import ApprovalWorkflow
from workflows.messages.decisions import Place, Snooze
from workflows.messages.ladder import Act, Rung
from workflows.messages.requests import ApprovalRequest
from workflows.messages.results import AgentResult

DIGEST = "signoff_digest"


@pytest.fixture
async def client(office: Office) -> Client:
    return await bootstrap.connect(office.settings)


def early() -> ZoneInfo:
    """A zone in which it is not yet eleven in the evening."""
    return ZoneInfo("UTC") if datetime.now(UTC).hour < 23 else ZoneInfo("Etc/GMT+3")


def scheduler(office: Office, client: Client, **plan: Any) -> ReminderScheduler:
    """Looks twice a second."""
    every, queue = timedelta(seconds=0.5), office.settings.temporal.task_queue
    return ReminderScheduler(client, every, SummaryPlan.model_validate(plan), queue)


async def raised(office: Office, client: Client, title: str, act: Act = Act.REMIND) -> str:
    """An approval whose one rung is due in a second, once it is listed and shown."""
    name = f"a-{uuid.uuid4().hex}"
    policy = office.settings.plans("review")[0].policy
    rung = Rung(after=timedelta(seconds=1), act=act)
    request = ApprovalRequest(
        id=name,
        title=title,
        requester=ADA,
        result=AgentResult(summary=title),
        policy=policy.model_copy(update={"ladder": (rung,)}),
        thread=Place(channel=CHANNEL),
    )
    queue = office.settings.temporal.task_queue
    await client.start_workflow(ApprovalWorkflow.run, request, id=name, task_queue=queue)
    return name


async def until(found: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(40):
        while not await found():  # noqa: ASYNC110 - looked at, never told
            await asyncio.sleep(0.1)


async def listed(client: Client, name: str) -> bool:
    known = (await client.get_workflow_handle(name).describe()).typed_search_attributes
    return known.get(search_attributes.STATUS) == search_attributes.PENDING


async def has_rung(client: Client, name: str) -> bool:
    known = (await client.get_workflow_handle(name).describe()).typed_search_attributes
    return known.get(search_attributes.RUNG) is not None


async def found(client: Client, office: Office, many: int) -> bool:
    """Whether visibility lists so many that wait."""
    queue = office.settings.temporal.task_queue
    query = f"{search_attributes.STATUS.name} = 'pending' AND TaskQueue = '{queue}'"
    return (await client.count_workflows(query)).count >= many


def posted(office: Office, kind: str) -> list[dict[str, Any]]:
    """The calls that posted a message of this kind."""
    calls = office.workspace.journal.calls(method="chat.postMessage")
    return [call for call in calls if kind in str(call["arguments"].get("metadata"))]


def reminders(office: Office) -> list[dict[str, Any]]:
    calls = office.workspace.journal.calls(method="chat.postMessage")
    return [call for call in calls if "still waits" in str(call["arguments"].get("text"))]


async def test_a_burst_of_reminders_is_one_message(office: Office, client: Client) -> None:
    """In the channel, from two schedulers at once; alike requests are one line; no reminder."""
    titles = ["Refund 1", "Refund 2", "Refund 3", "Refund 3"]
    names = [await raised(office, client, title) for title in titles]
    await until(lambda: found(client, office, len(names)))
    two = [scheduler(office, client, daily=False, more_than=2) for _ in range(2)]
    for one in two:
        one.start()
    try:
        for name in names:
            await until(lambda name=name: _gone(client, name))  # type: ignore[misc]
    finally:
        for one in two:
            one.stop()
    message = await office.grace.wait_for(lambda m: DIGEST in str(m.get("metadata")), CHANNEL)
    assert problems(message["blocks"], "message") == []
    assert "4 approvals wait for a decision" in message["text"]
    assert "2 alike" in str(message["blocks"])
    assert "slack://app?team=" in str(message["blocks"])
    assert len(posted(office, DIGEST)) == 1
    assert reminders(office) == []


async def _gone(client: Client, name: str) -> bool:
    return not await has_rung(client, name)


async def test_a_burst_of_copies_is_one_message_to_each(office: Office, client: Client) -> None:
    """Grace and Linus get a digest in place of three cards each; who snoozed one misses it."""
    names = [await raised(office, client, f"Refund {n}", Act.DM) for n in range(3)]
    await until(lambda: found(client, office, len(names)))
    snooze = Snooze(id="s", by=LINUS, minutes=60)
    handle = client.get_workflow_handle(names[0])
    await handle.signal(ApprovalWorkflow.snooze, snooze)

    async def is_noted() -> bool:
        return LINUS in (await (await handle.describe()).memo()).get("left_alone", {})

    await until(is_noted)
    one = scheduler(office, client, daily=False, more_than=2)
    one.start()
    try:
        await direct(office.grace, "3 approvals wait for a decision")
        await direct(office.linus, "2 approvals wait for a decision")
        for name in names:
            await until(lambda name=name: _gone(client, name))  # type: ignore[misc]
    finally:
        one.stop()
    assert len(posted(office, DIGEST)) == 2
    copies = [
        call for call in posted(office, "signoff_card") if call["arguments"]["channel"][0] == "D"
    ]
    assert copies == []


async def test_a_few_are_reminded_one_by_one(office: Office, client: Client) -> None:
    """Two are no burst."""
    names = [await raised(office, client, f"Refund {n}") for n in range(2)]
    await until(lambda: found(client, office, len(names)))
    one = scheduler(office, client, daily=False, more_than=2)
    one.start()
    try:

        async def both() -> bool:
            return len(reminders(office)) == 2

        await until(both)
    finally:
        one.stop()
    assert posted(office, DIGEST) == []


async def test_a_day_has_one_digest(office: Office, client: Client) -> None:
    """Two schedulers, each started anew; then the button shows Home."""
    await raised(office, client, "Refund 1")
    await raised(office, client, "Refund 2")
    await until(lambda: found(client, office, 2))
    schedulers = [scheduler(office, client, hour=23) for _ in range(4)]
    await asyncio.gather(*(one.send_day(GRACE, early()) for one in schedulers))
    message = await direct(office.grace, "2 approvals wait for a decision")
    await schedulers[0].send_day(GRACE, early())
    query = (
        f"WorkflowType = 'RoundupWorkflow' AND TaskQueue = '{office.settings.temporal.task_queue}'"
    )

    async def is_over() -> bool:
        runs = [run async for run in client.list_workflows(query)]
        return len(runs) == 1 and runs[0].close_time is not None

    await until(is_over)
    assert len(posted(office, DIGEST)) == 1
    await office.grace.click(message, "signoff_open_home")
    await office.grace.wait_for_home(lambda view: "Refund 1" in str(view["blocks"]))


async def test_a_digest_waits_for_quiet_hours_and_for_nobody_who_wants_none(
    office: Office, client: Client
) -> None:
    """Linus has quiet hours just now, Grace has turned it off, and Ada decides nothing."""
    await raised(office, client, "Refund 1")
    await until(lambda: found(client, office, 1))
    engine = create_engine(office.settings.database_url)
    now = datetime.now(ZoneInfo("America/Los_Angeles"))
    quiet = Preferences(
        quiet_from=(now - timedelta(hours=1)).time(), quiet_until=(now + timedelta(hours=1)).time()
    )
    await PreferenceStore(engine).keep(LINUS, quiet)
    await PreferenceStore(engine).keep(GRACE, Preferences(digest=False))
    await engine.dispose()
    one = scheduler(office, client, hour=23)
    for user in (GRACE, LINUS, ADA):
        await one.send_day(user, early())
    queue = office.settings.temporal.task_queue
    today = f"{datetime.now(early()):%Y-%m-%d}"
    for user in (GRACE, ADA):
        await client.get_workflow_handle(f"digest-{queue}-{user}-{today}").result()
    waiting = client.get_workflow_handle(f"digest-{queue}-{LINUS}-{today}")

    async def sleeps() -> bool:
        history = await waiting.fetch_history()
        return any(e.event_type == EventType.EVENT_TYPE_TIMER_STARTED for e in history.events)

    await until(sleeps)
    assert posted(office, DIGEST) == []


async def test_everybody_has_his_own_nine_o_clock(office: Office, client: Client) -> None:
    """Planned from what waits, in the zone Slack names; forgotten when nothing waits."""
    name = await raised(office, client, "Refund 1")
    await until(lambda: found(client, office, 1))
    one = scheduler(office, client, hour=(datetime.now(UTC).hour + 4) % 24)
    await one.plan_days()
    jobs = {job.id: str(job.trigger.timezone) for job in one._scheduler.get_jobs()}
    assert jobs == {
        f"{DAILY}{GRACE}": "America/New_York",
        f"{DAILY}{LINUS}": "America/Los_Angeles",
    }
    await client.get_workflow_handle(name).terminate()

    async def none_left() -> bool:
        await one.plan_days()
        return not one._scheduler.get_jobs()

    await until(none_left)
