"""Approve, Reject: a click, or a form that a click opened. Nothing is decided here."""

import asyncio
from datetime import UTC, datetime
from typing import Any

from slack_bolt.async_app import AsyncAck
from slack_sdk.web.async_client import AsyncWebClient

from bot.gateway import Gateway, Taken
from notifications.buttons import ButtonValue, ModalValue, read_button
from notifications.modals import COMMENT, CONFIRMATION, decide_modal
from notifications.replies import sentence
from notifications.whisper import Whisper
from workflows.decisions import Answer, Decision, Place, Reply, Verdict, Via
from workflows.requests import step_of

Body = dict[str, Any]


class DecideListeners:
    """Builds the decision, hands it to the gateway, and only then acknowledges."""

    def __init__(self, gateway: Gateway, whisper: Whisper) -> None:
        self._gateway = gateway
        self._whisper = whisper
        self._answering: set[asyncio.Task[None]] = set()

    async def approve(self, ack: AsyncAck, body: Body) -> None:
        """One click."""
        action = body["actions"][0]
        button = read_button(action.get("value", ""))
        if button is None:
            await ack()
            await self._whisper.say(*where(body), sentence(Answer(reply=Reply.UNKNOWN)))
            return
        decision = _decision(body, button, action["action_ts"], Via.BUTTON, _place(body))
        await self._take(ack, button, decision, where(body)[1])

    async def ask(self, ack: AsyncAck, body: Body, client: AsyncWebClient) -> None:
        """Open the form for a verdict that needs words."""
        button = read_button(body["actions"][0].get("value", ""))
        await ack()
        if button is None:
            await self._whisper.say(*where(body), sentence(Answer(reply=Reply.UNKNOWN)))
            return
        thread = where(body)[1]
        value = ModalValue(button=button, place=_place(body), thread=thread.ts if thread else "")
        phrase = step_of(button.approval) or "approve" if button.verdict is Verdict.APPROVE else ""
        view = decide_modal(value, _title(body), phrase)
        await client.views_open(trigger_id=body["trigger_id"], view=view)

    async def submit(self, ack: AsyncAck, body: Body) -> None:
        """The form is in; its view id makes the decision's id, so a double submit is one."""
        view = body["view"]
        value = ModalValue.model_validate_json(view["private_metadata"])
        decision = _decision(body, value.button, view["id"], Via.MODAL, value.place).model_copy(
            update={"comment": _typed(view, COMMENT), "confirmation": _typed(view, CONFIRMATION)}
        )
        place = value.place and Place(channel=value.place.channel, ts=value.thread)
        await self._take(ack, value.button, decision, place)

    async def answer_late(self, approval_id: str, decision: Decision) -> None:
        """Tell somebody whose click was kept and then came too late."""
        answer = await self._gateway.late_answer(approval_id, decision)
        place = decision.place and Place(channel=decision.place.channel)
        await self._whisper.say(decision.by, place, sentence(answer))

    async def _take(
        self, ack: AsyncAck, button: ButtonValue, decision: Decision, place: Place | None
    ) -> None:
        taken = await self._gateway.decide(button.approval, decision)
        await ack()
        if taken is not Taken.DELIVERED:
            task = asyncio.create_task(self._answer(taken, button, decision, place))
            self._answering.add(task)
            task.add_done_callback(self._answering.discard)

    async def _answer(
        self, taken: Taken, button: ButtonValue, decision: Decision, place: Place | None
    ) -> None:
        answer = Answer(reply=Reply.KEPT)
        if taken is Taken.CLOSED:
            answer = await self._gateway.late_answer(button.approval, decision)
        await self._whisper.say(decision.by, place, sentence(answer))


def _decision(
    body: Body, button: ButtonValue, unique: str, via: Via, place: Place | None
) -> Decision:
    user = body["user"]
    team = user.get("team_id") or (body.get("team") or {}).get("id") or ""
    return Decision(
        id=f"{team}:{user['id']}:{unique}",
        verdict=button.verdict,
        by=user["id"],
        name=user.get("name") or user.get("username") or "",
        team=team,
        at=datetime.now(UTC),
        revision=button.revision,
        digest=button.digest,
        via=via,
        place=place,
    )


def _place(body: Body) -> Place | None:
    """The message that was clicked, as Slack tells it."""
    container = body.get("container") or {}
    if not container.get("channel_id"):
        return None
    return Place(channel=container["channel_id"], ts=container.get("message_ts", ""))


def where(body: Body) -> tuple[str, Place | None]:
    """Who clicked, and where a private answer is seen."""
    place = _place(body)
    thread = (body.get("message") or {}).get("thread_ts", "")
    return body["user"]["id"], place and Place(channel=place.channel, ts=thread)


def _title(body: Body) -> str:
    """The heading of the card as it was shown."""
    for block in (body.get("message") or {}).get("blocks") or []:
        if block.get("type") == "header":
            return str(block["text"]["text"])
    return "Your decision"


def _typed(view: Body, name: str) -> str:
    state = view["state"]["values"].get(name, {}).get(name, {})
    return str(state.get("value") or "")
