"""Letters with a way to decide, and those that close them: the activities of `MailActivities`."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

import structlog
from temporalio import activity
from temporalio.exceptions import ApplicationError

from bot.web.decision_page import decision_link
from notifications.mail.letters import Invitation, Letters
from notifications.mail.smtp import MailDelayed, Mailer, MailRefused
from notifications.slack.names import Names
from storage.errors import DatabaseUnavailable
from storage.mail_tokens import Issued, MailTokens
from workflows.activities import ClosingRequest, MailActivities, MailRequest
from workflows.messages.electorate import Person
from workflows.messages.requests import CardView

log = structlog.get_logger()

MENDING = timedelta(minutes=1)
KEPT = timedelta(days=90)
"""So long after its end a link is remembered: who got it hears of the end, and a late click too."""


class NoMail(MailActivities):
    """Without a mail server nothing is sent, and nobody waits for it."""

    @activity.defn(name="mail")
    async def mail(self, request: MailRequest) -> bool:
        """Say so in the log."""
        log.info("no mail server is configured", approval=request.view.request.id)
        return False

    @activity.defn(name="revoke_links")
    async def revoke_links(self, view: CardView) -> tuple[Person, ...]:
        """Nothing was sent."""
        return ()

    @activity.defn(name="close_mail")
    async def close_mail(self, request: ClosingRequest) -> None:
        """Nobody got one."""


class ApprovalMail(MailActivities):
    """Issues the token, writes the letter, sends it. A retry sends the same letter again."""

    def __init__(
        self,
        mailer: Mailer,
        letters: Letters,
        tokens: MailTokens,
        public_url: str,
        names: Names,
    ) -> None:
        self._names = names
        self._mailer = mailer
        self._letters = letters
        self._tokens = tokens
        self._public_url = public_url

    @activity.defn(name="mail")
    async def mail(self, request: MailRequest) -> bool:
        """A request, or a reminder where one was sent before; False without a usable address."""
        view, person, now = request.view, request.to, datetime.now(UTC)
        if not person.email:
            return False
        names, issued = await self._names.on(view), await self._issue(view, person)
        invitation = await self._invitation(issued)
        try:
            await self._mailer.send(self._letter(request, invitation, now, names))
        except MailRefused as error:
            await self._tokens.discard(issued.token)
            return _given_up(view, error)
        except MailDelayed as error:
            if not error.in_doubt:
                await self._tokens.discard(issued.token)
            raise ApplicationError(str(error), next_retry_delay=error.after) from error
        return True

    def _letter(
        self,
        request: MailRequest,
        invitation: Invitation,
        now: datetime,
        names: Mapping[str, str],
    ) -> EmailMessage:
        view, person, why = request.view, request.to, request.why
        if request.first or not request.rung:
            return self._letters.request(view, person, invitation, now, why, names)
        return self._letters.reminder(view, person, invitation, now, request.rung, names, why)

    @activity.defn(name="revoke_links")
    async def revoke_links(self, view: CardView) -> tuple[Person, ...]:
        """Whoever was ever sent a link, from now on of no use."""
        approval, electorate = view.request.id, view.ballot.electorate
        await self._tokens.revoke(approval)
        holders = await self._tokens.holders(approval)
        known = {one.user: electorate.find(one.user) if electorate else None for one in holders}
        return tuple(known[one.user] or Person(id=one.user, email=one.email) for one in holders)

    @activity.defn(name="close_mail")
    async def close_mail(self, request: ClosingRequest) -> None:
        """One closing letter; a retry sends the same one again."""
        view, now = request.view, datetime.now(UTC)
        names = await self._names.on(view)
        try:
            await self._mailer.send(self._letters.closing(view, request.to, now, names))
        except MailRefused as error:
            _given_up(view, error)
        except MailDelayed as error:
            raise ApplicationError(str(error), next_retry_delay=error.after) from error

    async def _issue(self, view: CardView, person: Person) -> Issued:
        ballot = view.ballot
        assert ballot.deadline is not None
        return await self._tokens.issue(
            approval_id=view.request.id,
            revision=ballot.revision,
            digest=ballot.digest,
            user=person.id,
            email=person.email,
            deadline=ballot.deadline,
        )

    async def _invitation(self, issued: Issued) -> Invitation:
        ticket = await self._tokens.look(issued.token)
        assert ticket is not None
        return Invitation(
            link=decision_link(self._public_url, issued.token),
            code=issued.code,
            expires_at=ticket.expires_at,
        )


def _given_up(view: CardView, error: MailRefused) -> bool:
    """False for an address nobody can mail; what an operator can mend is tried again."""
    log.warning("a letter was refused", approval=view.request.id, reason=str(error))
    if error.mendable:
        raise ApplicationError(str(error), next_retry_delay=MENDING) from error
    return False


async def forget_links(tokens: MailTokens) -> None:
    """Once a day: what ended long ago."""
    try:
        forgotten = await tokens.forget(datetime.now(UTC) - KEPT)
    except DatabaseUnavailable as error:
        log.warning("old links could not be forgotten", reason=str(error))
    else:
        log.info("old links are forgotten", links=forgotten)
