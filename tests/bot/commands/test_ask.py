"""What `signoff show` prints of an approval, and what `--json` says of it."""

import io

from rich.console import Console

from bot.commands import ask
from bot.commands.records import card_record
from tests.notifications.card_views import GRACE, LINUS, view
from workflows.messages.requests import Look


def test_an_editor_is_no_approver_of_their_own_version() -> None:
    """Only those whose decision would count are named; the risk and the deadline stand beside."""
    edited = view(revision=2, authors=(GRACE,), edited_by=GRACE, ballot={"authors": (GRACE,)})
    said = io.StringIO()
    ask._show_approval(
        Console(file=said, width=200), Look(view=edited, result=edited.request.result)
    )
    may = [line for line in said.getvalue().splitlines() if line.startswith("May decide:")]
    assert any(LINUS in line for line in may)
    assert not any(GRACE in line for line in may)
    assert "Risk: normal; to be decided until 2026-03-03 12:00 UTC" in said.getvalue()
    approvers = [one["id"] for one in card_record(edited)["approvers"]]
    assert LINUS in approvers
    assert GRACE not in approvers
