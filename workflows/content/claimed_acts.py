"""Acts that an answer says were done, though no tool call did them.

Only plain claims are looked for: "I have ordered ...", "successfully sent", "the refund has been
paid". What a text tells of the past of others, such as "orders were cancelled in May", is none.
"""

import re
from collections.abc import Iterable, Iterator

from workflows.messages.results import AgentResult, RunStatus, ToolRun

_KINDS: tuple[dict[str, str], ...] = (
    {
        **dict.fromkeys(("ordered", "purchased", "bought"), "order purchase buy"),
        **dict.fromkeys(("paid", "transferred", "refunded", "wired"), "pay transfer refund order"),
    },
    dict.fromkeys(
        ("sent", "emailed", "e-mailed", "posted", "published", "notified", "messaged"),
        "send mail post publish notify message",
    ),
    dict.fromkeys(("deleted", "removed", "dropped"), "delete remove drop purge"),
    dict.fromkeys(
        ("created", "booked", "submitted", "scheduled", "filed"),
        "create book submit schedule ticket open file add",
    ),
    dict.fromkeys(
        ("deployed", "restarted", "rolled back", "executed", "cancelled", "canceled"),
        "deploy restart roll execute run cancel stop start",
    ),
)
_TOOLS = {verb: tuple(words.split()) for kind in _KINDS for verb, words in kind.items()}
_GAP = r"\s{1,9}"
_BETWEEN = rf"(?:(?:have|had|also|then|now|just|already|successfully){_GAP}){{0,4}}"
_THING = (
    r"(?:payment|order|transfer|refund|e-?mail|message|invoice|ticket|booking|deployment|file|"
    r"record|account|purchase)s?"
)
_BEFORE = tuple(
    re.compile(pattern + "$")
    for pattern in (
        rf"\b(?:i|we)(?:['\u2019]ve)?{_GAP}{_BETWEEN}",
        rf"\bsuccessfully{_GAP}",
        rf"\b{_THING}\b[^.\n]{{0,80}}?\b(?:has|have){_GAP}(?:(?:now|just|already){_GAP})?been{_GAP}",
    )
)
_AFTER = re.compile(rf"{_GAP}successfully\b")
_REACH = 200
"""So many characters before a verb belong to its claim."""
_PLACES = 200
"""So many places of each verb are looked at: a text may be millions of characters long, and a
workflow that ponders for two seconds is taken for stuck."""
_NOT = re.compile(r"\b(?:not|never|nothing|no|none|cannot|could|would|if)\b[^.\n]{0,30}$")


def unfounded(result: AgentResult, ran: Iterable[ToolRun]) -> tuple[str, ...]:
    """The verbs of such claims; a call that failed did nothing, one in doubt may have."""
    done = [run.tool.lower() for run in ran if run.status is not RunStatus.FAILED]
    text = "\n".join((result.summary, *result.findings, result.full_text)).lower()
    claimed = (verb for verb in sorted(_TOOLS) if any(_claims(text, verb)))
    return tuple(verb for verb in claimed if not any(_did(tool, verb) for tool in done))


def _claims(text: str, verb: str) -> Iterator[bool]:
    """For each place of the verb whether it is a claim."""
    start = text.find(verb)
    for _ in range(_PLACES):
        if start < 0:
            return
        end = start + len(verb)
        if not (text[start - 1 : start].isalnum() or text[end : end + 1].isalnum()):
            yield _is_claim(text[max(0, start - _REACH) : start], text[end : end + 30])
        start = text.find(verb, end)


def _is_claim(before: str, after: str) -> bool:
    found = [match.start() for pattern in _BEFORE if (match := pattern.search(before))]
    if _AFTER.match(after):
        found.append(len(before))
    return any(not _NOT.search(before[:start][-60:]) for start in found)


def _did(tool: str, verb: str) -> bool:
    """By the words in its name; a tool whose name says nothing of the kind may do anything."""
    if any(word in tool for word in _TOOLS[verb]):
        return True
    return not any(word in tool for words in _TOOLS.values() for word in words)
