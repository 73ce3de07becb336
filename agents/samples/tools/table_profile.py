"""What a table holds: the figures of its columns, top values, correlations and trends."""

from __future__ import annotations

from typing import Any

from agents.inputs.table import NotComputable, Table, quoted
from agents.samples.tools.column import Column, TopValue, number
from agents.samples.tools.correlation import Correlation, correlations
from agents.samples.tools.trend import Trend, trends
from agents.samples.tools.units import in_units
from workflows.messages.base import Frozen

MOST_COLUMNS = 100
TOP_VALUES = 5
EXACT_CELLS = 20_000_000
LONGEST_VALUE = 80
_NUMBERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "FLOAT", "DOUBLE", "DECIMAL")
_DATES = ("DATE", "TIMESTAMP")


class TableProfile(Frozen):
    """One table. `columns` holds the first hundred; `column_count` is the true number.

    `read_as` is how the file was read, as far as people `requested` it; it `is_plain` where nothing
    had to be guessed. Of a very large table the figures are those of `sampled` rows.
    """

    file: str
    rows: int
    column_count: int
    duplicate_rows: int | None = None
    columns: tuple[Column, ...] = ()
    correlations: tuple[Correlation, ...] = ()
    trends: tuple[Trend, ...] = ()
    notes: tuple[str, ...] = ()
    read_as: str = ""
    requested: str = ""
    is_plain: bool = True
    sampled: int | None = None

    def of_kind(self, *kinds: str) -> tuple[Column, ...]:
        """The columns of these kinds, in the file's order."""
        return tuple(column for column in self.columns if column.kind in kinds)

    def column(self, name: str) -> Column | None:
        """The column called `name`, exactly."""
        return next((column for column in self.columns if column.name == name), None)

    @property
    def missing_cells(self) -> int:
        """Missing cells in the profiled columns."""
        return sum(column.missing for column in self.columns)

    @property
    def missing_percent(self) -> float:
        """Share of missing cells, in percent."""
        cells = (self.rows if self.sampled is None else self.sampled) * len(self.columns)
        return round(100 * self.missing_cells / cells, 2) if cells else 0.0


def profile(table: Table) -> TableProfile:
    """Profile the table; raises UnusableInput when it is beyond time or memory."""
    declared = table.columns()
    shown = declared[:MOST_COLUMNS]
    rows = int(table.query("SELECT count(*) FROM data")[0][0])
    columns = in_units(table, _columns(table, rows, shown))
    numbers = [column.name for column in columns if column.is_comparable]
    dates = [column.name for column in columns if column.kind == "date"]
    return TableProfile(
        file=table.name,
        rows=table.rows if table.is_sample else rows,
        column_count=table.column_count,
        duplicate_rows=_duplicates(table, rows, table.column_count),
        columns=columns,
        correlations=correlations(table, numbers),
        trends=trends(table, dates, numbers),
        notes=(*table.notes, *_cut(table.column_count)),
        read_as=table.read_as,
        requested=table.requested,
        is_plain=table.is_plain,
        sampled=rows if table.is_sample else None,
    )


def kind_of(declared: str) -> str:
    """number, date, truth or text, from DuckDB's type."""
    if declared.startswith((*_NUMBERS, "U")) and not declared.startswith("UUID"):
        return "number"
    if declared.startswith(_DATES):
        return "date"
    return "truth" if declared == "BOOLEAN" else "text"


def _cut(columns: int) -> tuple[str, ...]:
    if columns <= MOST_COLUMNS:
        return ()
    return (f"{columns} columns; only the first {MOST_COLUMNS} are profiled.",)


def _columns(table: Table, rows: int, shown: list[tuple[str, str]]) -> tuple[Column, ...]:
    exact = rows * len(shown) <= EXACT_CELLS
    return tuple(_column(table, rows, name, declared, exact=exact) for name, declared in shown)


def _column(table: Table, rows: int, name: str, declared: str, *, exact: bool) -> Column:
    value, kind = quoted(name), kind_of(declared)
    unique = f"count(DISTINCT {value})" if exact else f"approx_count_distinct({value})"
    present, distinct, low, high = table.query(
        f"SELECT count({value}), {unique}, min({value})::VARCHAR, max({value})::VARCHAR FROM data"  # noqa: S608
    )[0]
    column = Column(
        name=name,
        type=declared,
        kind=kind,
        missing=rows - present,
        missing_percent=round(100 * (rows - present) / rows, 2),
        distinct=distinct,
        low=_short(low),
        high=_short(high),
        top=_top(table, name) if kind in {"text", "truth"} and present else (),
    )
    return _with_numbers(table, column, exact=exact) if present and kind == "number" else column


def _with_numbers(table: Table, column: Column, *, exact: bool) -> Column:
    """With those figures that these values have."""
    value = f"{quoted(column.name)}::DOUBLE"
    quantile = "quantile_cont" if exact else "approx_quantile"
    mean, quartiles, deviation = (
        _figure(table, figure)
        for figure in (
            f"avg({value})",
            f"{quantile}({value}, [0.25, 0.5, 0.75])",
            f"stddev({value})",
        )
    )
    q25, median, q75 = quartiles or (None, None, None)
    return column.model_copy(
        update={
            "mean": number(mean),
            "deviation": number(deviation),
            "q25": number(q25),
            "median": number(median),
            "q75": number(q75),
        }
    )


def _figure(table: Table, sql: str) -> Any:
    try:
        return table.query(f"SELECT {sql} FROM data")[0][0]  # noqa: S608 (quoted names)
    except NotComputable:
        return None


def _top(table: Table, name: str) -> tuple[TopValue, ...]:
    column = quoted(name)
    rows = table.query(
        f"SELECT {column}::VARCHAR AS value, count(*) AS times FROM data "  # noqa: S608
        f"WHERE {column} IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {TOP_VALUES}"
    )
    return tuple(TopValue(value=_short(value), count=int(times)) for value, times in rows)


def _duplicates(table: Table, rows: int, columns: int) -> int | None:
    """Rows that repeat another one; nothing for tables too wide or long to compare."""
    if columns > MOST_COLUMNS or rows * columns > EXACT_CELLS:
        return None
    unique = table.query("SELECT count(*) FROM (SELECT DISTINCT * FROM data)")[0][0]
    return rows - int(unique)


def _short(value: Any) -> str:
    text = "" if value is None else str(value)
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…"
