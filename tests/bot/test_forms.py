"""Whether a form opens is a preview by the workflow's own rules."""

from datetime import UTC, datetime

import pytest

from bot.listeners.click import Click
from bot.listeners.forms import may_say
from notifications.buttons import Target
from tests.fakes import ADA, GRACE
from workflows.ballot import Ballot
from workflows.decisions import Place, Reply, Verdict
from workflows.electorate import Electorate, Person
from workflows.policy import Policy
from workflows.requests import ApprovalRequest, CardView, Look
from workflows.results import AgentResult

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)
CARD, ELSEWHERE = Place(channel="C0GENERAL1", ts="2.0"), Place(channel="C0GENERAL1", ts="3.0")


@pytest.mark.parametrize(
    ("places", "reply"),
    [((CARD,), None), ((ELSEWHERE,), Reply.WRONG_PLACE), ((), None)],
    ids=["the card", "not the card", "not known yet"],
)
def test_a_click_faster_than_the_workflow_opens_its_form(
    places: tuple[Place, ...], reply: Reply | None
) -> None:
    """Slack shows a card before the workflow hears where; the form's decision is checked later."""
    policy = Policy(approvers=(GRACE,))
    asked = ApprovalRequest(
        id="a-1",
        title="Refund",
        requester=ADA,
        result=AgentResult(summary="42 EUR"),
        policy=policy,
        thread=Place(channel="C0GENERAL1"),
    )
    ballot = Ballot(
        approval_id="a-1",
        requester=ADA,
        revision=1,
        digest="d" * 16,
        policy=policy,
        electorate=Electorate(people=(Person(id=GRACE),)),
        places=places,
    )
    look = Look(view=CardView(request=asked, ballot=ballot, raised_at=NOW), result=asked.result)
    click = Click(user=GRACE, unique="1.0", place=CARD)
    target = Target(approval="a-1", revision=1, digest="d" * 16)
    refused = may_say(click, target, Verdict.REJECT)(look, NOW)
    assert (refused and refused.reply) == reply
