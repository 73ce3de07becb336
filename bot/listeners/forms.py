"""Opens the form of one approval, or says privately why it stays closed.

A form needs what the workflow knows, and Slack gives three seconds: the workflow is asked with a
short deadline. Whether the person may do it at all is said before they type anything. That is a
preview by the workflow's own rules; what counts is decided there when the form comes in.
"""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

from slack_sdk.web.async_client import AsyncWebClient

from bot.access.onlookers import UNSURE, Onlookers
from bot.access.sight import Sight, may_see, subject_of_card
from bot.approvals.queries import Approvals
from bot.config.errors import BadRequest, SignoffError, UnavailableError
from bot.listeners.click import Click
from bot.listeners.replier import Replier
from notifications.cards.buttons import Target
from notifications.people.membership import Membership, objection
from notifications.views.blocks import Block
from workflows import rules
from workflows.messages.decisions import (
    Delegation,
    Edit,
    Reply,
    ReplyKind,
    Snooze,
    Verdict,
    Via,
    Withdrawal,
)
from workflows.messages.electorate import Person
from workflows.messages.requests import Look

Preview = Callable[[Look, datetime], Reply | None]
Make = Callable[[Look], Block]

QUICK_SECONDS = 1.0
"""For a look at the workflow while Slack waits for the ack of a form."""
_MENDED_HERE = {ReplyKind.NOT_DELEGABLE}


class Forms:
    """Asks, previews, opens."""

    def __init__(self, approvals: Approvals, replier: Replier, onlookers: Onlookers) -> None:
        self._approvals = approvals
        self._replier = replier
        self._onlookers = onlookers

    async def open(
        self,
        click: Click,
        target: Target,
        client: AsyncWebClient,
        preview: Preview,
        make: Make,
        otherwise: Block | None = None,
    ) -> None:
        """Show the form, or `otherwise` when the workflow does not answer in time.

        To somebody who may not see the approval it does not exist. Raises SignoffError when it
        cannot be looked at, or when it is not known whether the person may see it.
        """
        try:
            look, who = await asyncio.gather(
                self._approvals.look(target.approval), self._onlookers.of(click.user)
            )
        except BadRequest:
            await self._replier.tell(click, Reply(reply=ReplyKind.UNKNOWN))
            return
        except SignoffError:
            if otherwise is None:
                raise
            await client.views_open(trigger_id=click.trigger, view=otherwise)
            return
        sight = may_see(who, subject_of_card(look.view))
        if sight is Sight.UNSURE:
            raise UnavailableError(UNSURE)
        hidden = Reply(reply=ReplyKind.UNKNOWN) if sight is Sight.HIDDEN else None
        refusal = hidden or preview(look, datetime.now(UTC))
        if refusal is not None:
            await self._replier.tell(click, refusal)
            return
        await client.views_open(trigger_id=click.trigger, view=make(look))

    async def not_delegable(self, target: Target, delegation: Delegation) -> Reply | None:
        """Why this seat cannot be handed on, where another person can be chosen for it.

        None when nothing speaks against it, when the subject is closed, and when it cannot be
        found out in time: then the workflow answers.
        """
        try:
            look, to = await asyncio.gather(
                self._approvals.look(target.approval, QUICK_SECONDS),
                self._onlookers.of(delegation.to),
            )
        except SignoffError:
            return None
        if to.standing is Membership.UNKNOWN:
            return None
        policy = look.view.request.policy
        able = not objection(to.standing, guests=policy.allow_guests)
        person = Person(id=to.user) if able else None
        _, answer = rules.delegate(look.view.ballot, delegation, person, datetime.now(UTC))
        return answer if answer.reply in _MENDED_HERE else None


def may_say(click: Click, target: Target, verdict: Verdict, *, edits: bool = False) -> Preview:
    """Would this verdict count, once the form is filled in rightly?"""

    def preview(look: Look, now: datetime) -> Reply | None:
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

    def preview(look: Look, now: datetime) -> Reply | None:
        asks = Snooze(id="", by=click.user, team=click.team, enterprise=click.enterprise, minutes=1)
        return rules.may_snooze(look.view.ballot, asks, now)

    return preview


def may_withdraw(click: Click) -> Preview:
    """Did this person ask for it?"""

    def preview(look: Look, _: datetime) -> Reply | None:
        return rules.may_withdraw(look.view.ballot, Withdrawal(by=click.user))

    return preview


def anybody(_: Look, __: datetime) -> Reply | None:
    """Who sees the card may see all of it."""
    return None
