"""One column of a table, with its figures."""

from __future__ import annotations

import math
import re
from typing import Any

from workflows.messages.base import Frozen

_LABEL = re.compile(
    r"(^|[\W_])(id|no|nr|number|index|code|zip|postcode|phone|year)$", re.IGNORECASE
)


class TopValue(Frozen):
    """One of the most frequent values of a column."""

    value: str
    count: int


class Column(Frozen):
    """One column. `kind` is number, date, truth or text; numbers carry mean and quantiles.

    Numbers in several units or currencies carry `parts`, one for each, and no figure over all of
    them; a part has its own `rows`. `total` is for money only.
    """

    name: str
    type: str
    kind: str
    missing: int
    missing_percent: float
    distinct: int
    low: str = ""
    high: str = ""
    mean: float | None = None
    deviation: float | None = None
    q25: float | None = None
    median: float | None = None
    q75: float | None = None
    top: tuple[TopValue, ...] = ()
    unit: str = ""
    unit_column: str = ""
    rows: int | None = None
    total: float | None = None
    parts: tuple[Column, ...] = ()

    @property
    def is_measure(self) -> bool:
        """Whether averages mean something: a number that varies and is no label by its name."""
        return self.kind == "number" and self.distinct > 1 and not _LABEL.search(self.name)

    @property
    def is_comparable(self) -> bool:
        """Whether its numbers may be held against each other: all of them are in one unit."""
        return self.is_measure and not self.parts

    @property
    def label(self) -> str:
        """The name, and the unit where the table says one."""
        return f"{self.name} ({self.unit})" if self.unit else self.name

    @property
    def by_unit(self) -> tuple[Column, ...]:
        """One for each unit; itself where there is one."""
        return self.parts or (self,)


def number(value: Any) -> float | None:
    """A finite float with six significant digits, or nothing."""
    if value is None:
        return None
    parsed = float(value)
    return float(f"{parsed:.6g}") if math.isfinite(parsed) else None
