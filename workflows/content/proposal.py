"""A set of tool calls in words made by code: what it is called, and what high risk has to type."""

import re
from collections.abc import Sequence

from workflows.content.money import Money, money_in, plain, totals
from workflows.messages.results import ProposedCall

HEADING = 140
TOOLS_NAMED = 4
PHRASE = 60
"""A longer one is too much to type; a label that asks for it would be cut."""
_NOUNS = frozenset({"payment", "transfer", "refund", "payout", "deposit", "order", "invoice"})
_TYPABLE = re.compile(r"[^\W_](?:[\w .,&/+-]{0,38}[\w.])?")
_TYPABLE_CURRENCY = re.compile(r"[^\W\d_]{1,10}")
_SUM = re.compile(r"(-?(?:[0-9]{1,3}(?:[, ][0-9]{3})+|[0-9]+)(?:\.[0-9]+)?)\s*([^\W\d_]{0,10})")


def heading(calls: Sequence[ProposedCall]) -> str:
    """`3 payments: 2,010.50 EUR + 640.00 CHF`, `2 actions: restart_service, delete_backups`."""
    if not calls:
        return ""
    sums = total(calls) or _amounts(calls)
    words = _named(calls, countable=bool(sums))
    if sums:
        words += ": " + " + ".join(map(str, sums))
    return words if len(words) <= HEADING else words[: HEADING - 1] + "…"


def total(calls: Sequence[ProposedCall]) -> tuple[Money, ...]:
    """What all of them amount to, by currency; empty unless each moves some money.

    An amount of nothing or less makes no total: taken off the others, it would hide them.
    """
    amounts = _amounts(calls)
    return totals(amounts) if all(money.amount > 0 for money in amounts) else ()


def phrase(calls: Sequence[ProposedCall]) -> str:
    """What shows that somebody read the calls: the totals, else the first short text in them."""
    if sums := total(calls) or _amounts(calls):
        named = all(_TYPABLE_CURRENCY.fullmatch(money.currency) for money in sums)
        words = " + ".join(str(money) if named else plain(money.amount) for money in sums)
        if len(words) <= PHRASE:
            return words
    texts = [v for call in calls for v in call.arguments.values() if isinstance(v, str)]
    texts += [call.tool for call in calls]
    return next((text for text in texts if _TYPABLE.fullmatch(text)), "approve")


def typed_rightly(typed: str, wanted: str) -> bool:
    """Whether somebody typed the phrase; figures need no marks for thousands, and no currency."""
    if typed.strip().casefold() == wanted.strip().casefold():
        return True
    said, meant = _sums(typed), _sums(wanted)
    return bool(meant) and len(said) == len(meant) and all(map(_means, said, meant))


def _amounts(calls: Sequence[ProposedCall]) -> tuple[Money, ...]:
    """The amount of each; empty unless each has one."""
    found = [money_in(call.arguments) for call in calls]
    amounts = tuple(money for money in found if money is not None)
    return amounts if len(amounts) == len(calls) else ()


def _sums(text: str) -> list[tuple[str, str]]:
    """`2,010.50 EUR + 640` as figures without marks and the currency; empty for other texts."""
    found = [_SUM.fullmatch(part.strip()) for part in text.split("+")]
    if not all(found):
        return []
    return [(re.sub(r"[\s,]", "", one[1]), one[2].casefold()) for one in found if one]


def _means(said: tuple[str, str], meant: tuple[str, str]) -> bool:
    return said[0] == meant[0] and said[1] in {"", meant[1]}


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
