"""Small pieces of Slack text that code writes: people, times, durations. Never agent text."""

import re
from collections.abc import Iterable
from datetime import datetime

from notifications.text.sanitize import FILE_NAME, clip, escape, mrkdwn, visible

_USER = re.compile(r"[UW][A-Z0-9]{2,20}")
_QUOTED = re.compile(
    rf"(?<!\w)'(?P<quoted>[^'\n]{{1,300}})'(?!\w)|{FILE_NAME.pattern}", re.IGNORECASE
)
_NAMED = 5
_FILE_SHOWN = 100


def person(user: str) -> str:
    """A live mention of a Slack user, or the inert name of somebody without an account."""
    return f"<@{user}>" if _USER.fullmatch(user) else mrkdwn(user)


def people(users: Iterable[str]) -> str:
    """`Ada, Grace and 3 more`, as mentions."""
    users = list(users)
    shown = ", ".join(person(user) for user in users[:_NAMED])
    return shown + (f" and {len(users) - _NAMED} more" if len(users) > _NAMED else "")


def moment(at: datetime) -> str:
    """A point in time, in the reader's own zone; UTC where the client cannot say."""
    plain = at.strftime("%Y-%m-%d %H:%M UTC")
    return f"<!date^{int(at.timestamp())}^{{date_short_pretty}} {{time}}|{plain}>"


def plain_moment(at: datetime) -> str:
    """A point in time for places without date formatting."""
    return at.strftime("%Y-%m-%d %H:%M UTC")


def code(text: str) -> str:
    """An id or a name in a code span, which Slack neither links nor styles; no backtick ends it."""
    line = " ".join(text.split())  # a span ends with its line
    return f"`{escape(visible(line)).replace('`', chr(0x2019))}`"


def files(names: Iterable[str]) -> str:
    """File names, and whatever else a task was given, each in a code span: nothing links."""
    named = [clip(" ".join(name.split()), _FILE_SHOWN).shown for name in names]
    more = f" and {len(named) - _NAMED} more" if len(named) > _NAMED else ""
    return ", ".join(code(name) for name in named[:_NAMED]) + more


def told(text: str) -> str:
    """A sentence of ours as mrkdwn: what it quotes, and file names, in code spans."""
    said, at = [], 0
    for found in _QUOTED.finditer(text):
        said += [mrkdwn(text[at : found.start()]), code(found["quoted"] or found[0])]
        at = found.end()
    return "".join([*said, mrkdwn(text[at:])])
