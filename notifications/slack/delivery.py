"""Cards, messages, files and private answers go to Slack: the activities of `CardActivities`."""

from collections.abc import Collection
from typing import Any, Protocol

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from temporalio import activity
from temporalio.exceptions import ApplicationError

from notifications.cards.card import card, card_text
from notifications.cards.facts import outcome_line
from notifications.slack.attempts import certainly_unsent, nothing_sent, say_nothing_sent
from notifications.slack.errors import NO_PLACE, call, for_good, refusal, translated
from notifications.slack.pacing import Pacer, Urgency
from notifications.slack.private import PrivateMessages
from notifications.text.sanitize import clip, inert, mrkdwn, visible
from notifications.views.format import people, person, told
from notifications.views.receipt import receipt as receipt_blocks
from notifications.views.receipt import receipt_file, receipt_text
from notifications.views.replies import sentence
from notifications.views.task_message import task_message, task_text
from notifications.views.tidings import key as tidings_key
from notifications.views.tidings import outcome_text, outcome_tidings, tidings, tidings_text
from workflows.activities import Attachment, CardActivities, CopyRequest, Notice, Word
from workflows.content.edit_note import one_line
from workflows.messages.decisions import Place
from workflows.messages.health import AgentHealth
from workflows.messages.requests import CardView
from workflows.messages.tasks import StepState, TaskView, Waiting
from workflows.task.receipts import Receipt

CARD = "signoff_card"
TASK = "signoff_task"
RECEIPT = "signoff_receipt"
TIDINGS = "signoff_tidings"
_NEEDED = frozenset({StepState.TO_COME, StepState.RUNNING, StepState.STUCK})


_NO_DIRECT = frozenset(
    {
        "cannot_dm_bot",
        "user_disabled",
        "user_not_found",
        "user_not_visible",
        "users_list_not_supplied",
        "users_not_found",
    }
)
"""Refusals that say that somebody has no direct messages."""


class KnowsAgents(Protocol):
    """Whoever knows how the agents are."""

    async def unwell(self, agents: Collection[str]) -> tuple[AgentHealth, ...]:
        """Those of these agents that are not healthy, in time and without raising."""
        ...


class TellsTasks(Protocol):
    """Whoever reaches the tasks that wait for approvals."""

    async def waiting(self, task: str, told: Waiting) -> None:
        """Say so to the task's workflow, in time and without raising."""
        ...


