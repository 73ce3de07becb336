"""Approve, Reject, Request changes: a click, or the form it opened. Nothing is decided here.

Every handler hands over first and acknowledges then, so an acknowledged click cannot be lost.
What was decided within `read_seconds` of being shown is marked as hasty, and asked again: the
second tap of two may meet the next card.
"""

import time

from slack_bolt.async_app import AsyncAck
from slack_sdk.web.async_client import AsyncWebClient

from bot.approvals.delivery import Gateway
from bot.listeners.click import Body, Click, clicked, heading, submitted
from bot.listeners.forms import Forms, may_say
from bot.listeners.replier import Replier
from notifications.cards.buttons import ButtonValue, ModalValue, read
from notifications.forms.decide import (
    COMMENT,
    CONFIRMATION,
    REASON,
    VERDICT,
    care_modal,
    words_modal,
)
from notifications.forms.edit import edited
from notifications.forms.inputs import entered
from workflows.content.proposal import typed_rightly
from workflows.messages.decisions import Decision, Reply, ReplyKind, Verdict, Via
from workflows.messages.policy import Risk
from workflows.messages.requests import Look

_NOTHING_CHOSEN = "Choose what you decide."
_REASON_MISSING = "Write a reason."
_NO_PRESET = "Choose or write a reason."
_UNREAD = "This form had only just opened. Read it, then send it again."


class DecideListeners:
    """Builds the decision, hands it to the gateway, and only then acknowledges."""

    def __init__(
        self, gateway: Gateway, replier: Replier, forms: Forms, read_seconds: float
    ) -> None:
        self._gateway = gateway
        self._replier = replier
        self._forms = forms
        self._read_seconds = read_seconds

    async def approve(self, ack: AsyncAck, body: Body) -> None:
        """One click, on a card, in Home or in a private list."""
        click, button = clicked(body), _button(body)
        if button is None:
            await self._unknown(ack, click)
            return
        via = Via.BUTTON if click.home is None and not click.listed else Via.HOME
        decision = click.decision(button, button.verdict, via)
        hasty = click.seconds_after(button) < self._read_seconds
        marked = decision.model_copy(update={"hasty": hasty})
        await self._take(ack, button.approval, click, marked)

    async def ask(self, ack: AsyncAck, body: Body, client: AsyncWebClient) -> None:
        """Open the form for a verdict that needs words."""
        click, button = clicked(body), _button(body)
        if button is None:
            await self._unknown(ack, click)
            return
        await ack()
        value = click.value(button, button.verdict).model_copy(update={"required": True})
        plain = None if button.verdict is Verdict.APPROVE else words_modal(value, heading(body))

        def make(look: Look) -> Body:
            policy, rejects = look.view.request.policy, button.verdict is Verdict.REJECT
            if button.verdict is Verdict.APPROVE:
                return care_modal(with_phrase(value, look), look.view, look.result)
            required = policy.reason_required or not rejects
            return words_modal(
                value.model_copy(update={"required": required}),
                look.view.request.title,
                required=required,
                presets=policy.reject_reasons,
            )

        await self._forms.open(
            click, button, client, may_say(click, button, button.verdict), make, plain
        )

    async def submit(self, ack: AsyncAck, body: Body) -> None:
        """The form is in; its view id makes the decision's id, so a double submit is one."""
        view = body["view"]
        value = read(ModalValue, view["private_metadata"])
        click = submitted(body, value)
        if value is None:
            await self._unknown(ack, click)
            return
        comment = "\n".join(
            text for text in (entered(view, REASON), entered(view, COMMENT).strip()) if text
        )
        verdict = _verdict(view, value)
        if verdict is None:
            await ack(response_action="errors", errors={VERDICT: _NOTHING_CHOSEN})
            return
        errors = wrong_phrase(view, value) if verdict is Verdict.APPROVE else {}
        errors |= self._unread(value)
        if not comment and _wants_words(verdict, value):
            presets = REASON in view["state"]["values"]
            errors = {COMMENT: _NO_PRESET if presets else _REASON_MISSING}
        if errors:
            await ack(response_action="errors", errors=errors)
            return
        said = {"comment": comment, "confirmation": entered(view, CONFIRMATION)}
        decision = click.decision(value.target, verdict, value.via)
        await self._take(ack, value.target.approval, click, decision.model_copy(update=said))

    async def submit_edit(self, ack: AsyncAck, body: Body) -> None:
        """Approve with edits; what is wrong with them is said beside the field."""
        view = body["view"]
        value = read(ModalValue, view["private_metadata"])
        click = submitted(body, value)
        if value is None:
            await self._unknown(ack, click)
            return
        changed = edited(view, value)
        if errors := changed.errors | wrong_phrase(view, value) | self._unread(value):
            await ack(response_action="errors", errors=errors)
            return
        assert changed.edit is not None
        said = {
            "comment": entered(view, COMMENT).strip(),
            "confirmation": entered(view, CONFIRMATION),
            "edit": changed.edit,
        }
        decision = click.decision(value.target, Verdict.APPROVE, value.via)
        await self._take(ack, value.target.approval, click, decision.model_copy(update=said))

    async def _take(self, ack: AsyncAck, approval: str, click: Click, decision: Decision) -> None:
        taken = await self._gateway.decide(approval, decision)
        await ack()
        self._replier.after(taken, approval, decision, click)

    def _unread(self, value: ModalValue) -> dict[str, str]:
        """The form was sent as soon as it was opened."""
        hasty = time.time() - value.opened < self._read_seconds
        return {COMMENT: _UNREAD} if hasty else {}

    async def _unknown(self, ack: AsyncAck, click: Click) -> None:
        await ack()
        await self._replier.tell(click, Reply(reply=ReplyKind.UNKNOWN))


def with_phrase(value: ModalValue, look: Look) -> ModalValue:
    """The form knows what has to be typed, so that a slip is said beside its field."""
    high = look.view.request.policy.risk is Risk.HIGH
    return value.model_copy(update={"phrase": look.view.ballot.phrase if high else ""})


def wrong_phrase(view: Body, value: ModalValue) -> dict[str, str]:
    """What was typed to confirm is not what was asked for; the workflow checks it again."""
    if not value.phrase or typed_rightly(entered(view, CONFIRMATION), value.phrase):
        return {}
    return {CONFIRMATION: f"Type {value.phrase} exactly as it is written here."}


def _verdict(view: Body, value: ModalValue) -> Verdict | None:
    """What was chosen in a form that asks; None for nothing. Else what the form was opened for."""
    if VERDICT not in view["state"]["values"]:
        return value.verdict
    chosen = entered(view, VERDICT)
    return Verdict(chosen) if chosen in set(Verdict) else None


def _wants_words(verdict: Verdict, value: ModalValue) -> bool:
    """Changes are asked for in words; a rejection says why where the policy wants it."""
    if verdict is Verdict.REJECT:
        return value.required
    return verdict is Verdict.REQUEST_CHANGES


def _button(body: Body) -> ButtonValue | None:
    return read(ButtonValue, body["actions"][0].get("value", ""))
