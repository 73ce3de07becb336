"""Whether a form opens is a preview by the workflow's own rules."""

import pytest

from bot.listeners.click import Click
from bot.listeners.forms import may_say
from notifications.cards.buttons import Target
from tests.notifications.card_views import CARD, DIGEST, GRACE, NOW, view
from workflows.messages.decisions import Place, ReplyKind, Verdict
from workflows.messages.requests import Look

ELSEWHERE = Place(channel="C0GENERAL1", ts="3.0")


@pytest.mark.parametrize(
    ("places", "reply"),
    [((CARD,), None), ((ELSEWHERE,), ReplyKind.WRONG_PLACE), ((), None)],
    ids=["the card", "not the card", "not known yet"],
)
def test_a_click_faster_than_the_workflow_opens_its_form(
    places: tuple[Place, ...], reply: ReplyKind | None
) -> None:
    """Slack shows a card before the workflow hears where; the form's decision is checked later."""
    card = view(ballot={"places": places})
    look = Look(view=card, result=card.request.result)
    click = Click(user=GRACE, unique="1.0", place=CARD)
    target = Target(approval=card.request.id, revision=1, digest=DIGEST[:16])
    refused = may_say(click, target, Verdict.REJECT)(look, NOW)
    assert (refused and refused.reply) == reply
