"""Whether dates have the day first or the month first, where their shapes do not tell."""

import duckdb

from agents.inputs.columns import column_sql as sql
from agents.inputs.columns.inferred import ColumnType, Inferred, few
from agents.inputs.hints import Hints

AS_ASKED = "as was asked."
"""How a note ends that says why a file was not read so."""
_ORDER = {True: "day first", False: "month first"}


def decide_orders(database: duckdb.DuckDBPyConnection, found: Inferred, hints: Hints) -> None:
    """By all values of a column, else as people say, as other columns have it, or a guess."""
    open_ones: list[tuple[ColumnType, str]] = []
    for column in found.columns:
        for by in column.dates.orders if column.dates else ():
            days, months, differ = _fitting(database, column, by)
            if days == months == 0:
                column.day_first[by] = True if not differ else hints.day_first is not False
                open_ones += [(column, by)] if differ else []
            elif days and months:
                column.both_orders = True
            else:
                column.day_first[by] = not days
        if column.both_orders:
            column.dates = None
    settled = {
        order
        for column in found.columns
        if column.dates
        for by, order in column.day_first.items()
        if (column, by) not in open_ones and by != "."
    }
    usual = settled.pop() if len(settled) == 1 else None
    for column, by in open_ones:
        if column.dates and hints.day_first is None:
            _guess_order(database, found, column, by, usual)
    _say_orders(found, hints)


def _fitting(
    database: duckdb.DuckDBPyConnection, column: ColumnType, by: str
) -> tuple[int, int, int]:
    """How many values are no date with the day first, with the month first, and how many differ."""
    assert column.dates is not None
    value = sql.flat(column.source)
    first, second = (sql.strptime(value, sorted(form)) for form in column.dates.orders[by])
    mark = "\\" + by if by == "." else by
    rows = database.execute(
        f"SELECT count(*) FILTER (d IS NULL), count(*) FILTER (m IS NULL), "  # noqa: S608
        f"count(*) FILTER (d <> m) FROM (SELECT {first} AS d, {second} AS m FROM raw "
        f"WHERE regexp_matches({value}, '^[0-9]{{1,2}}{mark}[0-9]{{1,2}}{mark}'))"
    ).fetchall()
    return int(rows[0][0]), int(rows[0][1]), int(rows[0][2])


def _guess_order(
    database: duckdb.DuckDBPyConnection,
    found: Inferred,
    column: ColumnType,
    by: str,
    usual: bool | None,
) -> None:
    """As other columns have it, else in which the rows are in order, else the day first."""
    day_first = usual if usual is not None else _in_order(database, column, by)
    column.day_first[by] = day_first is not False
    order, other = _ORDER[column.day_first[by]], _ORDER[not column.day_first[by]]
    why = "" if day_first is None else ", as in other columns" if usual is not None else ""
    if day_first is not None and usual is None:
        why = ", as the rows are in order then"
    example = next(iter(sorted(column.shapes.values())), "")
    found.notes.append(
        f"{column.name} can be read in two ways: dates such as {example} were read {order}{why}; "
        f"they could be {other}. Say “dates are {other}” to correct it."
    )
    if usual is None:
        found.unclear[column.name] = "dates"


def _in_order(database: duckdb.DuckDBPyConnection, column: ColumnType, by: str) -> bool | None:
    """Whether the rows rise or fall with the day first only (True), or the month first only."""
    assert column.dates is not None
    value = sql.flat(column.source)
    steps = []
    for formats in column.dates.orders[by]:
        parsed = sql.strptime(value, sorted(formats))
        rows = database.execute(
            f"SELECT count(*) FILTER (d < p), count(*) FILTER (d > p) FROM (SELECT d, "  # noqa: S608
            f"lag(d) OVER (ORDER BY rowid) AS p FROM (SELECT {parsed} AS d, rowid FROM raw) "
            "WHERE d IS NOT NULL)"
        ).fetchall()
        steps.append(min(int(rows[0][0]), int(rows[0][1])) == 0)
    return None if steps[0] == steps[1] else steps[0]


def _say_orders(found: Inferred, hints: Hints) -> None:
    orders = {
        order for column in found.columns if column.dates for order in column.day_first.values()
    }
    unclear = any(what == "dates" for what in found.unclear.values())
    doubt = " (ambiguous)" if unclear else ""
    if len(orders) == 1:
        found.said.append(f"dates {_ORDER[next(iter(orders))]}{doubt}")
    elif orders:
        named = [
            f"{column.name} {_ORDER[order]}"
            for column in found.columns
            if column.dates
            for order in dict.fromkeys(column.day_first.values())
        ]
        found.said.append(f"dates: {few(named)}{doubt}")
    if hints.day_first is not None and orders and orders != {hints.day_first}:
        found.notes.append(f"Not all dates can be read {_ORDER[hints.day_first]}, {AS_ASKED}")
