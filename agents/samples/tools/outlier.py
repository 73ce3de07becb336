"""Values far from the rest of their column: beyond three interquartile ranges of the quartiles."""

from collections.abc import Sequence
from typing import Any

from agents.inputs.table import Table, quoted
from agents.samples.tools.column import Column
from workflows.messages.base import Frozen

FENCE = 3.0
MOST_EXAMPLES = 5


class Outliers(Frozen):
    """`count` values of `column` lie outside `low` to `high`; the farthest are in `examples`."""

    column: str
    count: int
    low: float
    high: float
    examples: tuple[float, ...] = ()


def outliers(table: Table, columns: Sequence[Column]) -> tuple[Outliers, ...]:
    """Columns that have any, most first. `columns` must carry their quartiles."""
    found = [_in_column(table, column) for column in columns]
    kept = [item for item in found if item is not None and item.count]
    return tuple(sorted(kept, key=lambda item: (-item.count, item.column)))


def _in_column(table: Table, column: Column) -> Outliers | None:
    if column.q25 is None or column.q75 is None or column.q75 <= column.q25:
        return None
    width = column.q75 - column.q25
    low, high = column.q25 - FENCE * width, column.q75 + FENCE * width
    value = f"{quoted(column.name)}::DOUBLE"
    rows = _outside(table, value, low, high)
    examples = tuple(float(f"{row[0]:.6g}") for row in rows[:MOST_EXAMPLES])
    return Outliers(
        column=column.name,
        count=len(rows),
        low=float(f"{low:.6g}"),
        high=float(f"{high:.6g}"),
        examples=examples,
    )


def _outside(table: Table, value: str, low: float, high: float) -> list[tuple[Any, ...]]:
    sql = (
        f"SELECT {value} FROM data WHERE {value} < ? OR {value} > ? "  # noqa: S608
        f"ORDER BY greatest(? - {value}, {value} - ?) DESC LIMIT 10000"
    )
    return table.query(sql, [low, high, low, high])
