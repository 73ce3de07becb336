"""Which revision follows when people send one back."""

from datetime import UTC, datetime

from workflows.messages.decisions import Decision, Outcome, Settlement, Verdict
from workflows.messages.results import AgentResult
from workflows.task.revision import Revision

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
FIRST, EDITED = AgentResult(summary="Ten rows"), AgentResult(summary="Eleven rows")


def sent_back(
    *said: tuple[str, str], result: AgentResult | None = None, editor: str = ""
) -> Settlement:
    decisions = tuple(
        Decision(
            id=f"{by}-{number}",
            verdict=Verdict.REQUEST_CHANGES,
            by=by,
            at=AT,
            revision=1,
            digest="0" * 64,
            comment=comment,
        )
        for number, (by, comment) in enumerate(said)
    )
    return Settlement(
        approval_id="approval-t-analysis-v1",
        outcome=Outcome.CHANGES_REQUESTED,
        revision=1,
        digest="0" * 64,
        result_digest="0" * 64,
        at=AT,
        decisions=decisions,
        result=result,
        editor=editor,
    )


def test_words_go_to_the_agent_with_what_was_shown() -> None:
    """Everybody's, a line each; they come from whoever spoke last."""
    after = Revision().after(sent_back(("UADA", "Count again"), ("ULINUS", "By month")), FIRST)
    assert after.number == 2
    assert after.previous == FIRST
    assert after.feedback is not None
    assert (after.feedback.text, after.feedback.by) == ("Count again\nBy month", "ULINUS")
    assert after.feedback.previous == FIRST
    assert not after.edited_by


def test_an_edit_has_an_author_and_leaves_nothing_to_the_agent() -> None:
    """What was asked for before it is not asked for again."""
    worded = Revision().after(sent_back(("UADA", "Count again")), FIRST)
    after = worded.after(sent_back(("ULINUS", "One more"), result=EDITED, editor="ULINUS"), FIRST)
    assert (after.number, after.authors, after.edited_by) == (3, ("ULINUS",), "ULINUS")
    assert after.edit_comment == "One more"
    assert after.feedback is None


def test_whoever_edited_stays_an_author_when_the_agent_goes_on() -> None:
    """So they don't decide alone on what is partly theirs."""
    edited = Revision().after(sent_back(("ULINUS", ""), result=EDITED, editor="ULINUS"), FIRST)
    after = edited.after(sent_back(("UADA", "Shorter")), EDITED)
    assert after.authors == ("ULINUS",)
    assert (after.edited_by, after.edit_comment) == ("", "")
    assert after.previous == EDITED
