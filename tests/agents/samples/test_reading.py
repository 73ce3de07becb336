"""How a file was read stands on the result, is corrected by a word, and stays so for later steps."""

from pathlib import Path
from typing import Any

import duckdb
import pytest

from agents.errors import UnusableInput
from agents.inputs.table import open_table
from agents.runtime.local import LocalAgents
from agents.samples.markdown import change, figure
from agents.samples.tools.correlation import correlations
from agents.samples.tools.input_files import _outliers, _segments
from agents.samples.tools.payments import payments_in
from agents.samples.tools.table_profile import TableProfile, profile
from tests.agents.requests import request, said
from workflows.messages.results import AgentResult
from workflows.messages.turns import Feedback

US_DATES = (Path(__file__).parents[2] / "cases" / "min_us_dates.csv").read_bytes()


async def run(local: LocalAgents, agent: str, content: bytes, **changes: Any) -> AgentResult:
    outcome = await local.run(request(agent, **changes), [content])
    assert outcome.result is not None
    return outcome.result


async def test_dates_are_corrected_by_request_changes_and_stay_so(local: LocalAgents) -> None:
    """The guess is the first finding; "dates are month first" turns it, also for the next step."""
    first = await run(local, "analysis", US_DATES)
    assert first.findings[0] == "Read as: comma, dates day first (ambiguous)"
    assert any("runs from 2024-01-01 to 2024-01-12" in text for text in first.findings)
    feedback = Feedback(text="The dates are month first.", by="U1", previous=first)
    second = await run(local, "analysis", US_DATES, feedback=feedback)
    assert second.findings[0] == ("Read as requested (dates month first): comma, dates month first")
    assert "Read again: dates month first." in second.findings
    assert any("runs from 2024-01-01 to 2024-12-01" in text for text in second.findings)
    shorter = Feedback(text="Shorter, please.", by="U1", previous=second)
    third = await run(local, "analysis", US_DATES, feedback=shorter)
    assert third.findings[0] == second.findings[0]
    later = await run(local, "patterns", US_DATES, earlier=(said("analysis", second),))
    assert later.findings[0] == second.findings[0]


async def test_what_is_plain_says_nothing(local: LocalAgents) -> None:
    """A comma, UTF-8 and a header on top need no line on a card."""
    result = await run(local, "analysis", b"a,b\n1,x\n2,y\n")
    assert not any(text.startswith("Read as") for text in result.findings)


def profiled(sql: str, folder: Path) -> TableProfile:
    """The profile of a Parquet file with the rows of a query."""
    path = folder / "t.parquet"
    duckdb.sql(f"COPY ({sql}) TO '{path}'")
    with open_table("t.parquet", path.read_bytes()) as table:
        found = profile(table)
        _outliers(table)
        correlations(table, [column.name for column in found.columns if column.kind == "number"])
        for by in found.columns:
            for measure in found.columns:
                with pytest.raises(UnusableInput) if measure.kind != "number" else _nothing():
                    _segments(table, by.name, measure.name)
        return found


class _nothing:  # noqa: N801 - reads as a function
    """Lets sentences through, and nothing else."""

    def __enter__(self) -> None:
        """Nothing to do."""

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> bool:
        """A tool's sentence is an answer."""
        return kind is None or issubclass(kind, UnusableInput)


