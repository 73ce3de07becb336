"""One message instead of many: which pending approvals become a digest, and how it looks.

More than `more_than` raised within `within` for one audience (a person or a channel) are a burst,
and what was not announced yet of a burst goes into one digest. A digest has no decision buttons:
each approval is decided on its own card.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from notifications.text.sanitize import clip, mrkdwn
from notifications.views.format import moment, person, plain_moment
from workflows.messages import durations
from workflows.messages.base import Frozen
from workflows.messages.policy import Risk

MORE_THAN = 5
WITHIN = timedelta(minutes=10)
LINES_SHOWN = 30
TITLE_SHOWN = 120
PERSON_SHOWN = 60
OPEN_HOME = "signoff_open_home"

Block = dict[str, Any]


class PendingItem(Frozen):
    """One pending approval of one audience. `digest` tells identical requests."""

    approval_id: str
    audience: str
    title: str
    requester: str
    raised_at: datetime
    deadline: datetime
    revision: int = 1
    risk: Risk = Risk.NORMAL
    digest: str = ""


class Folded(Frozen):
    """Identical requests on one line: the most urgent one, and how many there are."""

    first: PendingItem
    ids: tuple[str, ...]

    @property
    def count(self) -> int:
        """How many approvals this line stands for."""
        return len(self.ids)


class Summary(Frozen):
    """One message to one audience, most urgent first."""

    audience: str
    lines: tuple[Folded, ...]

    @property
    def count(self) -> int:
        """How many approvals wait in it."""
        return sum(line.count for line in self.lines)


class Gathered(Frozen):
    """What is announced one by one, and what in digests."""

    single: tuple[PendingItem, ...] = ()
    digests: tuple[Summary, ...] = ()


def gather(
    pending: Iterable[PendingItem],
    *,
    announced: Collection[str] = (),
    more_than: int = MORE_THAN,
    within: timedelta = WITHIN,
) -> Gathered:
    """Sort what is to be announced. `announced` ids count towards a burst, and are not repeated."""
    audiences: dict[str, list[PendingItem]] = {}
    for waiting in sorted(pending, key=lambda waiting: (waiting.raised_at, waiting.approval_id)):
        audiences.setdefault(waiting.audience, []).append(waiting)
    single: list[PendingItem] = []
    digests: list[Summary] = []
    for audience, found in audiences.items():
        bursts = _bursts(found, more_than, within)
        new = [waiting for waiting in found if waiting.approval_id not in announced]
        single += [waiting for waiting in new if waiting.approval_id not in bursts]
        if together := [waiting for waiting in new if waiting.approval_id in bursts]:
            digests.append(Summary(audience=audience, lines=fold(together)))
    return Gathered(single=tuple(single), digests=tuple(digests))


def _bursts(found: Sequence[PendingItem], more_than: int, within: timedelta) -> set[str]:
    """The ids in any stretch of `within` that holds more than `more_than`; `found` is sorted."""
    inside: set[str] = set()
    begin = 0
    for end, waiting in enumerate(found):
        while waiting.raised_at - found[begin].raised_at > within:
            begin += 1
        if end - begin + 1 > more_than:
            inside.update(one.approval_id for one in found[begin : end + 1])
    return inside


def fold(pending: Iterable[PendingItem]) -> tuple[Folded, ...]:
    """Identical requests as one line each; most urgent first. High risk is never folded."""
    groups: dict[tuple[str, ...], list[PendingItem]] = {}
    for waiting in sorted(pending, key=lambda waiting: (waiting.deadline, waiting.approval_id)):
        alike = (waiting.title, waiting.requester, waiting.digest)
        alone = waiting.risk is Risk.HIGH or not waiting.digest
        groups.setdefault((waiting.approval_id,) if alone else alike, []).append(waiting)
    return tuple(
        Folded(first=group[0], ids=tuple(waiting.approval_id for waiting in group))
        for group in groups.values()
    )


def blocks(digest: Summary, home: str = "", now: datetime | None = None) -> list[Block]:
    """The message: a heading, a line each, and a button to the list in Home.

    With `now` it says of when it is, as nobody rewrites it when something is decided. `home` is the
    address the button opens (`slack://app?...`); without it a listener gets `OPEN_HOME`.
    """
    shown = digest.lines[:LINES_SHOWN]
    found: list[Block] = [
        {"type": "header", "text": {"type": "plain_text", "text": heading(digest), "emoji": False}},
        *(_section(line) for line in shown),
    ]
    if rest := digest.count - sum(line.count for line in shown):
        found.append(_context(f"And {rest:,} more: the list in Home has them all."))
    updated = f"Updated {moment(now)} · " if now else ""
    return [*found, _context(f"{updated}Each is decided on its own card."), _button(home)]


def text(digest: Summary) -> str:
    """The same in plain text, for notifications and screen readers."""
    shown = digest.lines[:LINES_SHOWN]
    lines = [heading(digest), *(f"• {_title(line)}, {_detail(line, plain=True)}" for line in shown)]
    if rest := digest.count - sum(line.count for line in shown):
        lines.append(f"And {rest:,} more: see Home.")
    return "\n".join(lines)


def heading(digest: Summary) -> str:
    """`12 approvals wait for a decision`."""
    one = digest.count == 1
    return f"{digest.count:,} {'approval waits' if one else 'approvals wait'} for a decision"


def subject(digest: Summary, now: datetime) -> str:
    """The same with the most urgent deadline, for a mail's subject."""
    left = durations.words(min(line.first.deadline for line in digest.lines) - now)
    return f"{heading(digest)}, the first ends in {left}"


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
    risk = ", high risk" if first.risk is Risk.HIGH else ""
    return f"requested by {who}{risk}, until {until}"


def _flat(text: str) -> str:
    return " ".join(text.split())


def _button(home: str) -> Block:
    label = {"type": "plain_text", "text": "Open my list"}
    button: Block = {"type": "button", "action_id": OPEN_HOME, "text": label}
    return {"type": "actions", "elements": [button | ({"url": home} if home else {})]}


def _context(words: str) -> Block:
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": words}]}
