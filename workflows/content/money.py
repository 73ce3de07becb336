"""Amounts of money in tool calls, exactly as they run: nothing here rounds.

An amount is a number argument that is named so, beside a currency argument.
"""

import decimal
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

AMOUNTS = ("amount", "total", "sum", "price")
CURRENCY = "currency"
CENTS = 2
_EXACT = decimal.Context(prec=1_500)
"""Enough for the sum of the largest and the smallest float."""


class Money(NamedTuple):
    """So much of a currency."""

    amount: Decimal
    currency: str

    def __str__(self) -> str:
        return f"{plain(self.amount)} {self.currency}"


def amount_name(arguments: Mapping[str, Any]) -> str:
    """The argument that is an amount of money; empty when there is none."""
    if not isinstance(arguments.get(CURRENCY), str) or not arguments[CURRENCY].strip():
        return ""
    return next((name for name in AMOUNTS if _is_number(arguments.get(name))), "")


def money_in(arguments: Mapping[str, Any]) -> Money | None:
    """The amount a call is about, if it is about one."""
    name = amount_name(arguments)
    return Money(exact(arguments[name]), arguments[CURRENCY].strip()) if name else None


def amount_problem(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """Why an edit of these arguments is refused: it makes an amount of money that is nothing."""
    for name in {amount_name(before), amount_name(after)} - {""}:
        value = after.get(name)
        if not isinstance(value, int | float) or value == before.get(name):
            continue
        if value <= 0:
            return f"{name} has to be more than 0, else no money is meant. Reject it instead."
    return ""


def totals(found: Iterable[Money]) -> tuple[Money, ...]:
    """One sum for each currency, in the order they come."""
    sums: dict[str, Decimal] = {}
    for money in found:
        sums[money.currency] = _EXACT.add(sums.get(money.currency, Decimal(0)), money.amount)
    return tuple(Money(amount, currency) for currency, amount in sums.items())


def exact(number: float) -> Decimal:
    """The number as it is written: 18.9 and not 18.899999999999998579."""
    return Decimal(repr(number))


def plain(amount: Decimal) -> str:
    """`2,010.50`: thousands apart, two decimals at least, and as many as there are."""
    whole, _, fraction = f"{amount:,f}".partition(".")
    return f"{whole}.{fraction.ljust(CENTS, '0')}"


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
