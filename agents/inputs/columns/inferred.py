"""What is known of the columns of a table, and what is to be said of them."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from agents.inputs.columns import column_sql as sql
from agents.inputs.columns.date_notation import DateNotation
from agents.inputs.columns.number_notation import NumberNotation

MISSING_SAID = "Read as missing: "
"""How the note begins that counts words for nothing: no fault of a table."""


@dataclass
class ColumnType:
    """One column: where its text lies, what it is called, and how it is read."""

    at: int
    name: str
    shapes: dict[str, str]
    counts: dict[str, int]
    missing: dict[str, int]
    numbers: NumberNotation | None = None
    dates: DateNotation | None = None
    day_first: dict[str, bool] = field(default_factory=dict)
    both_orders: bool = False
    truth: str = ""
    sql: str = ""
    unit: str = ""

    @property
    def source(self) -> str:
        """Its text, and NULL for nothing, as SQL."""
        return sql.present(f"c{self.at}", self.missing)


@dataclass
class Inferred:
    """All columns as SQL, in order, and what is to be said of them."""

    columns: list[ColumnType]
    select: list[tuple[str, str]] = field(default_factory=list)
    units: dict[str, str] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    unclear: dict[str, str] = field(default_factory=dict)
    kept_as_text: list[str] = field(default_factory=list)


def few(names: Sequence[str]) -> str:
    """The first of them, and how many more there are."""
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
