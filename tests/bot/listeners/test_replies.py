"""Every reply of the workflow has one sentence, the same on every surface."""

import re
from datetime import UTC, datetime

import pytest

from bot.commands.ask import plain_answer
from notifications.views.replies import NOT_RECORDED, sentence
from tests.notifications.card_views import ADA, GRACE, view
from workflows.messages.decisions import Outcome, Reply, ReplyKind, Verdict

WHEN = datetime(2026, 3, 2, 12, tzinfo=UTC)
COUNTS = {
    ReplyKind.SETTLED,
    ReplyKind.COUNTED,
    ReplyKind.ALREADY_COUNTED,
    ReplyKind.DELEGATED,
    ReplyKind.DONE,
}
ELSEWHERE = {ReplyKind.NOT_DELEGABLE, ReplyKind.NOT_YOURS, ReplyKind.KEPT}
"""These answer another gesture than a decision."""


def answer(reply: ReplyKind, **changed: object) -> Reply:
    made: dict[str, object] = {
        "reply": reply,
        "verdict": Verdict.APPROVE,
        "outcome": Outcome.APPROVED,
        "who": (GRACE,),
        "when": WHEN,
        "approvers": (GRACE, ADA),
        "detail": "Ten words.",
    }
    return Reply.model_validate(made | changed)


@pytest.mark.parametrize("reply", list(ReplyKind))
def test_every_reply_is_a_sentence_on_every_surface(reply: ReplyKind) -> None:
    """With nothing of the code's own name in it, with everything known and with nothing known."""
    for said in (answer(reply), Reply(reply=reply), answer(reply, detail="")):
        for text in (sentence(said), plain_answer(said, view())):
            assert text[0].isupper() or text[0] in "<`"
            assert text.endswith(".")
            if "_" in reply.value:
                assert reply.value not in text
        assert not re.search(r"<[@!]|&\w+;|`", plain_answer(said, view()))


@pytest.mark.parametrize("reply", sorted(set(ReplyKind) - COUNTS - ELSEWHERE))
def test_what_does_not_count_is_said_to_be_not_recorded(reply: ReplyKind) -> None:
    """In the same words everywhere."""
    assert NOT_RECORDED in sentence(answer(reply))
    assert NOT_RECORDED in plain_answer(answer(reply), view())


def test_the_terminal_names_people_and_the_option_that_helps() -> None:
    """As one types it there."""
    told = plain_answer(answer(ReplyKind.NOT_APPROVER), view())
    assert f"Grace ({GRACE})" in told
    assert "--confirm" in plain_answer(answer(ReplyKind.CONFIRMATION_MISSING), view())
    assert "--comment" in plain_answer(answer(ReplyKind.REASON_MISSING), view())