class SlackDelivery(CardActivities):
    """Posts with the bot's client. Every method may be retried and then finds its earlier work.

    With `agents`, an open card and a running task say which of the agents they will need are ill.
    With `tasks`, a task's message says whose decision is missing, and leads to the card.
    """

    def __init__(
        self,
        slack: AsyncWebClient,
        agents: KnowsAgents | None = None,
        pacer: Pacer | None = None,
        tasks: TellsTasks | None = None,
    ) -> None:
        self._slack = slack
        self._agents = agents
        self._tasks = tasks
        self._pacer = pacer or Pacer()
        self._private = PrivateMessages(slack, self._pacer, patient=False)

    @activity.defn(name="show_task")
    async def show_task(self, view: TaskView) -> Place:
        """Post the task's message, or rewrite it."""
        view = await self._with_unwell_steps(view)
        content = {"blocks": task_message(view, await self._card_of(view)), "text": task_text(view)}
        if view.place.ts:
            await self._update(view.place, content)
            return view.place
        try:
            return await self.post_once(view.place, TASK, {"task": view.id}, content)
        except ApplicationError as error:
            if error.type in NO_PLACE and activity.info().attempt == 1:
                await self._tell_no_place(view)
            raise

    async def post_card(self, view: CardView) -> tuple[Place, ...]:
        """Post the card into the task's thread and, as the same message, into its channel."""
        thread = view.request.thread
        key = {"approval": view.request.id, "digest": view.ballot.digest}
        content = await self._content(view) | ({"reply_broadcast": True} if thread.ts else {})
        place = await self.post_once(thread, CARD, key, content)
        await self._tell_task(view, place)
        return (place,)

    @activity.defn(name="post_copy")
    async def post_copy(self, request: CopyRequest) -> Place:
        """Post a copy of the card into somebody's direct messages."""
        view = request.view
        opened = await call(self._slack.conversations_open(users=request.to))
        key = {"approval": view.request.id, "digest": view.ballot.digest}
        place = Place(channel=opened["channel"]["id"])
        return await self.post_once(place, CARD, key, await self._content(view))

    @activity.defn(name="update_card")
    async def update_card(self, view: CardView) -> None:
        """Rewrite every copy of the card, and at the end whatever says that it still waits."""
        content = await self._content(view)
        for place in view.ballot.places:
            await self._update(place, content)
        if view.ballot.outcome is None:
            await self._tell_task(view, next(iter(view.ballot.places), None))
        else:
            for place in view.reminders:
                await self._update(place, {"text": _over(view), "blocks": []})

    @activity.defn(name="attach")
    async def attach(self, attachment: Attachment) -> None:
        """Upload a text as a file: onto the card's own message, else into the thread."""
        if attachment.card is None or not await self._hang_on_card(attachment, attachment.card):
            thread = attachment.thread
            await self._upload(attachment, channel=thread.channel, thread_ts=thread.ts or None)

    async def _hang_on_card(self, attachment: Attachment, view: CardView) -> bool:
        """Whether it hangs on the card now, so that it makes no message of its own."""
        place = next(iter(view.ballot.places), None)
        if place is None:
            return False
        file = await self._upload(attachment)
        try:
            await self._rewrite(place, await self._content(view) | {"file_ids": [file]})
        except ApplicationError as error:
            if not for_good(error):
                raise
            activity.logger.info("a card takes no file: %s", error.type)
            return False
        return True

    async def _upload(self, attachment: Attachment, **where: Any) -> str:
        """The file's id; it is shared nowhere unless `where` says so."""
        answer = await call(
            self._slack.files_upload_v2(
                content=visible(attachment.text).encode(),
                filename=attachment.name,
                title=clip(attachment.title, 200, lambda text: inert(one_line(text))).shown,
                **where,
            )
        )
        return str(answer["files"][0]["id"])

    async def _content(self, view: CardView) -> dict[str, Any]:
        """The card as it is now."""
        view = await self._with_unwell(view)
        return {"blocks": card(view), "text": card_text(view)}

    @activity.defn(name="remind")
    async def remind(self, view: CardView) -> Place:
        """Remind those who may still decide, in the thread."""
        ballot = view.ballot
        left = ballot.missing_people() - set(view.snoozed)
        waiting = [user for user in ballot.deciders() if user in left]
        title = mrkdwn(view.request.title)
        text = f"⏰ {people(waiting)}: {title} still waits for your decision."
        return await self._post(_thread(view), {"text": text})

    @activity.defn(name="answer")
    async def answer(self, notice: Notice) -> None:
        """Answer one person privately: where they clicked, else in their direct messages."""
        await self._private.say(notice.to, notice.place, sentence(notice.answer))

    @activity.defn(name="say")
    async def say(self, word: Word) -> Place | None:
        """Say a sentence, in the open or to one person."""
        text = told(word.text) + await self._link(word.about)
        if word.to:
            place = word.place if word.place.channel else None
            return await self._private.say(word.to, place, text)
        mention = f"{people(word.mention)} " if word.mention else ""
        return await self._post(word.place, {"text": mention + text})

    @activity.defn(name="post_receipt")
    async def post_receipt(self, receipt: Receipt) -> Place:
        """Post what was done, then everything about it as a file beside it."""
        key = {"task": receipt.task_id, "step": receipt.step}
        content = {"blocks": receipt_blocks(receipt), "text": receipt_text(receipt)}
        place = await self.post_once(receipt.thread, RECEIPT, key, content)
        thread = receipt.thread if receipt.thread.ts else place
        name, title = f"{receipt.step}-receipt.md", f"{receipt.step}: receipt and report"
        await self.attach(
            Attachment(thread=thread, name=name, title=title, text=receipt_file(receipt))
        )
        return place

    @activity.defn(name="tell_requester")
    async def tell_requester(self, view: TaskView) -> None:
        """Tell them in their direct messages; in the task's thread where they have none."""
        link = await self._permalink(view.receipt or view.place)
        content = {"blocks": tidings(view, link), "text": tidings_text(view)}
        await self._tell(view.requester, view.place, tidings_key(view), content)

    @activity.defn(name="tell_outcome")
    async def tell_outcome(self, view: CardView) -> None:
        """The same for an approval that belongs to no task."""
        card_at = next(iter(view.ballot.places), None)
        blocks = outcome_tidings(view, await self._permalink(card_at))
        content = {"blocks": blocks, "text": outcome_text(view)}
        key = {"approval": view.request.id, "about": "end"}
        await self._tell(view.request.requester, _thread(view), key, content)

    async def _tell(
        self, user: str, thread: Place, key: dict[str, str], content: dict[str, Any]
    ) -> None:
        try:
            opened = await call(self._slack.conversations_open(users=user))
        except ApplicationError as error:
            if error.type not in _NO_DIRECT:
                raise
            named = {"text": f"{person(user)} {content['text']}"}
            await self.post_once(thread, TIDINGS, key, content | named)
        else:
            place = Place(channel=opened["channel"]["id"])
            await self.post_once(place, TIDINGS, key, content)

    async def _tell_task(self, view: CardView, card: Place | None) -> None:
        ballot = view.ballot
        if self._tasks is None or card is None or not view.request.parent:
            return
        missing = ballot.missing_people()
        people = tuple(user for user in ballot.deciders() if user in missing)
        told = Waiting(approval_id=view.request.id, card=card, people=people)
        await self._tasks.waiting(view.request.parent, told)

    async def _card_of(self, view: TaskView) -> str:
        """The address of the card that a step waits for; empty while there is none."""
        waits = (step.card for step in view.steps if step.state is StepState.WAITING)
        return await self._permalink(next(waits, None))

    async def _with_unwell(self, view: CardView) -> CardView:
        if self._agents is None or view.ballot.outcome is not None:
            return view
        return view.model_copy(update={"unwell": await self._agents.unwell(view.request.ahead)})

    async def _with_unwell_steps(self, view: TaskView) -> TaskView:
        if self._agents is None or view.ended_at is not None:
            return view
        wanted = {s.agent for s in view.steps if s.state in _NEEDED}
        return view.model_copy(update={"unwell": await self._agents.unwell(wanted)})

    async def _link(self, place: Place | None) -> str:
        """Words that lead to a card of ours; nothing when it is gone."""
        address = await self._permalink(place)
        return f" <{address}|Open the card>" if address else ""

    async def _permalink(self, place: Place | None) -> str:
        """The address of a message of ours; empty when it is gone."""
        if place is None or not place.ts:
            return ""
        try:
            found = await self._slack.chat_getPermalink(channel=place.channel, message_ts=place.ts)
        except SlackApiError as error:
            if error.response.status_code == 429:
                raise translated(error) from error
            activity.logger.info("no link: %s", refusal(error))
            return ""
        return str(found["permalink"])

    async def post_once(
        self, thread: Place, kind: str, key: dict[str, str], content: dict[str, Any]
    ) -> Place:
        """Post, unless an earlier attempt did and only its answer got lost."""
        if not nothing_sent() and (found := await self._find(thread, kind, key)):
            return found
        metadata = {"event_type": kind, "event_payload": key}
        try:
            return await self._post(thread, {**content, "metadata": metadata}, Urgency.CARD)
        except ApplicationError as error:
            if certainly_unsent(error.type):
                say_nothing_sent()
            raise

    async def _post(
        self, thread: Place, content: dict[str, Any], urgency: Urgency = Urgency.NOTICE
    ) -> Place:
        """When it is its turn in the channel; until then Temporal is asked to come back."""
        info = activity.info()
        posted = self._pacer.post(
            thread.channel,
            lambda: self._slack.chat_postMessage(
                channel=thread.channel,
                thread_ts=thread.ts or None,
                unfurl_links=False,
                unfurl_media=False,
                **content,
            ),
            urgency,
            since=info.scheduled_time.timestamp(),
            returning=info.attempt > 1,
        )
        answer = await call(posted)
        return Place(channel=str(answer["channel"]), ts=str(answer["ts"]))

    async def _find(self, thread: Place, kind: str, key: dict[str, str]) -> Place | None:
        """Our own message with this metadata among the newest of the thread or channel."""
        if thread.ts:
            pending = self._slack.conversations_replies(
                channel=thread.channel, ts=thread.ts, limit=200, include_all_metadata=True
            )
        else:
            pending = self._slack.conversations_history(
                channel=thread.channel, limit=100, include_all_metadata=True
            )
        for message in (await call(pending)).get("messages") or []:
            metadata = message.get("metadata") or {}
            if metadata.get("event_type") == kind and metadata.get("event_payload") == key:
                return Place(channel=thread.channel, ts=message["ts"])
        return None

    async def _update(self, place: Place, content: dict[str, Any]) -> None:
        try:
            await self._rewrite(place, content)
        except ApplicationError as error:
            if error.type != "message_not_found":
                raise
            activity.logger.info("a message was deleted, so there is no copy to keep true")

    async def _rewrite(self, place: Place, content: dict[str, Any]) -> None:
        rewritten = self._pacer.rewrite(
            place.channel,
            place.ts,
            lambda: self._slack.chat_update(channel=place.channel, ts=place.ts, **content),
        )
        await call(rewritten)

    async def _tell_no_place(self, view: TaskView) -> None:
        text = (
            f"I can't post task {view.id} into {view.place.channel}. Please add me to that channel "
            f"(/invite), {person(view.requester)}; the task goes on by itself then."
        )
        await self._private.say(view.requester, None, text)


def _thread(view: CardView) -> Place:
    if view.request.thread.ts or not view.ballot.places:
        return view.request.thread
    return view.ballot.places[0]


def _over(view: CardView) -> str:
    """What a reminder becomes, so that nothing says any more that it waits."""
    return f"{outcome_line(view)} · {mrkdwn(view.request.title)}"
