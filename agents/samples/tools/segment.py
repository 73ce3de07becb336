"""A measure, split by the values of another column."""

import math

from agents.inputs.table import Table, quoted
from workflows.messages.base import Frozen

MOST_GROUPS = 30


class Group(Frozen):
    """One value of the splitting column."""

    value: str
    rows: int
    mean: float
    median: float


class Segments(Frozen):
    """`explained` is the share of the measure's variance between the groups (eta squared, 0-1)."""

    by: str
    measure: str
    groups: tuple[Group, ...]
    explained: float


def segments(table: Table, by: str, measure: str) -> Segments | None:
    """Largest mean first; nothing when fewer than two groups have values."""
    value = f"{quoted(measure)}::DOUBLE"
    rows = table.query(
        f"SELECT {quoted(by)}::VARCHAR, count({value}), avg({value}), median({value}) FROM data "  # noqa: S608
        f"WHERE {quoted(by)} IS NOT NULL AND {quoted(measure)} IS NOT NULL "
        f"GROUP BY 1 ORDER BY 3 DESC, 1 LIMIT {MOST_GROUPS}"
    )
    groups = tuple(
        Group(value=str(name)[:80], rows=int(count), mean=_six(mean), median=_six(median))
        for name, count, mean, median in rows
        if mean is not None and math.isfinite(mean)
    )
    if len(groups) < 2:
        return None
    return Segments(by=by, measure=measure, groups=groups, explained=_explained(table, by, measure))


def _explained(table: Table, by: str, measure: str) -> float:
    value = f"{quoted(measure)}::DOUBLE"
    there = f"FROM data WHERE {quoted(by)} IS NOT NULL AND {quoted(measure)} IS NOT NULL"
    sql = (
        f"WITH parts AS (SELECT count(*) AS n, avg({value}) AS m {there} GROUP BY {quoted(by)}), "  # noqa: S608
        f"whole AS (SELECT count(*) AS n, avg({value}) AS m, var_pop({value}) AS v {there}) "
        "SELECT sum(parts.n * (parts.m - whole.m) ** 2) / any_value(whole.n), any_value(whole.v) "
        "FROM parts, whole"
    )
    between, total = table.query(sql)[0]
    if not between or not total or not math.isfinite(between / total):
        return 0.0
    return round(min(1.0, float(between) / float(total)), 4)


def _six(value: float) -> float:
    return float(f"{value:.6g}")