# fmt: off
STRANGE = {
    "lists": "SELECT [1, 2] AS v, i FROM range(9) t(i)",
    "structs": "SELECT {'a': i, 'b': 'x'} AS v, i FROM range(9) t(i)",
    "maps": "SELECT MAP {'a': i} AS v, i FROM range(9) t(i)",
    "blobs": "SELECT 'ab\\xFF'::BLOB AS v, i FROM range(9) t(i)",
    "infinity": "SELECT CASE WHEN i = 1 THEN 'inf'::DOUBLE WHEN i = 2 THEN 'nan' ELSE i END AS v, i FROM range(9) t(i)",
    "null": "SELECT NULL::INTEGER AS v, NULL::DATE AS d, i FROM range(9) t(i)",
    "huge": "SELECT (170141183460469231731687303715884105727::HUGEINT - i) AS v, i FROM range(9) t(i)",
    "large": "SELECT 1.7e308 * (1 - i % 2 * 2) AS v, i FROM range(9) t(i)",
    "far dates": "SELECT '294000-01-01'::TIMESTAMP AS v, 'infinity'::DATE AS d, i FROM range(9) t(i)",
    "times": "SELECT INTERVAL 1 DAY AS v, TIME '10:00' AS w, uuid() AS u, 'a'::ENUM ('a', 'b') AS e, i FROM range(9) t(i)",
    "quotes": "SELECT i AS \"a\"\"b\", i AS \"c'd\", i AS \"\u00e9 \u4e00\" FROM range(9) t(i)",
    "unsigned": "SELECT i::UTINYINT AS v, (i * 2000000000)::UBIGINT AS w FROM range(9) t(i)",
}
# fmt: on


@pytest.mark.parametrize("what", STRANGE)
def test_tools_answer_whatever_the_table_holds(what: str, tmp_path: Path) -> None:
    """Every figure that can be worked out is, and the rest is left out."""
    found = profiled(STRANGE[what], tmp_path)
    assert found.rows == 9
    assert all(column.kind in {"number", "date", "text", "truth"} for column in found.columns)
    assert "inf" not in found.model_dump_json().replace("inf, NaN", "").replace("infinite", "")


def test_infinity_is_counted_and_left_out(tmp_path: Path) -> None:
    """Mean and quartiles are those of the others."""
    found = profiled(STRANGE["infinity"], tmp_path)
    column = found.column("v")
    assert column is not None
    assert column.missing == 2
    assert column.mean == pytest.approx(33 / 7, rel=1e-4)
    assert "v: 2 infinite or undefined values (inf, NaN)" in " ".join(found.notes)


def test_two_thousand_columns_are_answered(tmp_path: Path) -> None:
    """The first hundred are profiled, and all are counted."""
    columns = ", ".join(f"i + {at} AS c{at}" for at in range(2_000))
    path = tmp_path / "wide.parquet"
    duckdb.sql(f"COPY (SELECT {columns} FROM range(5) t(i)) TO '{path}'")
    with open_table("wide.parquet", path.read_bytes()) as table:
        assert profile(table).column_count == 2_000


def test_of_a_very_long_table_a_sample_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The true number of rows is told, and that the figures are of fewer."""
    monkeypatch.setattr("agents.inputs.table.MOST_CELLS", 20_000)
    path = tmp_path / "long.parquet"
    duckdb.sql(f"COPY (SELECT i, i % 7 AS w FROM range(100000) t(i)) TO '{path}'")
    with open_table("long.parquet", path.read_bytes()) as table:
        found = profile(table)
    assert found.rows == 100_000
    assert found.sampled is not None
    assert 8_000 < found.sampled < 12_000
    assert "of 100,000 rows" in " ".join(found.notes)


def test_a_thousand_is_written_as_one() -> None:
    """Never 1e+03."""
    assert [figure(value) for value in (999.6, 1e3, 12345.6, 1e20, 0.25)] == [
        "1,000", "1,000", "12,346", "100,000,000,000,000,000,000", "0.25",
    ]  # fmt: skip
    assert figure(float("inf")) == "∞"
    assert (change(1_250_000.4), change(-0.5)) == ("+1,250,000", "-0.5")


def test_no_payment_is_made_of_an_amount_that_can_be_two() -> None:
    """1.234 is a thousand to some: whoever wrote it says which."""
    with pytest.raises(UnusableInput, match="can be read in two ways"):
        payments_in("p.csv", b"to;amount\nAnn;1.234\nBob;2.345\n")
    with pytest.raises(UnusableInput, match=r"the amount “1\.234” can be read in two ways"):
        payments_in("p.txt", b"Pay 1.234 EUR to Ann\n")
    found = payments_in("p.csv", "to;amount\nAnn;1.234,50 €\nBob;$2,50\n".encode())
    assert [(one.amount, one.currency) for one in found] == [(1234.5, "EUR"), (2.5, "USD")]
