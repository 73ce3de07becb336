"""How a numeric column changes over a date column: a straight line, and averages by period."""

import math
from collections.abc import Sequence

from agents.inputs.table import NotComputable, Table, quoted
from workflows.messages.base import Frozen

MOST_MEASURES = 8
FEWEST_ROWS = 8
MOST_PERIODS = 24
DAYS_PER_YEAR = 365.25
CLEAR_R2 = 0.1
"""From this share of the variance on a line is told to people.

Below a tenth nine tenths of what moves the measure is something else, a season for example, and
with thousands of rows a slope of no use is still significant: who reads "plan for more (R² 0.03)"
rightly stops believing the rest. It is the same bar as for correlations (|r| from 0.3 on).
"""


class Period(Frozen):
    """The average of one month or year."""

    start: str
    mean: float
    rows: int


class Trend(Frozen):
    """`per_year` is the slope of the line, `r2` its share of the variance (0 to 1)."""

    date: str
    measure: str
    per_year: float
    r2: float
    rows: int
    first_day: str
    last_day: str
    period: str
    periods: tuple[Period, ...] = ()
    months: tuple[Period, ...] = ()

    @property
    def is_clear(self) -> bool:
        """Whether the line says enough to act on (see `CLEAR_R2`)."""
        return self.r2 >= CLEAR_R2


def trends(
    table: Table, dates: Sequence[str], numbers: Sequence[str], most: int = MOST_MEASURES
) -> tuple[Trend, ...]:
    """Clearest first, over the first date column, for the first eight measures."""
    if not dates:
        return ()
    found = [trend(table, dates[0], measure) for measure in numbers[:most]]
    kept = [item for item in found if item is not None]
    return tuple(sorted(kept, key=lambda item: (-item.r2, item.measure)))


def trend(table: Table, date: str, measure: str) -> Trend | None:
    """One line; nothing when there are fewer than eight rows or a single day."""
    day, value = f"epoch({quoted(date)}::TIMESTAMP) / 86400.0", f"{quoted(measure)}::DOUBLE"
    sql = (
        f"SELECT regr_slope({value}, {day}), regr_r2({value}, {day}), regr_count({value}, {day}), "  # noqa: S608
        f"min({quoted(date)})::DATE::VARCHAR, max({quoted(date)})::DATE::VARCHAR, "
        f"max({day}) - min({day}) FROM data WHERE {quoted(measure)} IS NOT NULL"
    )
    try:
        slope, r2, rows, first, last, span = table.query(sql)[0]
    except NotComputable:
        return None
    if slope is None or r2 is None or not math.isfinite(slope) or rows < FEWEST_ROWS:
        return None
    period = _period(float(span))
    return Trend(
        date=date,
        measure=measure,
        per_year=float(f"{slope * DAYS_PER_YEAR:.4g}"),
        r2=round(r2, 4),
        rows=int(rows),
        first_day=str(first),
        last_day=str(last),
        period=period,
        periods=_periods(table, date, measure, period),
        months=_months(table, date, measure) if span > 2 * DAYS_PER_YEAR else (),
    )


def _period(days: float) -> str:
    bounds = ((45, "day"), (200, "week"), (2 * DAYS_PER_YEAR, "month"), (6000, "year"))
    return next((name for bound, name in bounds if days <= bound), "decade")


def _periods(table: Table, date: str, measure: str, period: str) -> tuple[Period, ...]:
    start = f"date_trunc('{period}', {quoted(date)}::TIMESTAMP)::DATE::VARCHAR"
    return _means(table, measure, date, start)


def _months(table: Table, date: str, measure: str) -> tuple[Period, ...]:
    """Averages of the twelve calendar months over all years: the season."""
    return _means(table, measure, date, f"strftime({quoted(date)}::TIMESTAMP, '%m')")


def _means(table: Table, measure: str, date: str, start: str) -> tuple[Period, ...]:
    rows = table.query(
        f"SELECT {start}, avg({quoted(measure)}::DOUBLE), count({quoted(measure)}) FROM data "  # noqa: S608
        f"WHERE {quoted(date)} IS NOT NULL AND {quoted(measure)} IS NOT NULL "
        f"GROUP BY 1 ORDER BY 1 LIMIT {MOST_PERIODS}"
    )
    return tuple(
        Period(start=str(at), mean=float(f"{mean:.5g}"), rows=int(count))
        for at, mean, count in rows
        if mean is not None and math.isfinite(mean)
    )
