"""The letters: a request, a reminder, a closing letter. Nothing is sent here.

One thread per approval and person: the request has a Message-ID made of both, and whatever
follows refers to it. The same letter made twice has the same Message-ID, so that sending it again,
when it is in doubt whether it arrived, gives one mail and not two.
"""

import hashlib
import textwrap
from collections.abc import Mapping
from datetime import datetime
from email import policy as mail_policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from notifications.cards.facts import headline
from notifications.mail.plain_card import PlainCard, line, moment, plain_card
from notifications.mail.smtp import MailRefused
from notifications.reminders.calendars import zone_of
from notifications.text.sanitize import inert
from workflows.activities import Why
from workflows.messages.base import Frozen
from workflows.messages.electorate import Person
from workflows.messages.policy import Risk
from workflows.messages.requests import CardView

WIDTH: Final = 72
NO_PAGE = "This is high risk and cannot be decided by e-mail: please decide in Slack."


_OPENING = {
    Why.WAITING: "A request still waits for your decision.",
    Why.SLACK_DOWN: (
        "A request waits for your decision. It comes by e-mail because Slack cannot be reached "
        "just now."
    ),
    Why.SLACK_DEAF: (
        "A request waits for your decision. It comes by e-mail because clicks in Slack do not "
        "reach us just now."
    ),
    Why.NO_ACCOUNT: "A request waits for your decision.",
}
_REMINDER = "A reminder: this request still waits for your decision."


class Invitation(Frozen):
    """The way to the decision page, for one person: a link, and the code to type in there."""

    link: str
    code: str
    expires_at: datetime


class Letters:
    """Writes letters from the address `sender`.

    Everywhere, `names` gives readable names to Slack ids that are not among the approvers. Raises
    MailRefused for a person without a usable address.
    """

    def __init__(self, sender: str, name: str = "Signoff") -> None:
        self._from = _address(sender, name)
        self._templates = Environment(
            loader=PackageLoader("notifications.mail", "templates"),
            autoescape=select_autoescape(("html.j2",), default_for_string=True),
            undefined=StrictUndefined,
        )
        self._templates.filters.update(boxed=boxed, inert=inert)

    def request(
        self,
        view: CardView,
        person: Person,
        invitation: Invitation | None,
        now: datetime,
        why: Why = Why.WAITING,
        names: Mapping[str, str] | None = None,
    ) -> EmailMessage:
        """What is to be decided, with link and code; without an invitation, why there is none."""
        message = self._headers(view, person, now, _id("request", view, person))
        opening = _OPENING[why]
        return self._write(
            message, "request", _request(view, person, invitation, now, names, opening)
        )

    def reminder(
        self,
        view: CardView,
        person: Person,
        invitation: Invitation | None,
        now: datetime,
        rung: str = "",
        names: Mapping[str, str] | None = None,
        why: Why = Why.WAITING,
    ) -> EmailMessage:
        """The same again, in the same thread; one per `rung`."""
        message = self._headers(view, person, now, _id(f"reminder {rung}", view, person))
        self._answering(message, view, person)
        opening = _REMINDER if why is Why.WAITING else _OPENING[why]
        return self._write(
            message, "request", _request(view, person, invitation, now, names, opening)
        )

    def closing(
        self,
        view: CardView,
        person: Person,
        now: datetime,
        names: Mapping[str, str] | None = None,
    ) -> EmailMessage:
        """Decided elsewhere: by whom, and that there is nothing left to do."""
        message = self._headers(view, person, now, _id("closing", view, person))
        self._answering(message, view, person)
        card = plain_card(view, now, zone_of(person.tz), names)
        return self._write(message, "closing", {"card": card})

    def _headers(self, view: CardView, person: Person, now: datetime, name: str) -> EmailMessage:
        title = f"Approval wanted: {line(headline(view), 140)} · v{view.request.revision}"
        message = self._envelope(person, now, title)
        message["Message-ID"] = self._message_id(name)
        return message

    def _envelope(self, person: Person, now: datetime, title: str) -> EmailMessage:
        message = EmailMessage(policy=mail_policy.SMTP)
        message["From"] = self._from
        message["To"] = _address(person.email, person.name)
        message["Subject"] = title
        message["Date"] = format_datetime(now)
        message["Auto-Submitted"] = "auto-generated"
        message["X-Auto-Response-Suppress"] = "All"
        return message

    def _answering(self, message: EmailMessage, view: CardView, person: Person) -> None:
        first = self._message_id(_id("request", view, person))
        message["In-Reply-To"] = first
        message["References"] = first
        title = str(message["Subject"])
        del message["Subject"]
        message["Subject"] = f"Re: {title}"

    def _message_id(self, name: str) -> str:
        digits = hashlib.sha256(name.encode("utf-8", "backslashreplace")).hexdigest()[:40]
        return f"<{digits}@{self._from.domain}>"

    def _write(self, message: EmailMessage, name: str, values: dict[str, Any]) -> EmailMessage:
        values = {**values, "subject": str(message["Subject"])}
        plain = self._templates.get_template(f"{name}.txt.j2").render(values)
        message.set_content(plain, cte="quoted-printable")
        page = self._templates.get_template(f"{name}.html.j2").render(values)
        message.add_alternative(page, subtype="html", cte="quoted-printable")
        return message


def boxed(text: str) -> str:
    """Every line with a bar before it, so that no line can pass for one of ours."""
    lines: list[str] = []
    for row in text.expandtabs(4).split("\n"):
        wrapped = textwrap.wrap(row, WIDTH, replace_whitespace=False, break_on_hyphens=False)
        lines += [f"| {part}".rstrip() for part in wrapped or [""]]
    return "\n".join(lines)


def _request(
    view: CardView,
    person: Person,
    invitation: Invitation | None,
    now: datetime,
    names: Mapping[str, str] | None,
    opening: str,
) -> dict[str, Any]:
    zone = zone_of(person.tz)
    card: PlainCard = plain_card(view, now, zone, names)
    rules = view.request.policy
    barred = rules.risk is Risk.HIGH and not rules.email_decides_high_risk
    return {
        "opening": opening,
        "card": card,
        "invitation": None if barred else invitation,
        "ends": moment(invitation.expires_at, zone) if invitation else "",
        "no_page": NO_PAGE if barred else "Please decide in Slack, on the card of this request.",
    }


def _id(kind: str, view: CardView, person: Person) -> str:
    """The same for the same letter."""
    return f"{kind} {view.request.id} {person.id}"


def _address(address: str, name: str) -> Address:
    """An address fit for a header; raises MailRefused for one that is none."""
    local, _, domain = address.strip().rpartition("@")
    try:
        ascii_domain = domain.encode("idna").decode()
        found = Address(display_name=line(name, 80), username=local, domain=ascii_domain)
        usable = local.isascii() and "." not in (local[:1], local[-1:]) and ".." not in local
        if not (local and domain and usable) or any(c.isspace() or c in '<>"' for c in address):
            raise ValueError
    except ValueError:
        raise MailRefused(
            f"{line(name, 80) or 'Somebody'} has no e-mail address that can be written to."
        ) from None
    return found
