"""The type of each column of a table of text, found from all its values and from its neighbours.

What two readings are possible for is decided by what people said, then by other columns of the
file, then by custom; and it is said whenever the values alone did not decide.
"""

from collections.abc import Sequence

import duckdb

from agents.inputs.columns import column_sql as sql
from agents.inputs.columns.cells import MISSING, SIGNS
from agents.inputs.columns.date_notation import dates_of, is_date
from agents.inputs.columns.date_order import decide_orders
from agents.inputs.columns.inferred import MISSING_SAID, ColumnType, Inferred, few
from agents.inputs.columns.number_notation import (
    NumberNotation,
    is_padded,
    notation_of,
    shape_of,
    unit_name,
)
from agents.inputs.hints import Hints

MOST_SHAPES = 2_000
"""A column with more of them is text: numbers and dates have a few."""
NEARLY = 0.6
"""From this share of numbers or dates on it is said why a column was kept as text."""
_MISSING = {word.replace("0", "ø"): word for word in MISSING}
"""By their shapes."""
# fmt: off
_TRUTHS = (("true", "false"), ("yes", "no"), ("y", "n"), ("t", "f"), ("ja", "nein"),
           ("oui", "non"), ("sí", "no"), ("si", "no"), ("sì", "no"), ("wahr", "falsch"),
           ("vrai", "faux"), ("on", "off"))
# fmt: on
_ALONE = ("true", "wahr", "vrai")


def infer(
    database: duckdb.DuckDBPyConnection,
    names: Sequence[tuple[int, str]],
    hints: Hints,
    *,
    separator: str = ",",
    exact: frozenset[int] = frozenset(),
) -> Inferred:
    """Look at columns of the table `raw` (c0, c1, ...), given by number and name.

    `exact` are columns whose numbers a program wrote: they have a decimal point.
    """
    found = Inferred([_seen(database, at, name) for at, name in names])
    for column in found.columns:
        _classify(column)
    _decide_decimals(found, hints, separator, exact)
    decide_orders(database, found, hints)
    for column in found.columns:
        _write(database, found, column)
    _say_missing(found)
    if found.kept_as_text:
        found.said.append(f"{few(found.kept_as_text)} kept as text")
    return found


def _seen(database: duckdb.DuckDBPyConnection, at: int, name: str) -> ColumnType:
    """Its shapes, with a value and a count of each; none for a column of too many."""
    rows = database.execute(
        f"SELECT {sql.shape(f'c{at}')} AS s, count(*), min({sql.trimmed(f'c{at}')}) FROM raw "  # noqa: S608 (names of ours)
        f"WHERE c{at} IS NOT NULL GROUP BY 1 LIMIT {MOST_SHAPES + 1}"
    ).fetchall()
    missing = {_MISSING[shape]: int(count) for shape, count, _ in rows if shape in _MISSING}
    if len(rows) > MOST_SHAPES:
        rows, missing = [], _missing_in(database, at)
    kept = [row for row in rows if row[0] not in _MISSING]
    shapes = {shape: value for shape, _, value in kept}
    counts = {shape: int(count) for shape, count, _ in kept}
    return ColumnType(at, name, shapes, counts, missing)


def _missing_in(database: duckdb.DuckDBPyConnection, at: int) -> dict[str, int]:
    value = sql.trimmed(f"c{at}")
    words = ", ".join(map(sql.text, MISSING))
    rows = database.execute(
        f"SELECT {value}, count(*) FROM raw WHERE {value} IN ({words}) GROUP BY 1"  # noqa: S608
    ).fetchall()
    return {str(word): int(count) for word, count in rows}


def _classify(column: ColumnType) -> None:
    words = {shape.lower() for shape in column.shapes}
    for yes, no in _TRUTHS:
        if words and words <= {yes, no} and (len(words) == 2 or yes in _ALONE):
            column.truth = yes
            return
    column.dates = dates_of(column.shapes)
    if column.dates is None:
        column.numbers = notation_of(column.shapes)


def _decide_decimals(found: Inferred, hints: Hints, separator: str, exact: frozenset[int]) -> None:
    columns = [column for column in found.columns if column.numbers and column.at not in exact]
    proven = {c.numbers.decimal for c in columns if c.numbers and c.numbers.proven}
    usual = hints.decimal or (proven.pop() if len(proven) == 1 else "")
    for column in found.columns:
        notation = column.numbers
        if notation is None or notation.is_plain:
            continue
        if column.at in exact:
            column.numbers = notation.read_with(".")
        elif not notation.proven:
            decimal = usual or _custom(notation, separator)
            column.numbers = notation.read_with(decimal)
            if notation.ambiguous and not hints.decimal:
                _say_unclear(found, column, decided=bool(usual))
    _say_decimals(found, exact, hints)


def _custom(notation: NumberNotation, separator: str) -> str:
    """1.234 is a bit more than one; 1,234 is a thousand, unless commas are for decimals there.

    Beside a whole number below a thousand both are thousands: fractions rarely come to nothing.
    """
    if any(len(shape.core) <= 3 and shape.core.isalnum() for shape in notation.shapes):
        return "." if "," in notation.example else ","
    commas = "," in notation.example
    return "," if commas and separator == ";" else "."


def _say_unclear(found: Inferred, column: ColumnType, *, decided: bool) -> None:
    assert column.numbers is not None
    example, decimal = column.numbers.example, column.numbers.decimal
    mark = "," if "," in example else "."
    thousands = "".join(sign for sign in example if sign.isdigit() or sign == "-")
    fraction = example.replace(",", ".")
    one, other = f"{thousands} (thousands)", f"{fraction} (decimals)"
    first, second = (other, one) if mark == decimal else (one, other)
    why = ", as in other columns" if decided else ""
    found.notes.append(
        f"{column.name} can be read in two ways: {example} was read as {first}{why}; it could be "
        f"{second}. Say “decimal comma” or “decimal point” to correct it."
    )
    if not decided:
        found.unclear[column.name] = "decimals"


