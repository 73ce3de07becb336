"""Random tables, written as people's programs write them, for whoever reads them back.

`random_case(seed)` gives the bytes and what must be read: names, and rows of values.
"""

import random
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

ENCODINGS = ("utf-8", "utf-8", "utf-8", "utf-8-sig", "utf-16", "cp1252", "cp1252")
DELIMITERS = (",", ",", ";", ";", "\t", "|")
ORDERS = ("%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%Y/%m/%d", "%b %d, %Y")
PREAMBLES = ("Report of 2025-01-06", "Sales by region", "Umsätze Ost", "Exported by the system")
WORDS = [
    "north",
    "south",
    "east",
    "west",
    "Zürich",
    "Café",
    "Señor",
    "Köln",
    "plain",
    "name",
    "item",
    "alpha",
    "beta",
    "gamma",
]
TEXTS = ("{w} {n}", "{w}, {w}", "{w}; {w}", '{w} "{w}"', "{w}", "{w} & co", "{w}\n{w}", "it's {w}")
MISSING = ("", "NA", "n/a", "-", "#N/A", "NULL")


@dataclass(frozen=True)
class Dialect:
    """How one file is written."""

    delimiter: str
    decimal: str
    grouping: str
    order: str
    encoding: str
    newline: str
    missing: str
    preamble: tuple[str, ...]
    footer: str
    sep_line: bool
    quote_all: bool
    currency: str
    parentheses: bool


@dataclass(frozen=True)
class Case:
    """One file and what is in it; values are None, str, int, float or date."""

    content: bytes
    names: tuple[str, ...]
    kinds: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    dialect: Dialect


def random_case(seed: int) -> Case:
    """The same for the same seed."""
    rng = random.Random(seed)
    dialect = _dialect(rng)
    width = rng.randint(2, 8)
    kinds = tuple(
        rng.choice(("int", "float", "float", "date", "text", "id", "truth")) for _ in range(width)
    )
    names = tuple(_name(rng, at, kind) for at, kind in enumerate(kinds))
    makers = [_maker(rng, kind) for kind in kinds]
    count = rng.randint(3, 40)
    rows = [tuple(_cell(rng, make) for make in makers) for _ in range(count)]
    rows[:2] = [_with_truths(row, kinds, bool(at)) for at, row in enumerate(rows[:2])]
    rows = [row if any(v is not None for v in row) else (*row[:-1], makers[-1]()) for row in rows]
    return Case(_written(rng, dialect, names, kinds, rows), names, kinds, tuple(rows), dialect)


def _dialect(rng: random.Random) -> Dialect:
    delimiter = rng.choice(DELIMITERS)
    decimal = rng.choice(".,") if delimiter != "," else rng.choice("...,")
    grouping = rng.choice(("", "", "", "," if decimal == "." else ".", " ", "'", "\u00a0"))
    footer = rng.choice(("", "", "", "total", "note", "count"))
    return Dialect(
        delimiter=delimiter,
        decimal=decimal,
        grouping=grouping,
        order=rng.choice(ORDERS),
        encoding=rng.choice(ENCODINGS),
        newline=rng.choice(("\n", "\r\n", "\n", "\r")),
        missing=rng.choice(MISSING),
        preamble=tuple(rng.sample(PREAMBLES, rng.choice((0, 0, 0, 1, 2)))),
        footer=footer,
        sep_line=rng.random() < 0.08,
        quote_all=rng.random() < 0.15,
        currency=rng.choice(("", "", "", "", "€", "$", "EUR")),
        parentheses=rng.random() < 0.1,
    )


def _name(rng: random.Random, at: int, kind: str) -> str:
    base = {"int": "count", "float": "amount", "date": "day", "text": "place", "id": "account"}
    form = rng.choice(("{b}{n}", "{b} {n}", "{b}, {n}", "{b}\n{n}", "Größe {b} {n}", "{b}_{n}"))
    return form.format(b=base.get(kind, "flag"), n=at + 1)


