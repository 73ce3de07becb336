"""A set of tool calls in words made by code: what it is called, and what high risk has to type."""

import re
from collections.abc import Sequence

from workflows.money import Money, money_in, plain, totals
from workflows.results import ProposedCall

HEADING = 140
TOOLS_NAMED = 4
_NOUNS = frozenset({"payment", "transfer", "refund", "payout", "deposit", "order", "invoice"})
_TYPABLE = re.compile(r"[^\W_](?:[\w .,&/+-]{0,38}[\w.])?")
_NUMERIC = re.compile(r"-?\d")


def heading(calls: Sequence[ProposedCall]) -> str:
    """`3 payments: 2,010.50 EUR + 640.00 CHF`, `2 actions: restart_service, delete_backups`."""
    if not calls:
        return ""
    sums = total(calls)
    words = _named(calls, countable=bool(sums))
    if sums:
        words += ": " + " + ".join(map(str, sums))
    return words if len(words) <= HEADING else words[: HEADING - 1] + "…"


def total(calls: Sequence[ProposedCall]) -> tuple[Money, ...]:
    """What all of them amount to, by currency; empty unless each is about money."""
    found = [money_in(call.arguments) for call in calls]
    amounts = [money for money in found if money is not None]
    return totals(amounts) if len(amounts) == len(calls) else ()


def phrase(calls: Sequence[ProposedCall]) -> str:
    """What shows that somebody read the calls: the totals, else the first short text in them."""
    if sums := total(calls):
        return " + ".join(plain(money.amount) for money in sums)
    texts = [v for call in calls for v in call.arguments.values() if isinstance(v, str)]
    texts += [call.tool for call in calls]
    return next((text for text in texts if _TYPABLE.fullmatch(text)), "approve")


def typed_rightly(typed: str, wanted: str) -> bool:
    """Whether somebody typed the phrase; for figures, thousands and blanks need no marks."""
    if typed.strip().casefold() == wanted.casefold():
        return True
    return bool(_NUMERIC.match(wanted)) and _figures(typed) == _figures(wanted)


def _figures(text: str) -> str:
    return re.sub(r"[\s,]", "", text)


def _named(calls: Sequence[ProposedCall], *, countable: bool) -> str:
    count, tools = len(calls), list(dict.fromkeys(call.tool for call in calls))
    if tools == [""]:
        return "a question of the agent" if count == 1 else f"{count} questions of the agent"
    if len(tools) > 1:
        named = ", ".join(tool or "a question" for tool in tools[:TOOLS_NAMED])
        return f"{count} actions: {named}{', …' * (len(tools) > TOOLS_NAMED)}"
    noun = tools[0].rpartition("_")[2]
    if countable and noun in _NOUNS:
        return f"{count} {noun}{'s' * (count > 1)}"
    return tools[0] if count == 1 else f"{tools[0]}, {count} times"
