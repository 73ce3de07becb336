"""What a single cell looks like, before its column's notation is known."""

import re

MISSING = (
    *("", "NA", "N/A", "n/a", "NaN", "nan", "NULL", "null", "None", "none", "NIL", "nil"),
    *("#N/A", "#N/A N/A", "#NA", "#NV", "#VALUE!", "#REF!", "#DIV/0!", "#NUM!", "#NAME?", "#NULL!"),
    *("#WERT!", "#BEZUG!", "#ZAHL!", "#BEZUG", "-", "--", "---", "\u2013", "\u2014", "\u2212"),
    *(".", "..", "...", "\u2026", "?", "k.A.", "k. A.", "n.a.", "N.A.", "n. a.", "-nan", "<NA>"),
    *("\\N", "(null)", "(blank)", "(empty)", "n.v.", "n/v", "NaT"),
)
"""What people and programs write where there is nothing."""
SIGNS = "$€£¥₹₽₩₺₴₪฿₫₱₦₡₲"
# fmt: off
CURRENCIES = frozenset({
    "AED", "ARS", "AUD", "BGN", "BRL", "CAD", "CHF", "CLP", "CNY", "COP", "CZK", "DKK", "EGP",
    "EUR", "GBP", "HKD", "HUF", "IDR", "ILS", "INR", "ISK", "JPY", "KES", "KRW", "MAD", "MXN",
    "MYR", "NGN", "NOK", "NZD", "PEN", "PHP", "PKR", "PLN", "RON", "RSD", "RUB", "SAR", "SEK",
    "SGD", "THB", "TRY", "TWD", "UAH", "USD", "VND", "ZAR",
})
# fmt: on
SPACES = " \u00a0\u202f\u2009"
_MISSING = frozenset(MISSING)
_UNIT = rf"(?:[A-Z]{{0,3}}[{SIGNS}]|[A-Z]{{3}}|zł|kr\.?|Kč|Ft|lei|Fr\.|%|‰)"
NUMBER = re.compile(
    rf"\(?[+\-\u2212]?[{SPACES}]?{_UNIT}?[{SPACES}]?[+\-\u2212]?"
    rf"(?:\d[\d{SPACES}'\u2019.,]*|[.,]\d+)(?:[eE][+-]?\d+)?[{SPACES}]?{_UNIT}?[+\-\u2212]?\)?"
)
DATE = re.compile(
    r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}\b.{0,20}"
    r"|\d{1,2}[ .-]{1,2}[A-Za-z]{3,9}\.?[ ,.-]{1,2}\d{2,4}.{0,12}"
    r"|[A-Za-z]{3,9}\.? \d{1,2},? \d{4}.{0,12}"
)
TOTAL = re.compile(
    r"(?:grand |sub|sub-|overall |running )?totals?(?: general| général| geral| sum)?|total[ei]?|"
    r"sums?|summen?|gesamt(?:summe|betrag)?|zwischensumme|insgesamt|somma|suma|soma|итого|всего|合計|"
    r"総計|总计|合计|averages?|mittelwert|durchschnitt|moyenne|media",
    re.IGNORECASE,
)


def is_missing(cell: str) -> bool:
    """Whether it stands for nothing."""
    return cell.strip() in _MISSING


def is_typed(cell: str) -> bool:
    """Whether it looks like a number or a date."""
    plain = cell.strip()
    return bool(NUMBER.fullmatch(plain) or DATE.fullmatch(plain))


def is_total(cell: str) -> bool:
    """Whether it is what people write beside a sum."""
    return bool(TOTAL.fullmatch(cell.strip().rstrip(": ").rstrip()))