def _maker(rng: random.Random, kind: str) -> Any:
    if kind == "int":
        top = rng.choice((9, 100, 5_000, 10**7, 10**12))
        return lambda: rng.randint(-top if top > 9 else 0, top)
    if kind == "float":
        digits, top = rng.choice((1, 2, 2, 3, 4)), rng.choice((1, 100, 50_000, 10**7))
        return lambda: round(rng.uniform(-top, top), digits)
    if kind == "date":
        begin = date(rng.randint(1990, 2030), 1, 1)
        return lambda: begin + timedelta(days=rng.randint(0, 3_000))
    if kind == "id":
        size = rng.randint(4, 9)
        return lambda: f"0{rng.randint(0, 10 ** (size - 1) - 1):0{size - 1}}"
    if kind == "truth":
        return lambda: rng.random() < 0.5
    form = rng.choice(TEXTS)
    return lambda: (
        form.replace("{n}", str(rng.randint(1, 99))).replace("{w}", "%s")
        % tuple(rng.choice(WORDS) for _ in range(form.count("{w}")))
    )


def _with_truths(row: tuple[Any, ...], kinds: tuple[str, ...], value: bool) -> tuple[Any, ...]:
    """Both values occur: a column of nothing but "ja" is a text."""
    return tuple(value if kind == "truth" else v for kind, v in zip(kinds, row, strict=True))


def _cell(rng: random.Random, make: Any) -> Any:
    return None if rng.random() < 0.06 else make()


def _written(
    rng: random.Random,
    dialect: Dialect,
    names: tuple[str, ...],
    kinds: tuple[str, ...],
    rows: list[tuple[Any, ...]],
) -> bytes:
    yes_no = rng.choice((("true", "false"), ("yes", "no"), ("TRUE", "FALSE"), ("ja", "nein")))
    lines = [*dialect.preamble]
    if dialect.sep_line:
        lines = [f"sep={dialect.delimiter}"]
    lines.append(dialect.delimiter.join(_quoted(dialect, name) for name in names))
    for row in rows:
        cells = [_text(dialect, kind, v, yes_no) for kind, v in zip(kinds, row, strict=True)]
        lines.append(dialect.delimiter.join(_quoted(dialect, cell) for cell in cells))
    lines += _footer(dialect, kinds, rows)
    end = dialect.newline if rng.random() < 0.8 else ""
    text = dialect.newline.join(lines) + end
    return text.encode(dialect.encoding)


def _footer(dialect: Dialect, kinds: tuple[str, ...], rows: list[tuple[Any, ...]]) -> list[str]:
    if dialect.footer == "total" and kinds[0] == "text":
        sums = [
            _number(dialect, kind, sum(r[at] or 0 for r in rows))
            if kind in {"int", "float"}
            else ""
            for at, kind in enumerate(kinds)
        ]
        return [dialect.delimiter.join(_quoted(dialect, cell) for cell in ["Total", *sums[1:]])]
    if dialect.footer == "note":
        return ["", "Source: own figures"]
    return [f"({len(rows)} rows)"] if dialect.footer == "count" else []


def _text(dialect: Dialect, kind: str, value: Any, yes_no: tuple[str, str]) -> str:
    if value is None:
        return dialect.missing
    if isinstance(value, bool):
        return yes_no[0] if value else yes_no[1]
    if isinstance(value, date):
        return value.strftime(dialect.order)
    if isinstance(value, int | float):
        return _number(dialect, kind, value)
    return str(value)


def _number(dialect: Dialect, kind: str, value: float) -> str:
    plain = f"{abs(value):,}" if dialect.grouping else f"{abs(value)}"
    if isinstance(value, float):
        plain = f"{abs(value):,.10f}".rstrip("0").rstrip(".") if dialect.grouping else plain
        plain = f"{abs(value):.10f}".rstrip("0").rstrip(".") if "e" in plain else plain
    plain = plain.replace(",", "\0").replace(".", dialect.decimal).replace("\0", dialect.grouping)
    if kind == "float" and dialect.currency:
        plain = (
            f"{dialect.currency}{plain}"
            if dialect.currency == "$"
            else f"{plain} {dialect.currency}"
        )
    if value < 0:
        return f"({plain})" if dialect.parentheses else f"-{plain}"
    return plain


def _quoted(dialect: Dialect, cell: str) -> str:
    special = (dialect.delimiter, '"', "\n", "\r")
    if (dialect.quote_all and cell) or any(sign in cell for sign in special):
        return '"' + cell.replace('"', '""') + '"'
    return cell