def _say_decimals(found: Inferred, exact: frozenset[int], hints: Hints) -> None:
    by_mark: dict[str, list[str]] = {}
    for column in found.columns:
        if column.numbers and not column.numbers.is_plain and column.at not in exact:
            by_mark.setdefault(column.numbers.decimal, []).append(column.name)
    word = {".": "decimal point", ",": "decimal comma"}
    unclear = [name for name, what in found.unclear.items() if what == "decimals"]
    doubt = f" (ambiguous: {few(unclear)})" if unclear else ""
    if len(by_mark) > 1:
        both = [f"{word[mark]} ({few(names)})" for mark, names in sorted(by_mark.items())]
        found.said.append(" and ".join(both) + doubt)
        found.notes.append("Columns of this file use different decimal marks; check its figures.")
    for mark in by_mark if len(by_mark) == 1 else ():
        found.said.append(word[mark] + doubt)
        if hints.decimal and mark != hints.decimal:
            found.notes.append(
                f"{few(by_mark[mark])} can only be read with a {word[mark]}, whatever was asked."
            )


def _write(database: duckdb.DuckDBPyConnection, found: Inferred, column: ColumnType) -> None:
    """The SQL of a column in its type, unless a value would be lost; then it stays text."""
    typed = _typed(found, column)
    kept = column.source
    if typed:
        lost = database.execute(
            f"SELECT count(*) FROM raw WHERE ({kept}) IS NOT NULL AND ({typed}) IS NULL"  # noqa: S608
        ).fetchall()[0][0]
        if not lost:
            found.select.append((typed, column.name))
            _write_unit(found, column)
            return
        what = "dates" if column.dates else "numbers"
        found.notes.append(
            f"{column.name} looks like {what}, but {lost} of its values are none; kept as text."
        )
        found.kept_as_text.append(column.name)
        column.dates = column.numbers = None
    elif column.shapes:
        _say_text(found, column)
    found.select.append((kept, column.name))


def _typed(found: Inferred, column: ColumnType) -> str:
    if column.truth:
        return sql.truth(column.source, column.truth)
    if column.dates:
        pairs = column.dates.orders.items()
        forms = [form for by, pair in pairs for form in pair[0 if column.day_first[by] else 1]]
        parsed = sql.date(column.source, column.dates, forms)
        if column.dates.short_years:
            found.notes.append(f"{column.name} has years of two digits: 00 to 68 are 2000 to 2068.")
        return parsed if column.dates.timed else f"({parsed})::DATE"
    if column.numbers and (kind := column.numbers.sql_type()):
        return sql.number(column.source, column.numbers, kind)
    if column.numbers:
        found.notes.append(f"{column.name} has numbers of more than 38 digits; kept as text.")
    return ""


def _write_unit(found: Inferred, column: ColumnType) -> None:
    if column.numbers is None:
        return
    units = column.numbers.units
    named = [unit for unit in units if unit]
    if len(units) == 1 and named:
        found.units[column.name] = named[0]
    elif named:
        names = {one.unit: unit_name(one.unit) for one in column.numbers.shapes}
        money = any(unit.isupper() or any(s in unit for s in SIGNS) for unit in named)
        name = f"{column.name} {'currency' if money else 'unit'}"
        if all(name != other.name for other in found.columns):
            found.select.append((sql.unit(column.source, names), name))
            found.notes.append(
                f"{column.name} mixes units ({', '.join(unit or 'none' for unit in units)}); the "
                f"column {name} was made of them, and figures are for each."
            )


def _say_text(found: Inferred, column: ColumnType) -> None:
    """Why what looks like numbers or dates was not read as such."""
    if column.both_orders:
        found.notes.append(
            f"{column.name} looks like dates, but some have the day first and some the month; "
            "kept as text."
        )
        found.kept_as_text.append(column.name)
        return
    numbers = {shape for shape in column.shapes if shape_of(shape)}
    dates = {shape for shape in column.shapes if is_date(shape)}
    if numbers == set(column.shapes) and is_padded(numbers):
        found.notes.append(
            f"{column.name} looks like numbers, but has leading zeros; kept as text."
        )
        return
    total = sum(column.counts.values())
    for what, fitting in (("numbers", numbers), ("dates", dates)):
        count = sum(column.counts[shape] for shape in fitting)
        if count >= NEARLY * total and count:
            _say_nearly(found, column, what, fitting, total - count)
            return


def _say_nearly(
    found: Inferred, column: ColumnType, what: str, fitting: set[str], others: int
) -> None:
    odd = next((v for shape, v in column.shapes.items() if shape not in fitting), "")
    if odd:
        why = f"{others} of its values are none (such as “{odd[:30]}”)"
    else:
        why = "its values are written in different ways, which exclude each other"
    found.notes.append(f"{column.name} looks like {what}, but {why}; kept as text.")
    found.kept_as_text.append(column.name)


def _say_missing(found: Inferred) -> None:
    words: dict[str, int] = {}
    for column in found.columns:
        for word, count in column.missing.items():
            words[word] = words.get(word, 0) + count
    if told := [f"“{word}” ({count})" for word, count in words.items() if word]:
        found.notes.append(f"{MISSING_SAID}{', '.join(told[:8])}.")
