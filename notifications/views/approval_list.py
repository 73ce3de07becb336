"""Lists of approvals: what a list knows of each, and how `/approvals` shows them."""

from datetime import UTC, datetime

from notifications.cards.buttons import ActionId, MenuChoice, Target
from notifications.cards.decide_buttons import decide_buttons
from notifications.text.sanitize import clip, mrkdwn
from notifications.text.whole import cut, dots
from notifications.views.blocks import Block, actions, button, context, divider, section
from notifications.views.format import code, moment, person
from workflows.messages.base import Frozen
from workflows.messages.durations import words as duration
from workflows.messages.policy import Risk

TITLE_SHOWN = 140
SUMMARY_SHOWN = 240
LISTED = 15
DECIDED = datetime(9999, 1, 1, tzinfo=UTC)
"""Whoever is left alone until then has decided."""
_RISK = {Risk.LOW.value: "low risk", Risk.HIGH.value: "⚠️ high risk"}


class PendingLine(Frozen):
    """One pending approval, as a list shows it; `digest` is the beginning a button carries.

    `concerned` are the ids of those who may decide or could before. `left_alone` are those who
    want no reminder, and until when; whoever has decided, for ever.
    """

    id: str
    title: str
    summary: str
    revision: int
    requester: str
    approvers: tuple[str, ...]
    deadline: datetime
    risk: str
    digest: str
    pipeline: str = ""
    channel: str = ""
    careful: bool = True
    task: str = ""
    raised_at: datetime | None = None
    left_alone: dict[str, datetime] = {}
    concerned: tuple[str, ...] = ()

    def target(self) -> Target:
        """What its buttons are about."""
        return Target(approval=self.id, revision=self.revision, digest=self.digest)

    def waits_for(self, user: str, now: datetime) -> bool:
        """Whether this person, one of those who may decide, is to be reminded of it."""
        until = self.left_alone.get(user)
        return until is None or until <= now

    def decided_by(self, user: str) -> bool:
        """Whether this person's decision is counted already."""
        until = self.left_alone.get(user)
        return until is not None and until >= DECIDED

    def named(self) -> str:
        """Title and version, not escaped."""
        return f"{clip(self.title, TITLE_SHOWN).shown} · v{self.revision}"


class PendingPage(Frozen):
    """The most urgent ones; `total` counts those left out, too."""

    lines: tuple[PendingLine, ...] = ()
    total: int = 0


class DecidedLine(Frozen):
    """One approval that ended."""

    id: str
    title: str
    revision: int
    outcome: str
    by: tuple[str, ...]
    at: datetime
    edited: bool = False


def line_text(line: PendingLine, now: datetime) -> str:
    """Title, time left, risk, requester, and what the agent writes."""
    left = duration(line.deadline - now)
    urgent = "🔥 " if (line.deadline - now).total_seconds() < 3_600 else ""
    risk = _RISK.get(line.risk, "normal risk")
    facts = f"{urgent}{left} left · {risk} · for {person(line.requester)}"
    if line.pipeline:
        facts += f" · {code(line.pipeline)}"
    summary = cut(line.summary, SUMMARY_SHOWN, mrkdwn)
    return f"*{mrkdwn(line.named())}*\n{facts}\n“{summary.shown}{dots(summary)}”"


def approval_list(page: PendingPage, now: datetime, *, mine: bool, bulk: int) -> list[Block]:
    """The blocks of `/approvals`; `bulk` is how many of them may be decided together."""
    if not page.lines:
        text = "Nothing waits for your decision." if mine else "Nothing waits for a decision."
        return [section(f"✅ {text}")]
    whose = "your decision" if mine else "a decision"
    blocks = [section(f"*{page.total} waiting for {whose}*, most urgent first")]
    for line in page.lines[:LISTED]:
        blocks.append(section(line_text(line, now)))
        if mine:
            blocks.append(line_buttons(line, now))
        else:
            blocks.append(context(f"{code(line.id)} · until {moment(line.deadline)}"))
    if page.total > len(page.lines[:LISTED]):
        more = page.total - len(page.lines[:LISTED])
        blocks.append(context(f"and {more} more: open the app's Home to see them page by page"))
    if mine and bulk > 1:
        blocks += [divider(), actions("signoff_bulk", [bulk_button(bulk)])]
    return blocks


def list_text(page: PendingPage, now: datetime, *, mine: bool) -> str:
    """The same in plain text."""
    if not page.lines:
        return "Nothing waits for your decision." if mine else "Nothing waits for a decision."
    lines = [line_text(line, now).replace("*", "") for line in page.lines[:LISTED]]
    return clip("\n".join((f"{page.total} waiting", *lines)), 3_500).shown


def bulk_button(count: int) -> Block:
    """Opens the form for several at once."""
    text = f"Approve low-risk ({count:,})…"
    return button(ActionId.BULK, text, "bulk", label="Approve several of low risk together")


def line_buttons(line: PendingLine, now: datetime) -> Block:
    """Every way to decide it; whoever asked for it withdraws it on its card."""
    return decide_buttons(
        line.target(),
        line.title,
        careful=line.careful,
        changeable=True,
        block=f"signoff_line_{line.id}"[:255],
        without=frozenset({MenuChoice.WITHDRAW}),
        shown=now.timestamp(),
    )
