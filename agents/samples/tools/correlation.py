"""How two numeric columns move together: Pearson's r over the rows where both are present."""

import math
from collections.abc import Sequence
from itertools import combinations

from agents.inputs.table import NotComputable, Table, quoted
from workflows.messages.base import Frozen

MOST_COLUMNS = 20
FEWEST_ROWS = 8
MOST_SHOWN = 15


class Correlation(Frozen):
    """`r` from -1 to 1 over `rows` rows."""

    first: str
    second: str
    r: float
    rows: int

    @property
    def strength(self) -> str:
        """In a word: the usual bounds of 0.3, 0.5, 0.7 and 0.9."""
        bounds = ((0.9, "very strong"), (0.7, "strong"), (0.5, "moderate"), (0.3, "weak"))
        return next((word for bound, word in bounds if abs(self.r) >= bound), "negligible")


def correlations(table: Table, numbers: Sequence[str]) -> tuple[Correlation, ...]:
    """Strongest first, among the first twenty numeric columns; pairs with fewer than 8 rows out."""
    pairs = list(combinations(numbers[:MOST_COLUMNS], 2))
    if not pairs:
        return ()
    wanted = ", ".join(
        f"corr({quoted(a)}::DOUBLE, {quoted(b)}::DOUBLE), regr_count({quoted(a)}, {quoted(b)})"
        for a, b in pairs
    )
    try:
        row = table.query(f"SELECT {wanted} FROM data")[0]  # noqa: S608 (quoted names)
    except NotComputable:
        return ()
    found = [
        Correlation(first=a, second=b, r=round(r, 4), rows=int(rows))
        for (a, b), r, rows in zip(pairs, row[::2], row[1::2], strict=True)
        if r is not None and math.isfinite(r) and rows >= FEWEST_ROWS
    ]
    found.sort(key=lambda pair: (-abs(pair.r), pair.first, pair.second))
    return tuple(found[:MOST_SHOWN])
