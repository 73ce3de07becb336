"""Payments that a file or a text asks for, and payment orders. No bank is connected."""

import math
import re
import uuid
from typing import Any

from google.adk.tools.tool_context import ToolContext

from agents.errors import AgentError, UnusableInput
from agents.inputs.decoding import decode
from agents.inputs.hints import Hints
from agents.inputs.table import is_table, open_table
from agents.journal.idempotency import idempotency_key
from agents.journal.repeatable import idempotent, reads
from agents.samples.tools.input_files import InputTools, asked_hints
from workflows.messages.base import Frozen

MOST_PAYMENTS = 20
_TO = ("to", "payee", "recipient", "name", "supplier")
_AMOUNT = ("amount", "total", "sum", "value")
_REASON = ("reason", "purpose", "invoice", "reference", "note")
_LINE = re.compile(
    r"pay\s+(?P<amount>[\d][\d,.' ]*)\s*(?P<currency>[A-Z]{3}|€|\$|£)\s+to\s+"
    r"(?P<to>[^\n,;]+?)(?:\s+for\s+(?P<reason>[^\n;]+?))?\s*\.?\s*$",
    re.IGNORECASE | re.MULTILINE,
)
_SIGNS = {"€": "EUR", "$": "USD", "£": "GBP"}


class Payment(Frozen):
    """One payment somebody asks for."""

    to: str
    amount: float
    currency: str = "EUR"
    reason: str = ""


class PaymentTools(InputTools):
    """The input tools, and those that read and order payments."""

    @reads
    async def read_payments(self, file: str, tool_context: ToolContext) -> dict[str, Any]:
        """Read the payments a file asks for: a table with payee and amount, or lines of text such
        as "Pay 120.50 EUR to Ann Meyer for invoice 17".

        Args:
            file: the name of the input file.
        """
        try:
            content, media_type = await self.load(file, tool_context)
            found = payments_in(file, content, media_type, asked_hints(tool_context))
        except AgentError as error:
            return {"error": error.sentence}
        return {"file": file, "payments": [payment.model_dump() for payment in found]}

    @idempotent
    async def order_payment(
        self, to: str, amount: float, currency: str, reason: str
    ) -> dict[str, Any]:
        """Order one payment. People decide on each order before it is made.

        Args:
            to: who is paid.
            amount: how much, in the currency's main unit.
            currency: three letters.
            reason: what for.
        """
        if not math.isfinite(amount) or amount <= 0:
            return {"error": f"{amount} is no amount that can be paid."}
        # The number comes from the call's key: the same call is the same order, another is not.
        number = (idempotency_key() or uuid.uuid4().hex)[:12]
        return {"order": f"PO-{number}", "to": to, "amount": amount, "currency": currency}


def payments_in(
    file: str, content: bytes, media_type: str = "", hints: Hints | None = None
) -> list[Payment]:
    """At most twenty payments; raises UnusableInput when there are none or more, or when an amount
    can be read in two ways."""
    if is_table(file, media_type, content):
        found = _from_table(file, content, media_type, hints)
    else:
        found = _from_text(file, decode(file, content).text)
    if not found:
        raise UnusableInput(
            f"No payments found in {file}. Give a table with the columns to and amount, or lines "
            'such as "Pay 120.50 EUR to Ann Meyer for invoice 17".'
        )
    if len(found) > MOST_PAYMENTS:
        raise UnusableInput(f"{file} asks for {len(found)} payments. Send {MOST_PAYMENTS} at most.")
    return found


def _from_table(file: str, content: bytes, media_type: str, hints: Hints | None) -> list[Payment]:
    with open_table(file, content, media_type, hints) as table:
        names = [name for name, _ in table.columns()]
        rows = table.query(f"SELECT * FROM data LIMIT {MOST_PAYMENTS + 1}")  # noqa: S608 (a constant)
    to, amount = _find(names, _TO), _find(names, _AMOUNT)
    if to is None or amount is None:
        return []
    name = names[amount]
    if name in table.unclear:
        _refuse_two_ways(file, f"the column {name}")
    made = f"{name} currency".lower()
    currency, reason = _find(names, ("currency", made)), _find(names, _REASON)
    for row in rows:
        _refuse_thousands(file, row[amount])
    found = [
        _payment(
            row[to],
            row[amount],
            row[currency] if currency is not None else table.units.get(name, "EUR"),
            row[reason] if reason is not None else "",
        )
        for row in rows
    ]
    return [payment for payment in found if payment is not None]


def _find(names: list[str], wanted: tuple[str, ...]) -> int | None:
    lowered = [name.strip().lower() for name in names]
    return next((lowered.index(name) for name in wanted if name in lowered), None)


def _refuse_thousands(file: str, amount: Any) -> None:
    """In text, 1.234 of a currency is a thousand to some and little more than one to others."""
    if isinstance(amount, str) and re.fullmatch(r"\d{1,3}\.\d{3}", amount.strip()):
        _refuse_two_ways(file, f"the amount “{amount.strip()}”")


def _refuse_two_ways(file: str, what: str) -> None:
    raise UnusableInput(
        f"{file}: {what} can be read in two ways, as thousands or with decimals. Write amounts "
        "with two decimals, such as 1234.00, and send it again."
    )


def _from_text(file: str, text: str) -> list[Payment]:
    for match in _LINE.finditer(text):
        _refuse_thousands(file, match["amount"])
    found = [
        _payment(match["to"], match["amount"], match["currency"], match["reason"])
        for match in _LINE.finditer(text)
    ]
    return [payment for payment in found if payment is not None]


def _payment(to: Any, amount: Any, currency: Any, reason: Any) -> Payment | None:
    number = amount_of(amount)
    if not to or number is None:
        return None
    sign = str(currency or "EUR").strip().upper()
    return Payment(
        to=" ".join(str(to).split()),
        amount=number,
        currency=_SIGNS.get(sign, sign),
        reason=" ".join(str(reason or "").split()),
    )


def amount_of(text: Any) -> float | None:
    """1,250.50 and 1.250,50 and 1'250.5 as numbers; nothing for what is none."""
    plain = re.sub(r"[' ]", "", str(text))
    if re.fullmatch(r"\d{1,3}(\.\d{3})*,\d{1,2}", plain):
        plain = plain.replace(".", "").replace(",", ".")
    elif re.fullmatch(r"\d+,\d{1,2}", plain):
        plain = plain.replace(",", ".")
    plain = re.sub(r",(?=\d{3}(\D|$))", "", plain).rstrip(".,")
    try:
        value = float(plain)
    except ValueError:
        return None
    return value if math.isfinite(value) and value > 0 else None
