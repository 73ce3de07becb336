"""The menu "More": edits, handing on, a reminder, everything there is to see, taking it back."""

from collections.abc import Callable
from datetime import UTC, datetime

from slack_bolt.async_app import AsyncAck
from slack_sdk.web.async_client import AsyncWebClient

from bot.approvals.delivery import Gateway, Gesture
from bot.listeners.click import Body, Click, clicked, submitted
from bot.listeners.decide import with_phrase
from bot.listeners.forms import (
    Forms,
    Make,
    Preview,
    anybody,
    may_hand_on,
    may_say,
    may_withdraw,
)
from bot.listeners.replier import Replier
from notifications.cards.buttons import MenuChoice, MenuValue, ModalValue, read
from notifications.forms.decide import (
    COMMENT,
    MINUTES,
    PERSON,
    everything_modal,
    hand_on_modal,
    later_modal,
    withdraw_modal,
)
from notifications.forms.edit import edit_modal
from notifications.forms.inputs import entered
from notifications.text.plain import plain
from notifications.views.replies import sentence
from workflows.messages.decisions import Delegation, Reply, ReplyKind, Snooze, Verdict, Withdrawal
from workflows.messages.requests import Look

MakeGesture = Callable[[Click], Gesture]


class MoreListeners:
    """Opens a form for each choice, and hands over what comes in."""

    def __init__(self, gateway: Gateway, replier: Replier, forms: Forms) -> None:
        self._gateway = gateway
        self._replier = replier
        self._forms = forms

    async def choose(self, ack: AsyncAck, body: Body, client: AsyncWebClient) -> None:
        """Something was chosen from the menu, or Details was pressed."""
        click = clicked(body)
        chosen = body["actions"][0].get("selected_option") or body["actions"][0]
        value = read(MenuValue, chosen.get("value", ""))
        await ack()
        if value is None:
            await self._replier.tell(click, Reply(reply=ReplyKind.UNKNOWN))
            return
        preview, make = _form(click, value)
        await self._forms.open(click, value, client, preview, make)

    async def hand_on(self, ack: AsyncAck, body: Body) -> None:
        """Somebody else decides; whoever cannot is said beside the field."""
        view, value = body["view"], read(ModalValue, body["view"]["private_metadata"])
        click = submitted(body, value)
        to = entered(view, PERSON)
        delegation = Delegation(
            id=click.id,
            by=click.user,
            to=to,
            team=click.team,
            enterprise=click.enterprise,
            place=click.place,
            reason=entered(view, COMMENT).strip(),
        )
        problem = "Choose somebody else." if to == click.user else ""
        if value is not None and not problem:
            refused = await self._forms.not_delegable(value.target, delegation)
            problem = plain(sentence(refused), {}) if refused else ""
        if problem:
            await ack(response_action="errors", errors={PERSON: problem})
            return
        await self._take(ack, body, lambda _: delegation)

    async def later(self, ack: AsyncAck, body: Body) -> None:
        """A reminder later, and none before."""
        minutes = int(entered(body["view"], MINUTES) or "30")

        def gesture(click: Click) -> Gesture:
            return Snooze(
                id=click.id,
                by=click.user,
                team=click.team,
                enterprise=click.enterprise,
                minutes=minutes,
                place=click.place,
            )

        await self._take(ack, body, gesture)

    async def withdraw(self, ack: AsyncAck, body: Body) -> None:
        """The requester takes it back."""
        reason = entered(body["view"], COMMENT).strip()

        def gesture(click: Click) -> Gesture:
            return Withdrawal(id=click.id, by=click.user, reason=reason, place=click.place)

        await self._take(ack, body, gesture)

    async def _take(self, ack: AsyncAck, body: Body, make: MakeGesture) -> None:
        value = read(ModalValue, body["view"]["private_metadata"])
        click = submitted(body, value)
        if value is None:
            await ack()
            await self._replier.tell(click, Reply(reply=ReplyKind.UNKNOWN))
            return
        made = make(click)
        taken = await self._gateway.send(value.target.approval, made)
        await ack()
        self._replier.after(taken, value.target.approval, made, click)


def _form(click: Click, value: MenuValue) -> tuple[Preview, Make]:
    """For each choice: who may, and the form."""
    about = click.value(value)
    match value.choice:
        case MenuChoice.EDIT:
            preview = may_say(click, value, Verdict.APPROVE, edits=True)
            return preview, lambda look: edit_modal(
                with_phrase(about, look), look.view, look.result
            )
        case MenuChoice.HAND_ON:
            return may_hand_on(click), lambda look: hand_on_modal(about, look.view.request.title)
        case MenuChoice.LATER:
            return may_hand_on(click), lambda look: later_modal(about, look.view.request.title)
        case MenuChoice.WITHDRAW:
            return may_withdraw(click), lambda look: withdraw_modal(about, look.view.request.title)
        case MenuChoice.EVERYTHING:
            return anybody, lambda look: everything_modal(
                with_phrase(about, look), look.view, look.result, _countable(click, value, look)
            )


def _countable(click: Click, value: MenuValue, look: Look) -> list[Verdict]:
    """What this person may say of what is shown; nothing of a version that was replaced."""
    now = datetime.now(UTC)
    return [verdict for verdict in Verdict if may_say(click, value, verdict)(look, now) is None]
