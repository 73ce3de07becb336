"""What people type after `/task`, as data. Pure: nothing is looked up here."""

import re
import shlex
from collections.abc import Mapping
from enum import StrEnum

from notifications.text.sanitize import mrkdwn
from notifications.views.format import code
from workflows.messages.base import Frozen
from workflows.messages.tasks import Source, SourceKind

_LINK = re.compile(r"<(https?://[^|>\s]+)(?:\|[^>]*)?>")
_SLACK_FILE = re.compile(r"F[A-Z0-9]{6,20}")
_PERMALINK = re.compile(
    r"(?:https://[\w-]+(?:\.enterprise)?\.slack\.com|http://(?:127\.0\.0\.1|localhost)(?::\d+)?)"
    r"/files/[UW][A-Z0-9]+/(?P<file>F[A-Z0-9]{6,20})(?:/[^\s]*)?"
)


class Verb(StrEnum):
    """What is wanted."""

    FORM = "form"
    START = "start"
    LIST = "list"
    STATUS = "status"
    CANCEL = "cancel"
    BYPASS = "bypass"
    HEALTH = "health"
    HELP = "help"


class Command(Frozen):
    """A parsed command line. `argument` is a pipeline or a task id, `words` what follows."""

    verb: Verb
    argument: str = ""
    sources: tuple[Source, ...] = ()
    words: tuple[str, ...] = ()


HELP = """*What you can type*
• `/task`: a form
• `/task <pipeline> <input> …`: start; an input is a file in the input folder or in this \
channel (its name, link or id), a public URL, or text in quotes
• `/task list`: your running tasks
• `/task status <id>`: where a task stands
• `/task cancel <id>`: end a task, its pending approval is withdrawn
• `/task bypass <pipeline> [1h] <why>`: nobody is asked for a while, if the policy names you; \
`/task bypass <pipeline> end` ends it
• `/task health`: whether the agents answer
• `/task help`: this
• `/approvals` or `/approvals mine`: what waits for your decision, as on the app's Home
• `/approvals all`: whatever waits that you may see
• `/approvals <id>`: one approval"""


def help_text(pipelines: Mapping[str, str]) -> str:
    """What can be typed, with the pipelines somebody may start and what each is for."""
    lines = [
        f"• {code(name)}" + (f": {mrkdwn(about)}" if about else "")
        for name, about in pipelines.items()
    ]
    return "\n".join([HELP, "*Pipelines*", *lines]) if lines else HELP


def parse(text: str) -> Command:
    """Read a command line; quotes keep words together, typographic ones too."""
    words = _split(_LINK.sub(r"\1", text).strip())
    if not words:
        return Command(verb=Verb.FORM)
    first, rest = words[0], words[1:]
    if first.lower() in {Verb.LIST, Verb.HEALTH, Verb.HELP}:
        return Command(verb=Verb(first.lower()))
    if first.lower() in {Verb.STATUS, Verb.CANCEL}:
        return Command(verb=Verb(first.lower()), argument=rest[0] if rest else "")
    if first.lower() == Verb.BYPASS:
        return Command(verb=Verb.BYPASS, words=tuple(rest))
    return Command(verb=Verb.START, argument=first, sources=tuple(source(word) for word in rest))


def source(word: str) -> Source:
    """What one input is: anything with a blank or a line break in it is text."""
    if link := _PERMALINK.fullmatch(word):
        return Source(kind=SourceKind.SLACK, value=link["file"], name=link["file"])
    if re.match(r"https?://", word, re.IGNORECASE):
        return Source(kind=SourceKind.URL, value=word, name=word)
    if _SLACK_FILE.fullmatch(word):
        return Source(kind=SourceKind.SLACK, value=word, name=word)
    if re.search(r"\s", word):
        return Source(kind=SourceKind.TEXT, value=word, name="text.md")
    return Source(kind=SourceKind.FILE, value=word, name=word)


def _split(text: str) -> list[str]:
    plain = text.translate(str.maketrans("“”„", '"""'))
    lexer = shlex.shlex(plain, posix=True, punctuation_chars=False)
    lexer.whitespace_split = True
    lexer.quotes = '"'
    lexer.escape = ""
    lexer.commenters = ""
    try:
        return list(lexer)
    except ValueError:
        return plain.replace('"', " ").split()
