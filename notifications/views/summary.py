"""One message instead of many: how a digest looks.

More than `MORE_THAN` due within `WITHIN` for one audience (a person or a channel) are a burst
(`notifications/reminders/bursts.py`) and become one summary. It has no decision buttons: each
approval is decided on its own card.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from notifications.text.sanitize import clip, mrkdwn
from notifications.views.approval_list import PendingLine
from notifications.views.format import moment, person, plain_moment
from workflows.messages.base import Frozen
from workflows.messages.policy import Risk

MORE_THAN = 5
WITHIN = timedelta(minutes=10)
LINES_SHOWN = 30
TITLE_SHOWN = 120
PERSON_SHOWN = 60
OPEN_HOME = "signoff_open_home"

Block = dict[str, Any]


class Folded(Frozen):
    """Identical requests on one line: the most urgent one, and how many there are."""

    first: PendingLine
    ids: tuple[str, ...]

    @property
    def count(self) -> int:
        """How many approvals this line stands for."""
        return len(self.ids)


def fold(pending: Iterable[PendingLine]) -> tuple[Folded, ...]:
    """Identical requests as one line each; most urgent first. High risk is never folded."""
    groups: dict[tuple[str, ...], list[PendingLine]] = {}
    for line in sorted(pending, key=lambda line: (line.deadline, line.id)):
        alike = (line.title, line.requester, line.digest)
        alone = line.risk == Risk.HIGH or not line.digest
        groups.setdefault((line.id,) if alone else alike, []).append(line)
    return tuple(
        Folded(first=group[0], ids=tuple(line.id for line in group)) for group in groups.values()
    )


def blocks(lines: Sequence[Folded], home: str = "", now: datetime | None = None) -> list[Block]:
    """The message: a heading, a line each, and a button to the list in Home.

    With `now` it says of when it is, as nobody rewrites it when something is decided. `home` is the
    address the button opens (`slack://app?...`); without it a listener gets `OPEN_HOME`.
    """
    shown = lines[:LINES_SHOWN]
    found: list[Block] = [
        {"type": "header", "text": {"type": "plain_text", "text": heading(lines), "emoji": False}},
        *(_section(line) for line in shown),
    ]
    if rest := _count(lines) - _count(shown):
        found.append(_context(f"And {rest:,} more: the list in Home has them all."))
    updated = f"Updated {moment(now)} · " if now else ""
    return [*found, _context(f"{updated}Each is decided on its own card."), _button(home)]


def text(lines: Sequence[Folded]) -> str:
    """The same in plain text, for notifications and screen readers."""
    shown = lines[:LINES_SHOWN]
    said = [heading(lines), *(f"• {_title(line)}, {_detail(line, plain=True)}" for line in shown)]
    if rest := _count(lines) - _count(shown):
        said.append(f"And {rest:,} more: see Home.")
    return "\n".join(said)


def heading(lines: Sequence[Folded]) -> str:
    """`12 approvals wait for a decision`."""
    count = _count(lines)
    return f"{count:,} {'approval waits' if count == 1 else 'approvals wait'} for a decision"


def _count(lines: Iterable[Folded]) -> int:
    return sum(line.count for line in lines)


def _section(line: Folded) -> Block:
    words = f"{_title(line)}\n{_detail(line)}"
    return {"type": "section", "text": {"type": "mrkdwn", "text": words, "verbatim": True}}


def _title(line: Folded) -> str:
    title = clip(line.first.title, TITLE_SHOWN, lambda text: mrkdwn(_flat(text))).shown
    many = f" · {line.count} alike" if line.count > 1 else ""
    return f"{title} · v{line.first.revision}{many}"


def _detail(line: Folded, *, plain: bool = False) -> str:
    first = line.first
    who = clip(person(_flat(first.requester)), PERSON_SHOWN).shown
    until = plain_moment(first.deadline) if plain else moment(first.deadline)
    risk = ", high risk" if first.risk == Risk.HIGH else ""
    return f"requested by {who}{risk}, until {until}"


def _flat(text: str) -> str:
    return " ".join(text.split())


def _button(home: str) -> Block:
    label = {"type": "plain_text", "text": "Open my list"}
    button: Block = {"type": "button", "action_id": OPEN_HOME, "text": label}
    return {"type": "actions", "elements": [button | ({"url": home} if home else {})]}


def _context(words: str) -> Block:
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": words}]}
