"""What is posted once, over Slack's own protocol: an attempt that was lost is found again."""

import dataclasses
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest
from slack_sdk.web.async_client import AsyncWebClient
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from notifications.slack.delivery import RECEIPT, TIDINGS, SlackDelivery
from playground.config import PlaygroundConfig
from playground.server import Playground
from playground.testing.person import Person
from tests.notifications.card_views import ADA, settled, view
from tests.notifications.test_after_the_act import NO, PAID, task, told
from workflows.activities import Attachment, Word
from workflows.messages.decisions import Outcome, Place
from workflows.messages.electorate import Electorate
from workflows.messages.electorate import Person as Approver
from workflows.messages.requests import CardView

CHANNEL = "C0GENERAL1"
ROOT = Path(__file__).parents[3]
Given = TypeVar("Given")
Message = dict[str, Any]


class Office:
    """A workspace, our delivery, and Ada, who reads."""

    def __init__(self, workspace: Playground, slack: AsyncWebClient, ada: Person) -> None:
        self.workspace = workspace
        self.slack = slack
        self.ada = ada
        self.delivery = SlackDelivery(slack)

    async def run(
        self, step: Callable[[Given], Awaitable[Any]], given: Given, attempt: int = 1
    ) -> Any:
        """The activity, in this attempt."""
        environment = ActivityEnvironment()
        environment.info = dataclasses.replace(environment.info, attempt=attempt)
        return await environment.run(step, given)

    async def root(self) -> Place:
        posted = await self.slack.chat_postMessage(channel=CHANNEL, text="the task")
        return Place(channel=CHANNEL, ts=str(posted["ts"]))

    async def direct(self) -> list[Message]:
        """The bot's messages to Ada."""
        opened = await self.slack.conversations_open(users=ADA)
        channel = str(opened["channel"]["id"])
        history = await self.slack.conversations_history(channel=channel, include_all_metadata=True)
        return list(history["messages"])

    async def thread(self, root: Place) -> list[Message]:
        found = await self.slack.conversations_replies(
            channel=root.channel, ts=root.ts, include_all_metadata=True
        )
        return list(found["messages"])[1:]


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    config = PlaygroundConfig(manifest=ROOT / "manifest.yml")
    async with Playground(config, tmp_path / "playground.db") as workspace:
        slack = AsyncWebClient(token=workspace.bot_token, base_url=workspace.api_url + "/")
        await slack.conversations_join(channel=CHANNEL)
        ada = Person(workspace.url, workspace.local_token, ADA)
        yield Office(workspace, slack, ada)
        await ada.close_session()


async def test_the_end_is_told_once_with_a_link_that_works(office: Office) -> None:
    """A second attempt after an answer that got lost posts nothing; another failure does."""
    root = await office.root()
    ended = task("completed", place=root, ran=(PAID,))
    for attempt in (1, 2, 3):
        await office.run(office.delivery.tell_requester, ended, attempt)
    (message,) = await office.direct()
    assert message["metadata"]["event_type"] == TIDINGS
    assert message["text"] == "✅ Completed: review of penguins.csv · 1 action carried out"
    link = await office.slack.chat_getPermalink(channel=CHANNEL, message_ts=root.ts)
    assert f"<{link['permalink']}|Open the result>" in str(message["blocks"])
    stuck = task("stuck", place=root, problem="Asleep.", problem_number=1)
    await office.run(office.delivery.tell_requester, stuck, 1)
    assert len(await office.direct()) == 2


async def test_the_link_leads_to_the_receipt_where_there_is_one(office: Office) -> None:
    """That is where what was done stands."""
    root = await office.root()
    place = await office.run(
        office.delivery.post_receipt, told(PAID).model_copy(update={"thread": root})
    )
    await office.run(office.delivery.tell_requester, task("completed", place=root, receipt=place))
    (message,) = await office.direct()
    link = await office.slack.chat_getPermalink(channel=CHANNEL, message_ts=place.ts)
    assert str(link["permalink"]) in str(message["blocks"])


async def test_a_receipt_is_posted_once_with_its_file(office: Office) -> None:
    """In the task's thread; the file lists what ran, and then the agent's report."""
    root = await office.root()
    one = told(PAID, declined=(NO,)).model_copy(update={"thread": root})
    first = await office.run(office.delivery.post_receipt, one)
    assert await office.run(office.delivery.post_receipt, one, 2) == first
    posted = [m for m in await office.thread(root) if m.get("metadata")]
    assert [m["metadata"]["event_type"] for m in posted] == [RECEIPT]
    files = [f for m in await office.thread(root) for f in m.get("files") or ()]
    assert {file["name"] for file in files} == {"payment-receipt.md"}


async def test_somebody_without_direct_messages_is_told_in_the_thread(office: Office) -> None:
    """A requester that Slack does not know; once as well."""
    root = await office.root()
    ended = task("completed", place=root, requester="U0NOBODY01")
    for attempt in (1, 2):
        await office.run(office.delivery.tell_requester, ended, attempt)
    (message,) = await office.thread(root)
    assert message["text"].startswith("<@U0NOBODY01> ✅ Completed")


