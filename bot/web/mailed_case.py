"""One approval as the holder of one mailed link meets it: what they see, and what would count."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.web.decision_form import (
    LONGEST_COMMENT,
    DecisionForm,
    FormView,
    choices,
    comment_note,
    phrase,
)
from notifications.cards.facts import headline
from notifications.mail.plain_card import PlainCard, line, named, plain_card
from notifications.reminders.calendars import zone_of
from notifications.text.plain import plain
from notifications.views.replies import sentence
from storage.mail_tokens import Ticket
from workflows import rules
from workflows.messages.decisions import Decision, Reply, ReplyKind, Verdict, Via
from workflows.messages.electorate import Person
from workflows.messages.requests import CardView

_REPLACED = (
    "What is to be decided has changed since this mail was sent. Please decide in Slack, or wait "
    "for a new mail."
)


@dataclass(frozen=True)
class MailedCase:
    """Pure: the same ticket, view and moment give the same answers."""

    ticket: Ticket
    view: CardView
    now: datetime
    known: Mapping[str, str]

    @property
    def person(self) -> Person:
        """Whom the link was sent to."""
        electorate = self.view.ballot.electorate
        found = electorate.find(self.ticket.user) if electorate else None
        return found or Person(id=self.ticket.user, email=self.ticket.email)

    @property
    def card(self) -> PlainCard:
        """What is to be decided, in this person's time zone."""
        return plain_card(self.view, self.now, zone_of(self.person.tz), self.known)

    @property
    def about(self) -> str:
        """Which approval it is, on one line."""
        return f"{line(headline(self.view), 140)} · version {self.view.request.revision}"

    @property
    def decided(self) -> bool:
        """Whether this person's decision counts already."""
        return any(decision.by == self.ticket.user for decision in self.view.ballot.counted)

    def closed_why(self) -> str:
        """Why no form is offered; empty when one is."""
        ticket, ballot = self.ticket, self.view.ballot
        if (ticket.revision, ticket.digest) != (ballot.revision, ballot.digest):
            return _REPLACED
        refusal = self._refusal()
        if refusal is None or refusal.reply is ReplyKind.NOT_LIVE:
            return ""
        return self.told(refusal)

    def told(self, answer: Reply) -> str:
        """An answer of the rules in plain words."""
        people = self.view.ballot.electorate.people if self.view.ballot.electorate else ()
        names = {**self.known, **{one.id: one.name for one in people if one.name}}
        return plain(sentence(answer), names)

    def decision(self, form: DecisionForm, decision_id: str, *, hasty: bool = False) -> Decision:
        """The form as a decision; it has a verdict."""
        assert form.verdict is not None
        return Decision(
            id=decision_id,
            verdict=form.verdict,
            by=self.ticket.user,
            name=self.person.name,
            at=self.now,
            revision=self.ticket.revision,
            digest=self.ticket.digest,
            via=Via.EMAIL,
            comment=form.comment.strip(),
            confirmation=form.confirmation,
            hasty=hasty,
        )

    def form(self, action: str, seal: str, sent: DecisionForm | None) -> FormView:
        """The form to show, with what was typed before."""
        return FormView(
            person=named(self.ticket.user, {self.ticket.user: self.person.name}),
            action=action,
            seal=seal,
            choices=choices(self.view, live=self._refusal() is None),
            comment_note=comment_note(self.view),
            phrase=phrase(self.view),
            verdict=sent.verdict if sent else None,
            comment=sent.comment[:LONGEST_COMMENT] if sent else "",
        )

    def _refusal(self) -> Reply | None:
        """What the rules would say to an approval, sent right now with everything typed in."""
        form = DecisionForm(verdict=Verdict.APPROVE, confirmation=self.view.ballot.phrase)
        return rules.refuse(self.view.ballot, self.decision(form, "mail:probe"), self.now)
