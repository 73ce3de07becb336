"""Columns that have a type already, in one of the few that figures are made of."""

from collections.abc import Sequence
from dataclasses import dataclass

_FLOATS = ("FLOAT", "DOUBLE")
_MOMENTS = ("DATE", "TIMESTAMP")
_PLAIN = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "DECIMAL", "U", "BOOLEAN")
_SCALARS = ("VARCHAR", "ENUM", "UUID", "TIME", "INTERVAL", "BIT", "JSON")


@dataclass(frozen=True)
class TypedColumn:
    """`sql` is the value as it is used; `odd` counts those left out of figures."""

    name: str
    sql: str
    odd: str = "0"
    is_text: bool = False
    is_nested: bool = False


def quoted(column: str) -> str:
    """A column name as SQL."""
    return '"' + column.replace('"', '""') + '"'


def plain_columns(declared: Sequence[tuple[str, str]]) -> list[TypedColumn]:
    """The columns of a file that declares their types."""
    return [_plain(name, kind) for name, kind in declared]


def _plain(name: str, kind: str) -> TypedColumn:
    column = quoted(name)
    nested = kind.endswith("]") or kind.startswith(("STRUCT", "MAP", "UNION", "BLOB"))
    if nested or kind.startswith(_SCALARS):
        return TypedColumn(name, f"{column}::VARCHAR", is_text=True, is_nested=nested)
    if kind.startswith((*_FLOATS, *_MOMENTS)):
        finite = f"CASE WHEN isfinite({column}) THEN {column} END"
        if "WITH TIME ZONE" in kind:
            finite = f"make_timestamp(epoch_us({finite}))"  # in UTC, wherever this runs
        return TypedColumn(name, finite, f"count(*) FILTER (NOT isfinite({column}))")
    if kind.startswith(_PLAIN):
        return TypedColumn(name, column)
    return TypedColumn(name, f"{column}::VARCHAR", is_text=True)
