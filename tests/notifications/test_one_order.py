"""People are named in the policy's order wherever several are: card, lists, refusals, letters."""

import re
from zoneinfo import ZoneInfo

import pytest

from notifications.cards.card import card
from notifications.cards.facts import facts, grey_line
from notifications.mail.plain_card import plain_card
from notifications.views.format import people
from notifications.views.replies import sentence
from tests.notifications.card_views import ADA, NOW, view
from workflows import rules
from workflows.messages.decisions import Reply, ReplyKind
from workflows.messages.electorate import Electorate, Person

ORDER = ("U0ZOE00001", "U0CARL0001", "U0LINUS001", "U0GRACE001", "U0BEA00001", "U0MAX00001")


def named(text: str) -> tuple[str, ...]:
    """Who is named in a text, in order."""
    return tuple(user for user in re.findall(r"U0[A-Z]+\d+", text) if user != ADA)


SHOWN = named(people(ORDER))
"""A sentence names the first few."""
PEOPLE = tuple(Person(id=id_, name=id_) for id_ in (ADA, *ORDER))
WAITING = view(ballot={"electorate": Electorate(people=PEOPLE)})


def test_the_card_and_its_details_keep_the_order() -> None:
    """Also in the line below the buttons."""
    assert named(grey_line(WAITING)) == SHOWN
    assert named(str(card(WAITING))) == SHOWN
    assert next(named(fact) for fact in facts(WAITING) if fact.startswith("*Approvers*")) == SHOWN


@pytest.mark.parametrize(
    "reply", [ReplyKind.REQUESTER, ReplyKind.AUTHOR, ReplyKind.NOT_APPROVER], ids=str
)
def test_a_refusal_keeps_the_order(reply: ReplyKind) -> None:
    """Whoever the refusal is for."""
    assert WAITING.ballot.deciders() == ORDER
    assert named(sentence(Reply(reply=reply, approvers=ORDER))) == SHOWN


def test_the_refusal_of_the_rules_has_the_card_s_order() -> None:
    """As it reaches Ada, who clicked on her own request."""
    refusal = rules.refuse(WAITING.ballot, rules.says_nothing(ADA, "", NOW), NOW)
    assert refusal is not None
    assert refusal.reply is ReplyKind.REQUESTER
    assert named(sentence(refusal)) == named(grey_line(WAITING))


def test_a_letter_keeps_the_order() -> None:
    """In the line of who may decide, and so on the page to decide by e-mail."""
    letter = plain_card(WAITING, NOW, ZoneInfo("UTC"))
    (fact,) = (fact for fact in letter.facts if fact.label == "Who may decide")
    assert named(fact.text) == ORDER[: len(named(fact.text))]
    assert len(named(fact.text)) > 2
