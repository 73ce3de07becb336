"""Approve, Reject, Request changes: a click, or the form it opened. Nothing is decided here.

Every handler hands over first and acknowledges then, so an acknowledged click cannot be lost.
"""

from slack_bolt.async_app import AsyncAck
from slack_sdk.web.async_client import AsyncWebClient

from bot.gateway import Gateway
from bot.listeners.click import Body, Click, clicked, heading, submitted
from bot.listeners.forms import Forms, may_say
from bot.listeners.replier import Replier
from notifications.buttons import ButtonValue, ModalValue, read
from notifications.edit_modal import edited
from notifications.inputs import entered
from notifications.modals import COMMENT, CONFIRMATION, REASON, care_modal, words_modal
from workflows.decisions import Answer, Decision, Reply, Verdict, Via
from workflows.proposal import typed_rightly
from workflows.requests import Look

_REASON_MISSING = "Please choose a reason, or write one."


class DecideListeners:
    """Builds the decision, hands it to the gateway, and only then acknowledges."""

    def __init__(self, gateway: Gateway, replier: Replier, forms: Forms) -> None:
        self._gateway = gateway
        self._replier = replier
        self._forms = forms

    async def approve(self, ack: AsyncAck, body: Body) -> None:
        """One click, on a card, in Home or in a private list."""
        click, button = clicked(body), _button(body)
        if button is None:
            await self._unknown(ack, click)
            return
        via = Via.BUTTON if click.home is None and not click.listed else Via.HOME
        decision = click.decision(button, button.verdict, via)
        await self._take(ack, button.approval, click, decision)

    async def ask(self, ack: AsyncAck, body: Body, client: AsyncWebClient) -> None:
        """Open the form for a verdict that needs words."""
        click, button = clicked(body), _button(body)
        if button is None:
            await self._unknown(ack, click)
            return
        await ack()
        value = click.value(button, button.verdict)
        plain = None if button.verdict is Verdict.APPROVE else words_modal(value, heading(body))

        def make(look: Look) -> Body:
            if button.verdict is Verdict.APPROVE:
                return care_modal(value, look.view, look.result)
            policy, rejects = look.view.request.policy, button.verdict is Verdict.REJECT
            return words_modal(
                value,
                look.view.request.title,
                required=policy.reason_required or not rejects,
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
        if value.required and not comment:
            await ack(response_action="errors", errors={COMMENT: _REASON_MISSING})
            return
        if wrong := _confirmation_wrong(body, value):
            await ack(response_action="errors", errors=wrong)
            return
        said = {"comment": comment, "confirmation": entered(view, CONFIRMATION)}
        decision = click.decision(value.target, value.verdict, value.via)
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
        if changed.edit is None:
            await ack(response_action="errors", errors=changed.errors)
            return
        if wrong := _confirmation_wrong(body, value):
            await ack(response_action="errors", errors=wrong)
            return
        said = {
            "comment": entered(view, COMMENT).strip(),
            "confirmation": entered(view, CONFIRMATION),
            "edit": changed.edit,
        }
        decision = click.decision(value.target, Verdict.APPROVE, value.via)
        await self._take(ack, value.target.approval, click, decision.model_copy(update=said))

    async def _take(self, ack: AsyncAck, approval: str, click: Click, decision: Decision) -> None:
        try:
            taken = await self._gateway.decide(approval, decision)
        except Exception as error:  # noqa: BLE001 - not taken, so not acknowledged: Slack says so, too
            await self._replier.complain(click, error)
            return
        await ack()
        self._replier.after(taken, approval, decision, click)

    async def _unknown(self, ack: AsyncAck, click: Click) -> None:
        await ack()
        await self._replier.tell(click, Answer(reply=Reply.UNKNOWN))


def _confirmation_wrong(body: Body, value: ModalValue) -> dict[str, str]:
    """Said in the form, so that nothing typed is lost; what counts is decided by the rules."""
    is_approval = value.verdict is Verdict.APPROVE and bool(value.phrase)
    if not is_approval or typed_rightly(entered(body["view"], CONFIRMATION), value.phrase):
        return {}
    return {CONFIRMATION: f"Type {value.phrase} to approve."}


def _button(body: Body) -> ButtonValue | None:
    return read(ButtonValue, body["actions"][0].get("value", ""))
