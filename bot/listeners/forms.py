"""Opens the form of one approval, or says privately why it stays closed.

A form needs what the workflow knows, and Slack gives three seconds: the workflow is asked with a
short deadline. Whether the person may do it at all is said before he types anything. That is a
preview by the workflow's own rules; what counts is decided there when the form comes in.
"""

from collections.abc import Callable
from datetime import UTC, datetime

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.approvals import Approvals
from bot.errors import BadRequest, SignoffError
from bot.listeners.click import Click
from bot.listeners.replier import Replier
from notifications.blocks import Block
from notifications.buttons import Target
from notifications.calls import refusal
from workflows import rules
from workflows.decisions import Answer, Edit, Reply, Snooze, Verdict, Via, Withdrawal
from workflows.requests import Look

Preview = Callable[[Look, datetime], Answer | None]
Make = Callable[[Look], Block]

_EXPIRED = {"expired_trigger_id", "invalid_trigger_id", "exchanged_trigger_id"}


class Forms:
    """Asks, previews, opens."""

    def __init__(self, approvals: Approvals, replier: Replier) -> None:
        self._approvals = approvals
        self._replier = replier

    async def open(
        self,
        click: Click,
        target: Target,
        client: AsyncWebClient,
        preview: Preview,
        make: Make,
        otherwise: Block | None = None,
    ) -> None:
        """Show the form, or `otherwise` when the workflow does not answer in time."""
        try:
            look = await self._approvals.look(target.approval)
        except BadRequest:
            await self._replier.tell(click, Answer(reply=Reply.UNKNOWN))
            return
        except SignoffError as error:
            if otherwise is None:
                await self._replier.complain(click, error)
            else:
                await self.show(click, client, otherwise)
            return
        refusal = preview(look, datetime.now(UTC))
        if refusal is not None:
            await self._replier.tell(click, refusal)
            return
        await self.show(click, client, make(look))

    async def show(self, click: Click, client: AsyncWebClient, view: Block) -> None:
        """Open a view; a trigger that is too old is said."""
        try:
            await client.views_open(trigger_id=click.trigger, view=view)
        except SlackApiError as error:
            if refusal(error) not in _EXPIRED:
                raise
            await self._replier.say(
                click, "That took too long, and Slack does not open a form any more: click again."
            )


def may_say(click: Click, target: Target, verdict: Verdict, *, edits: bool = False) -> Preview:
    """Would this verdict count, once the form is filled in rightly?"""

    def preview(look: Look, now: datetime) -> Answer | None:
        via = Via.MODAL if click.home is None else Via.HOME
        trial = click.decision(target, verdict, via).model_copy(
            update={
                "place": click.place if look.view.ballot.places else None,  # not known yet
                "comment": "-",
                "confirmation": look.view.ballot.phrase,
                "edit": Edit() if edits else None,
            }
        )
        return rules.refuse(look.view.ballot, trial, now)

    return preview


def may_hand_on(click: Click) -> Preview:
    """Has this person a seat to hand on, or to be reminded of?"""

    def preview(look: Look, now: datetime) -> Answer | None:
        asks = Snooze(id="", by=click.user, team=click.team, minutes=1)
        return rules.may_snooze(look.view.ballot, asks, now)

    return preview


def may_withdraw(click: Click) -> Preview:
    """Did this person ask for it?"""

    def preview(look: Look, _: datetime) -> Answer | None:
        return rules.may_withdraw(look.view.ballot, Withdrawal(by=click.user))

    return preview


def anybody(_: Look, __: datetime) -> Answer | None:
    """Who sees the card may see all of it."""
    return None
