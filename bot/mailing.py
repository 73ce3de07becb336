"""Letters with a way to decide, and the letters that close them: the activities of `MailSteps`."""

from datetime import UTC, datetime, timedelta

import structlog
from temporalio import activity
from temporalio.exceptions import ApplicationError

from bot.web.decision_page import decision_link
from notifications.mail import MailDelayed, Mailer, MailRefused
from notifications.mail_letters import Invitation, Letters
from storage.tokens import Issued, MailTokens
from workflows.electorate import Person
from workflows.requests import CardView
from workflows.steps import MailRequest, MailSteps

log = structlog.get_logger()

MENDING = timedelta(minutes=1)


class NoMail(MailSteps):
    """Without a mail server nothing is sent, and nobody waits for it."""

    @activity.defn(name="mail")
    async def mail(self, request: MailRequest) -> bool:
        """Say so in the log."""
        log.info("no mail server is configured", approval=request.view.request.id)
        return False

    @activity.defn(name="close_mails")
    async def close_mails(self, view: CardView) -> None:
        """Nothing was sent."""


class MailActivities(MailSteps):
    """Issues the token, writes the letter, sends it. A retry sends the same letter again."""

    def __init__(
        self, mailer: Mailer, letters: Letters, tokens: MailTokens, public_url: str
    ) -> None:
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
        issued = await self._issue(view, person)
        invitation = await self._invitation(issued)
        try:
            if request.rung:
                letter = self._letters.reminder(view, person, invitation, now, request.rung)
            else:
                letter = self._letters.request(view, person, invitation, now, request.why)
            await self._mailer.send(letter)
        except MailRefused as error:
            await self._tokens.discard(issued.token)
            return _given_up(view, error)
        except MailDelayed as error:
            if not error.in_doubt:
                await self._tokens.discard(issued.token)
            raise ApplicationError(str(error), next_retry_delay=error.after) from error
        return True

    @activity.defn(name="close_mails")
    async def close_mails(self, view: CardView) -> None:
        """Revoke the links first, then tell everybody who has one."""
        approval = view.request.id
        await self._tokens.revoke(approval)
        for holder in await self._tokens.holders(approval):
            person = Person(id=holder.user, email=holder.email)
            if view.ballot.electorate is not None:
                person = view.ballot.electorate.find(holder.user) or person
            try:
                await self._mailer.send(self._letters.closing(view, person, datetime.now(UTC)))
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
