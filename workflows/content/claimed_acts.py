"""Acts that an answer says were done, though no tool call did them.

Only plain claims are looked for: "I have ordered ...", "successfully sent", "the refund has been
paid". What a text tells of the past of others, such as "orders were cancelled in May", is none.
"""

import re
from collections.abc import Iterable

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
_VERB = "(?P<verb>" + "|".join(map(re.escape, sorted(_TOOLS, key=len, reverse=True))) + r")\b"
_BETWEEN = r"(?:(?:have|had|also|then|now|just|already|successfully)\s+)*"
_THING = (
    r"(?:payment|order|transfer|refund|e-?mail|message|invoice|ticket|booking|deployment|file|"
    r"record|account|purchase)s?"
)
_CLAIMS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"\b(?:I|we)(?:['\u2019]ve)?\s+{_BETWEEN}{_VERB}",
        rf"\bsuccessfully\s+{_VERB}",
        rf"\b{_VERB}\s+successfully\b",
        rf"\b{_THING}\b[^.\n]{{0,80}}?\b(?:has|have)\s+(?:now\s+|just\s+|already\s+)?been\s+{_VERB}",
    )
)
_NOT = re.compile(
    r"\b(?:not|never|nothing|no|none|cannot|could|would|if)\b[^.\n]{0,30}$", re.IGNORECASE
)


def unfounded(result: AgentResult, ran: Iterable[ToolRun]) -> tuple[str, ...]:
    """The verbs of such claims; a call that failed did nothing, one in doubt may have."""
    done = [run.tool.lower() for run in ran if run.status is not RunStatus.FAILED]
    text = "\n".join((result.summary, *result.findings, result.full_text))
    return tuple(verb for verb in _claimed(text) if not any(_did(tool, verb) for tool in done))


def _claimed(text: str) -> list[str]:
    found = {
        match["verb"].lower(): None
        for pattern in _CLAIMS
        for match in pattern.finditer(text)
        if not _NOT.search(text, max(0, match.start() - 60), match.start())
    }
    return sorted(found)


def _did(tool: str, verb: str) -> bool:
    """By the words in its name; a tool whose name says nothing of the kind may do anything."""
    if any(word in tool for word in _TOOLS[verb]):
        return True
    return not any(word in tool for words in _TOOLS.values() for word in words)
