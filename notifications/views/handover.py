"""What came of handing everything on to a deputy: told to both, each in one message."""

from collections.abc import Sequence

from notifications.text.sanitize import clip, mrkdwn
from notifications.views.approval_list import PendingLine
from notifications.views.format import moment, person
from workflows.messages.base import Frozen

NAMED = 20
REASON = 300


class Handover(Frozen):
    """`kept` are those that stay with their approver, and why (mrkdwn)."""

    moved: tuple[PendingLine, ...] = ()
    kept: tuple[tuple[PendingLine, str], ...] = ()


def deputy_told(user: str, moved: Sequence[PendingLine]) -> str:
    """What the deputy has to decide now, and where."""
    what = "1 approval was" if len(moved) == 1 else f"{len(moved)} approvals were"
    lines = [f"• {mrkdwn(one.named())}, until {moment(one.deadline)}" for one in moved[:NAMED]]
    if len(moved) > NAMED:
        lines.append(f"• and {len(moved) - NAMED} more")
    return "\n".join(
        (
            f"{person(user)} is away and named you as their delegate: {what} delegated to you.",
            *lines,
            "Decide in the app's Home, or with `/approvals`.",
        )
    )


def absent_told(deputy: str, done: Handover) -> str:
    """What is with the deputy now, and what is not."""
    if not done.moved and not done.kept:
        return ""
    count = len(done.moved)
    said = [f"{count} pending approval{'s' * (count != 1)} delegated to {person(deputy)}."]
    if done.kept:
        said.append(f"Not delegated, so still yours: {len(done.kept)}.")
        said += [
            f"• {mrkdwn(one.named())}: {clip(why, REASON).shown}" for one, why in done.kept[:NAMED]
        ]
    return "\n".join(said)
