"""In what unit or currency a column's numbers are, where another column of the table says so."""

import math
import re
from collections.abc import Sequence
from typing import Any

from agents.inputs.columns.cells import CURRENCIES, SIGNS
from agents.inputs.table import NotComputable, Table, quoted
from agents.samples.tools.column import Column, number

MOST_UNITS = 8
NONE = "none given"
_CURRENCY = re.compile(r"(?:^|[\W_]|(?<=[a-z]))(?:currency|ccy)(?:[\W_]?code)?$", re.IGNORECASE)
_UNIT = {"unit", "units", "uom", "unit of measure"}
_COUNTED = re.compile(
    r"(?:^|[\W_])(?:qty|quantity|count|pieces|items|days|hours|minutes|age|percent|pct|rate|share|"
    r"score|rank|weight|length|year|month|day)s?$",
    re.IGNORECASE,
)


def in_units(table: Table, columns: Sequence[Column]) -> tuple[Column, ...]:
    """The columns, each measure with its unit; one with several units in parts, and no figure over
    all of them: euros and francs have no common average."""
    return tuple(_in_unit(table, columns, column) for column in columns)


def _in_unit(table: Table, columns: Sequence[Column], column: Column) -> Column:
    saying = _saying(columns, column) if column.is_measure else None
    if saying is None:
        return _written_beside(table, column)
    parts = _parts(table, column, saying)
    if len(parts) == 1 and parts[0].unit != NONE:
        return column.model_copy(update={"unit": parts[0].unit, "total": parts[0].total})
    return column.model_copy(
        update={
            "parts": parts,
            "unit_column": saying.name,
            "low": "",
            "high": "",
            **dict.fromkeys(("mean", "deviation", "q25", "median", "q75")),
        }
    )


def _written_beside(table: Table, column: Column) -> Column:
    """With the unit that stands in every cell of it, and the total where that is a currency."""
    unit = table.units.get(column.name, "")
    money = unit in CURRENCIES or any(sign in unit for sign in SIGNS)
    if not unit or column.kind != "number":
        return column
    total = _total(table, column) if money and not table.is_sample else None
    return column.model_copy(update={"unit": unit, "total": total})


def _total(table: Table, column: Column) -> float | None:
    try:
        found = table.query(f"SELECT sum({quoted(column.name)})::DOUBLE FROM data")[0][0]  # noqa: S608
    except NotComputable:
        return None
    return float(f"{found:.15g}") if found is not None and math.isfinite(found) else None


def _saying(columns: Sequence[Column], measure: Column) -> Column | None:
    """The column that says this measure's unit: one with its name first, then one for the table."""
    texts = [column for column in columns if column.kind == "text" and column.top]
    own = [c for c in texts if _stem(c.name) == _words(measure.name) and _says_unit(c)]
    if own:
        return own[0]
    general = [c for c in texts if not _is_of_another(c, columns)]
    units = [c for c in general if _words(c.name) in _UNIT]
    money = [c for c in general if is_currency(c)]
    return next(iter(units or (money if not _COUNTED.search(measure.name) else [])), None)


def _is_of_another(column: Column, columns: Sequence[Column]) -> bool:
    """`price_currency` beside `price` says nothing about `weight`."""
    return any(_stem(column.name) == _words(c.name) for c in columns if c.kind == "number")


def is_currency(column: Column) -> bool:
    """By its name, or because it holds nothing but codes of currencies."""
    codes = {item.value.upper() for item in column.top}
    return bool(_CURRENCY.search(column.name)) or (
        bool(codes) and column.distinct == len(column.top) and codes <= CURRENCIES
    )


def _says_unit(column: Column) -> bool:
    last = _words(column.name).rpartition(" ")[2]
    return last in _UNIT or is_currency(column)


def _words(name: str) -> str:
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    return " ".join(re.findall(r"[a-z0-9]+", spaced.lower()))


def _stem(name: str) -> str:
    """`amount` for `amount_currency` and `amountUnit`; empty for `currency`."""
    return re.sub(r" ?(currency|ccy|unit|units|uom)( code)?$", "", _words(name))


def _parts(table: Table, column: Column, saying: Column) -> tuple[Column, ...]:
    value, by = quoted(column.name), quoted(saying.name)
    sql = (
        f"SELECT {by}::VARCHAR, count(*), count({value}), count(DISTINCT {value}), "  # noqa: S608 (quoted names)
        f"min({value})::VARCHAR, max({value})::VARCHAR, sum({value})::DOUBLE, avg({value})::DOUBLE,"
        f" stddev({value}::DOUBLE), quantile_cont({value}::DOUBLE, [0.25, 0.5, 0.75]) FROM data "
        f"GROUP BY 1 ORDER BY 3 DESC, 1 LIMIT {MOST_UNITS}"
    )
    rows = [row for row in table.query(sql) if row[2]]
    return tuple(_part(column, row, is_money=is_currency(saying)) for row in rows)


def _part(column: Column, row: tuple[Any, ...], *, is_money: bool) -> Column:
    unit, rows, present, distinct, low, high, total, mean, deviation, quartiles = row
    q25, median, q75 = quartiles or (None, None, None)
    return Column(
        name=column.name,
        type=column.type,
        kind=column.kind,
        unit=(unit or "").strip()[:20] or NONE,
        rows=rows,
        missing=rows - present,
        missing_percent=round(100 * (rows - present) / rows, 2),
        distinct=distinct,
        low=low or "",
        high=high or "",
        total=float(f"{total:.15g}") if is_money and total is not None else None,
        mean=number(mean),
        deviation=number(deviation),
        q25=number(q25),
        median=number(median),
        q75=number(q75),
    )