async def test_an_approval_without_a_task_tells_whoever_asked(office: Office) -> None:
    """Once, with a link to its card and the reason."""
    root = await office.root()
    over = settled(Outcome.REJECTED, thread=root, title="the offer", reason="too dear")
    over = over.model_copy(update={"ballot": over.ballot.model_copy(update={"places": (root,)})})
    for attempt in (1, 2):
        await office.run(office.delivery.tell_outcome, over, attempt)
    (message,) = await office.direct()
    assert message["text"] == "❌ Rejected: the offer"
    link = await office.slack.chat_getPermalink(channel=CHANNEL, message_ts=root.ts)
    assert f"<{link['permalink']}|Open the card>" in str(message["blocks"])
    assert "too dear" in str(message["blocks"])


async def test_reminders_say_how_it_ended(office: Office) -> None:
    """In the thread and in direct messages; nothing says any more that it waits."""
    root = await office.root()
    posted = await office.slack.chat_postMessage(channel=CHANNEL, text="a card")
    places = (Place(channel=CHANNEL, ts=str(posted["ts"])),)
    waiting = view(thread=root, ballot={"places": places})
    reminder = await office.run(office.delivery.remind, waiting)
    word = Word(place=Place(channel=""), text="x still waits.", to=ADA)
    private = await office.run(office.delivery.say, word)
    assert "still waits" in (await office.thread(root))[0]["text"]
    over = settled(Outcome.EXPIRED, thread=root)
    over = over.model_copy(
        update={
            "reminders": (reminder, private),
            "ballot": over.ballot.model_copy(update={"places": places}),
        }
    )
    await office.run(office.delivery.update_card, over)
    for message in (*await office.thread(root), *await office.direct()):
        assert "still waits" not in str(message)
        assert "Expired" in message["text"]
        assert "analysis of sales.csv" in message["text"]


async def test_a_reminder_names_people_in_the_policy_s_order(office: Office) -> None:
    """As the card does."""
    root = await office.root()
    people = tuple(Approver(id=user) for user in ("U0LINUS001", "U0CARL0001", "U0GRACE001"))
    waiting = view(thread=root, ballot={"electorate": Electorate(people=people)})
    await office.run(office.delivery.remind, waiting)
    text = (await office.thread(root))[0]["text"]
    assert re.findall(r"U0\w+", text) == [person.id for person in people]


async def test_an_attached_file_hides_nothing(office: Office) -> None:
    """Marked as the card marks it: no text in it runs backwards."""
    root = await office.root()
    text = "- to: Ann\u202eknaB\u200b\n"
    await office.run(
        office.delivery.attach, Attachment(thread=root, name="a.md", title="a\u202e\nb", text=text)
    )
    (file,) = [f for m in await office.thread(root) for f in m.get("files") or ()]
    assert file["title"] == "a[U+202E] b"
    assert (await office.ada.file(file["id"])).decode() == "- to: Ann[U+202E]knaB[U+200B]\n"


async def posted_card(office: Office) -> tuple[Place, CardView]:
    """A card that stands in a thread, and the view that knows where."""
    root = await office.root()
    shown = view()
    request = shown.request.model_copy(update={"thread": root})
    shown = shown.model_copy(update={"request": request})
    places = await office.run(office.delivery.post_card, shown)
    ballot = shown.ballot.model_copy(update={"places": places})
    return root, shown.model_copy(update={"ballot": ballot})


async def test_a_card_stands_in_the_thread_and_in_the_channel(office: Office) -> None:
    """One message in both, so that nobody has to open the thread; a retry finds it."""
    root, shown = await posted_card(office)
    await office.run(office.delivery.post_card, shown, 2)
    (message,) = await office.thread(root)
    history = await office.slack.conversations_history(channel=CHANNEL)
    assert [m["ts"] for m in history["messages"]] == [message["ts"], root.ts]


async def test_the_report_hangs_on_its_card(office: Office) -> None:
    """Without a message of its own, and it stays there when the card is rewritten."""
    root, shown = await posted_card(office)
    attachment = Attachment(thread=root, name="a.md", title="a", text="# All", card=shown)
    await office.run(office.delivery.attach, attachment)
    ended = settled(Outcome.APPROVED).ballot.model_copy(update={"places": shown.ballot.places})
    await office.run(office.delivery.update_card, shown.model_copy(update={"ballot": ended}))
    (message,) = await office.thread(root)
    assert message["text"].startswith("Approved")
    (file,) = message["files"]
    assert await office.ada.file(file["id"]) == b"# All"


@pytest.mark.parametrize("error", ["invalid_arguments", "message_not_found"])
async def test_a_report_that_a_card_does_not_take_stands_in_the_thread(
    office: Office, error: str
) -> None:
    """Nothing is lost where Slack refuses it; what passes is tried again."""
    root, shown = await posted_card(office)
    attachment = Attachment(thread=root, name="a.md", title="a", text="# All", card=shown)
    await office.ada.fault("error", method="chat.update", error="internal_error", count=1)
    with pytest.raises(ApplicationError):
        await office.run(office.delivery.attach, attachment)
    await office.ada.fault("error", method="chat.update", error=error, count=1)
    await office.run(office.delivery.attach, attachment)
    files = [f for m in await office.thread(root) for f in m.get("files") or ()]
    assert [file["name"] for file in files] == ["a.md"]
