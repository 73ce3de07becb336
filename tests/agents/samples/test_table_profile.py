"""Profiling a table."""

import json
from pathlib import Path

import duckdb
import pytest

from agents.inputs.table import open_table
from agents.samples.tools.table_profile import TableProfile, profile
from tests.agents.requests import EXAMPLES, SALES

ROWS = [
    {"day": f"2024-01-{at:02}", "x": at, "y": 2 * at, "who": "ab"[at % 2]} for at in range(1, 21)
]


def profiled(name: str, content: bytes) -> TableProfile:
    with open_table(name, content) as table:
        return profile(table)


def parquet(folder: Path) -> bytes:
    path = folder / "rows.parquet"
    (folder / "rows.json").write_text(json.dumps(ROWS))
    duckdb.sql(f"COPY (FROM '{folder}/rows.json') TO '{path}'")
    return path.read_bytes()


def csv_of(delimiter: str) -> bytes:
    lines = [delimiter.join(ROWS[0]), *(delimiter.join(map(str, row.values())) for row in ROWS)]
    return "\n".join(lines).encode()


@pytest.mark.parametrize("kind", ["csv", "tsv", "json", "jsonl", "parquet"])
def test_every_format_gives_the_same_figures(kind: str, tmp_path: Path) -> None:
    """CSV, TSV, JSON, JSON Lines and Parquet with the same rows are the same table."""
    contents = {
        "csv": csv_of(","),
        "tsv": csv_of("\t"),
        "json": json.dumps(ROWS).encode(),
        "jsonl": "\n".join(map(json.dumps, ROWS)).encode(),
        "parquet": parquet(tmp_path),
    }
    found = profiled(f"rows.{kind}", contents[kind])
    assert (found.rows, found.column_count) == (20, 4)
    assert [column.kind for column in found.columns] == ["date", "number", "number", "text"]
    assert found.correlations[0].r == 1
    assert found.columns[1].median == 10.5


def test_the_figures_are_exact() -> None:
    """Missing values, distinct values, quantiles and the slope are what a spreadsheet says."""
    found = profiled("sales.csv", SALES)
    units, price, note = found.column("units"), found.column("price"), found.column("note")
    assert units
    assert price
    assert note
    assert (units.low, units.high, units.mean, units.median) == ("10", "900", 108.5, 22.5)
    assert (price.missing, price.missing_percent) == (1, 10.0)
    assert note.missing == 9
    assert found.missing_cells == 10
    assert found.duplicate_rows == 0


def test_the_example_is_profiled_as_published() -> None:
    """344 penguins of three species, two without measurements."""
    found = profiled("penguins.csv", (EXAMPLES / "penguins.csv").read_bytes())
    species, mass = found.column("Species"), found.column("Body Mass (g)")
    assert species
    assert mass
    assert (found.rows, species.distinct, mass.missing) == (344, 3, 2)
    assert mass.mean == pytest.approx(4201.75)


def test_a_trend_is_the_regression_line() -> None:
    """One more per day is 365.25 more per year, with nothing unexplained."""
    found = profiled("rows.json", json.dumps(ROWS).encode())
    assert found.trends[0].measure in {"x", "y"}
    slopes = {trend.measure: trend.per_year for trend in found.trends}
    assert slopes == {"x": pytest.approx(365.2, abs=0.1), "y": pytest.approx(730.5, abs=0.1)}


def test_a_profile_is_the_same_every_time() -> None:
    """Nothing in it depends on threads or sampling."""
    assert profiled("sales.csv", SALES) == profiled("sales.csv", SALES)
