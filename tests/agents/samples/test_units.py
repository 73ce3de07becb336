"""Euros and francs have no common average: figures of each unit, labelled, and none over all."""

import json
from pathlib import Path

import pytest

from agents.errors import UnusableInput
from agents.inputs.table import open_table
from agents.samples.analysis import offline as analysis
from agents.samples.claims import check
from agents.samples.evidence import Evidence, figures, measures
from agents.samples.fact_check.offline import _written
from agents.samples.rerun import column_facts
from agents.samples.tools.input_files import _outliers, _segments
from agents.samples.tools.table_profile import TableProfile, profile

EXAMPLES = Path(__file__).parents[3] / "examples"
SALES = "day,region,price,price_currency,quantity,weight\n" + "".join(
    f"2026-01-{day:02},{'north' if day % 2 else 'south'},{day * 10},{'EUR' if day % 3 else 'JPY'},"
    f"{day},{day / 2}\n"
    for day in range(1, 25)
)


def profiled(text: str, name: str = "t.csv") -> TableProfile:
    with open_table(name, text.encode(), "text/csv") as table:
        return profile(table)


def payments() -> TableProfile:
    return profiled((EXAMPLES / "payments.csv").read_text(encoding="utf-8"), "payments.csv")


def test_each_currency_has_its_own_figures() -> None:
    """Rows, total, mean and span; over both there is no figure at all, not even a lowest one."""
    column = payments().column("amount")
    assert column is not None
    assert (column.mean, column.median, column.q25, column.low, column.high) == (
        *(None,) * 3,
        *("",) * 2,
    )
    euros, francs = column.by_unit
    assert (euros.label, euros.rows, euros.total, euros.mean) == (
        "amount (EUR)",
        2,
        2010.5,
        1005.25,
    )
    assert (francs.label, francs.rows, francs.total, francs.mean) == ("amount (CHF)", 1, 640.0, 640)


def test_nothing_an_agent_writes_mixes_them() -> None:
    """Summary, findings, metrics and page name the currency with every figure of money."""
    evidence = Evidence((payments(),), (), ())
    findings = analysis._findings(evidence)
    summary = analysis._summary(evidence, [])
    metrics = analysis._metrics(evidence)
    written = json.dumps([findings, summary, metrics, analysis._table_section(payments())])
    assert "Total amount (EUR) 2,010.50 (120.50 to 1,890.00); total amount (CHF) 640.00." in summary
    assert metrics["mean amount (EUR)"] == 1005.25
    assert "mean amount" not in metrics
    for mixed in ("884", "883.5", "2,650", "2650", "1,265", "380"):
        assert mixed not in written
    assert "amount is in 2 units (currency: EUR, CHF), so each has its own figures." in findings


def test_mixed_numbers_are_not_held_against_each_other() -> None:
    """Not in correlations, trends, outliers, nor by region; each says why or leaves it out."""
    with open_table("t.csv", SALES.encode(), "text/csv") as table:
        found = profile(table)
        assert [column.name for column in measures(found)] == ["quantity", "weight"]
        assert all("price" not in {pair.first, pair.second} for pair in found.correlations)
        assert found.correlations
        assert {item.measure for item in found.trends} == {"quantity", "weight"}
        assert all(item["column"] != "price" for item in _outliers(table).columns)
        with pytest.raises(UnusableInput, match=r"price is in several units \(EUR, JPY\)"):
            _segments(table, "region", "price")
        _segments(table, "region", "quantity")


def test_one_unit_is_named_and_averaged() -> None:
    """A column that says EUR in every row changes the label, not the figures."""
    found = profiled("amount,currency\n10,EUR\n30,EUR\n").column("amount")
    assert found is not None
    assert (found.label, found.mean, found.total, found.parts) == ("amount (EUR)", 20, 40, ())
    assert column_facts(found, 2) == (
        "amount (EUR): 10.00 to 30.00, total 40.00, mean 20.00, median 20.00; no value missing."
    )


@pytest.mark.parametrize(
    ("head", "rows", "labels"),
    [
        ("value,unit", ["1,kg", "2,lb"], ["value (kg)", "value (lb)"]),
        ("amountDue,amountDueCurrency", ["1,USD", "2,GBP"], ["amountDue (GBP)", "amountDue (USD)"]),
        ("fee,cur", ["1,USD", "2,GBP"], ["fee (GBP)", "fee (USD)"]),
        ("fee,currency", ["1,USD", "2,"], ["fee (USD)", "fee (none given)"]),
        ("cost,community", ["1,north", "2,south"], ["cost"]),
        ("cost,business_unit", ["1,north", "2,south"], ["cost"]),
        ("quantity,currency", ["1,USD", "2,GBP"], ["quantity"]),
        ("weight,price,price_currency", ["1,5,USD", "2,6,GBP"], ["weight", "price (GBP)"]),
        ("cost,country", ["1,DEU", "2,FRA"], ["cost"]),
    ],
)
def test_the_column_that_says_the_unit_is_recognised(
    head: str, rows: list[str], labels: list[str]
) -> None:
    """By its name, beside its measure, or by what it holds; never by half of a word."""
    found = [column.label for column in figures(profiled("\n".join([head, *rows]) + "\n"))]
    assert found[: len(labels)] == labels
    assert len(found) == len(labels) + head.count("price_")


def test_claims_are_checked_in_their_own_currency() -> None:
    """What holds in euros does not hold in francs; what our drafter states is found to be true."""
    tables = [payments()]
    assert check("The total amount in EUR is 2,010.50.", tables).verdict == "valid"
    assert check("The total amount in CHF is 2,010.50.", tables).verdict == "invalid"
    assert check("The mean amount is 883.5.", tables).verdict == "unclear"
    written = _written(Evidence(tuple(tables), (), ()))
    assert "The mean amount (EUR) is 1,005.25." in written
    assert {check(text, tables).verdict for text in written} == {"valid"}


def test_every_average_says_of_what(tmp_path: Path) -> None:
    """No sentence has a bare figure behind a name: the mean is called one."""
    penguins = (EXAMPLES / "penguins.csv").read_text(encoding="utf-8")
    summary = analysis._summary(Evidence((profiled(penguins, "penguins.csv"),), (), ()), [])
    assert "Mean Culmen Length (mm) 43.9 (32.1 to 59.6); mean Culmen Depth (mm) 17.2" in summary
    assert "averages" not in summary
