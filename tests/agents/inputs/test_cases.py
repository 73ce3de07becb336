"""The small files in tests/cases, each of which was once read wrongly, through the reader."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from agents.errors import UnusableInput
from agents.inputs.hints import Hints, hints_in
from agents.inputs.table import open_table

CASES = Path(__file__).parents[2] / "cases"
# fmt: off
READ: dict[str, tuple[str, tuple[str, ...], Sequence[Any]]] = {
    "min_decimal_comma.csv": ("semicolon, decimal comma", ("Region", "Umsatz"), ("Nord", 1.5)),
    "decimal_comma.csv": ("semicolon, decimal comma", ("Datum", "Region", "Umsatz", "Rabatt"), (date(2024, 1, 15), "Nord", 1000.0, 0.0)),
    "thousands_comma.csv": ("comma, decimal point", ("region", "revenue"), ("Nord", 1000.0)),
    "percent_currency.csv": ("comma, decimal point", ("region", "share", "price"), ("Sued", 1, 1.5)),
    "paren_negative.csv": ("comma, decimal point", ("account", "balance"), ("a1", 10.0)),
    "min_na.csv": ("comma", ("shop", "revenue"), ("a", 100)),
    "excel_na.csv": ("comma, decimal point", ("shop", "revenue", "margin"), ("shop1", 101, 0.02)),
    "min_us_dates.csv": ("comma, dates day first (ambiguous)", ("date", "amount"), (date(2024, 1, 1), 1)),
    "us_dates.csv": ("comma, dates month first (ambiguous)", ("date", "amount"), (date(2024, 1, 1), 10)),
    "min_mixed_dates.csv": ("comma, date kept as text", ("date", "amount"), ("25/03/2024", 1)),
    "mixed_dates.csv": ("comma, date kept as text", ("date", "amount"), ("01/03/2024", 1)),
    "min_mixed_dates2.csv": ("comma, dates day first", ("date", "amount"), (date(2024, 3, 25), 1)),
    "min_sep.csv": ("semicolon", ("id", "amount"), (1, 2)),
    "sep_line.csv": ("semicolon", ("id", "name", "amount"), (1, "item 1", 3)),
    "bom_sep.csv": ("comma", ("id", "name", "amount"), (1, "item 1", 3)),
    "min_preamble.csv": ("semicolon, header in line 2", ("id", "amount"), (1, 2)),
    "preamble_semicolon.csv": ("semicolon, header in line 2, decimal point (ambiguous: Prezzo)", ("idImpianto", "Gestore", "Prezzo"), (1001, "G1", 1.51)),
    "total_row.csv": ("comma, total row left out", ("month", "amount"), ("2024-01", 100)),
    "newline_header.csv": ("semicolon", ("Region", "Umsatz (EUR)", "Menge"), ("Sued", 10, 1)),
    "min_header_commas.csv": ("semicolon", ("Name", "Umsatz, netto, 2024"), ("F1", 10)),
    "semicolon_comma_header.csv": ("semicolon", ("Name", "Umsatz, netto, EUR, 2024", "Ort"), ("F1", 10, "Sued")),
    "min_short_header.csv": ("comma", ("id", "amount", "column3"), (1, 2, "x")),
    "short_header.csv": ("comma, decimal point", ("id", "timestamp", "price", "volume", "side", "column6"), (1, 1748736094502, 0.681, 101, "sell", 0)),
    "mixed_newlines.csv": ("comma", ("a", "b", "c"), (1, 2, 3)),
    "cr_only.csv": ("comma", ("id", "region", "amount"), (1, "Sued", 3)),
    "min_list.json": ("JSON", ("id", "scores"), (1, "[1, 2]")),
    "list_column.parquet": ("Parquet", ("id", "scores", "tags", "amount"), (1, "[1, 2, 3]", "[a, b]", 3)),
    "min_inf.csv": ("comma", ("sensor", "ratio"), ("s", 1.0)),
    "min_ndjson.json": ("JSON Lines", ("id", "amount"), (1, 2)),
    "cp1251.csv": ("Windows-1251 (guessed), semicolon", ("город", "сумма"), ("Казань", 10)),
    "shift_jis.csv": ("Shift JIS (guessed), comma", ("番号", "氏名", "金額"), (1, "鈴木", 10)),
    "leading_zero.csv": ("comma", ("account", "plz", "amount"), ("00000001", "01001", 3)),
}
REFUSED = {
    "min_long_cell.csv": "line 2: a cell has more than 131,072 characters",
    "login_page_as_sales.csv": "is a web page (“Sign in | Slack”), not the file",
}
OTHERS = {"README.md", "inf_nan.parquet", "types.parquet"}
# fmt: on


@pytest.mark.parametrize("name", READ)
def test_a_case_is_read_and_says_how(name: str) -> None:
    """What was inferred in one line, the names, and the first row in its types."""
    with open_table(name, (CASES / name).read_bytes()) as table:
        read_as, names, row = READ[name]
        assert table.read_as == read_as
        assert tuple(column for column, _ in table.columns()) == names
        assert tuple(table.query("SELECT * FROM data LIMIT 1")[0]) == tuple(row)


@pytest.mark.parametrize("name", REFUSED)
def test_a_case_is_refused_with_line_and_limit(name: str) -> None:
    """No card is made of it."""
    with pytest.raises(UnusableInput) as caught, open_table(name, (CASES / name).read_bytes()):
        pass
    assert REFUSED[name] in caught.value.sentence


def test_every_case_is_tried() -> None:
    """A file that is added needs a line here."""
    assert {path.name for path in CASES.iterdir()} == {*READ, *REFUSED, *OTHERS}


def read(text: str, hints: Hints | None = None, name: str = "t.csv") -> tuple[Any, ...]:
    """Columns with types, rows, how it was read, notes."""
    with open_table(name, text.encode(), hints=hints) as table:
        rows = table.query("SELECT * FROM data")
        return table.columns(), rows, table.read_as, " ".join(table.notes), table.units


@pytest.mark.parametrize(
    ("cells", "wanted"),
    [
        (["1.234,50", "2,5"], [1234.5, 2.5]),
        (["1,234.50", "2.5"], [1234.5, 2.5]),
        (["1'234.50", "2.5"], [1234.5, 2.5]),
        (["1 234,50", "2,5"], [1234.5, 2.5]),
        (["12,34,567.50", "1.0"], [1234567.5, 1.0]),
        (["1.234.567", "12"], [1234567, 12]),
        (["0,123", "1,234"], [0.123, 1.234]),
        (["(10.50)", "-3", "4-", "\u22125"], [-10.5, -3.0, -4.0, -5.0]),
        (["€5", "7.25 EUR", "EUR 1"], [5.0, 7.25, 1.0]),
        (["5 %", "7%"], [5, 7]),
        (["1e3", "2.5E-1"], [1000.0, 0.25]),
        (["n/a", "-", "#N/A", "3"], [None, None, None, 3]),
        (["007", "012"], ["007", "012"]),
        (["192.168.100.200", "192.168.100.201"], ["192.168.100.200", "192.168.100.201"]),
        (["123456789012345678901", "2"], [123456789012345678901, 2]),
        (["yes", "No", "yes"], [True, False, True]),
        (["+49 170 123 456", "+49 171 123 456"], ["+49 170 123 456", "+49 171 123 456"]),
        (["05.01.2024", "2024-02-01"], [date(2024, 1, 5), date(2024, 2, 1)]),
        (["Jan 5, 2024", "Feb 1, 2024"], [date(2024, 1, 5), date(2024, 2, 1)]),
        (["01/13/2024", "2/1/2024"], [date(2024, 1, 13), date(2024, 2, 1)]),
        (["1.2.34", "1.10.12"], ["1.2.34", "1.10.12"]),
    ],
)
def test_values_are_read_as_people_write_them(cells: list[str], wanted: list[Any]) -> None:
    """By the whole column."""
    text = "name;value\n" + "".join(f"n;{cell}\n" for cell in cells)
    assert [row[1] for row in read(text)[1]] == wanted


def test_a_thousandfold_doubt_is_said_with_both_readings() -> None:
    """1,234 beside nothing that tells more, and corrected by a word."""
    _, rows, read_as, notes, _ = read("id\tprice\n1\t1,234\n2\t5,678\n")
    assert [row[1] for row in rows] == [1234, 5678]
    assert read_as == "tab, decimal point (ambiguous: price)"
    assert "1,234 was read as 1234 (thousands); it could be 1.234 (decimals)" in notes
    _, rows, read_as, _, _ = read("id\tprice\n1\t1,234\n2\t5,678\n", hints_in("decimal comma"))
    assert [row[1] for row in rows] == [1.234, 5.678]
    assert read_as == "tab, decimal comma"


def test_other_columns_settle_a_doubt_and_that_is_said() -> None:
    """A decimal comma next to it makes 1.234 a thousand."""
    _, rows, read_as, notes, _ = read("a;b\n1.234;0,5\n2.345;1,5\n")
    assert rows == [(1234, 0.5), (2345, 1.5)]
    assert read_as == "semicolon, decimal comma"
    assert "as in other columns" in notes


def test_mixed_currencies_get_a_column_of_their_own() -> None:
    """So that euros and dollars are never averaged together."""
    columns, rows, _, notes, _ = read("id,price\n1,€5\n2,$7\n3,€9\n")
    assert columns[-1] == ("price currency", "VARCHAR")
    assert rows == [(1, 5, "EUR"), (2, 7, "$"), (3, 9, "EUR")]
    assert "price mixes units ($, EUR)" in notes


def test_titles_comments_totals_and_odd_rows_are_named_by_line() -> None:
    """Nothing is left out without a word."""
    text = "# made by x\nSales 2024;;\n\nid;place;sum\n1;a;2\n# odd\n2;b\n3;c;4;5\nTotal;;11\n\nSource: y\n"
    columns, rows, read_as, notes, _ = read(text)
    assert [name for name, _ in columns] == ["id", "place", "sum"]
    assert rows == [(1, "a", 2), (2, "b", None)]
    assert "header in line 4" in read_as
    for said in ("(line 1, 2)", "(line 9)", "(line 11)", "line 6", "(line 7, 8)"):
        assert said in notes, (said, notes)


def test_an_unclosed_quote_swallows_nothing() -> None:
    """It is read as any other character, and its line is named."""
    text = 'id,size\n1,"5 inch\n2,6 inch\n3,7 inch\n'
    _, rows, _, notes, _ = read(text)
    assert len(rows) == 3
    assert "The quote in line 2 is never closed" in notes


def test_broken_lines_are_counted_with_their_numbers() -> None:
    """The others are read."""
    text = '{"a": 1}\n{oops\n{"a": 2}\n[3]\n{"a": 4}\n'
    _, rows, read_as, notes, _ = read(text, name="t.jsonl")
    assert (rows, read_as) == ([(1,), (2,), (4,)], "JSON Lines")
    assert "2 lines are no JSON objects and were left out (line 2, 4)" in notes


def test_numbers_of_json_are_never_in_doubt() -> None:
    """A program wrote them, with a point."""
    _, rows, read_as, _, _ = read('[{"a": 1.234}, {"a": 5.678}]', name="t.json")
    assert (rows, read_as) == ([(1.234,), (5.678,)], "JSON")


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ("Dates are month first, please.", Hints(day_first=False)),
        ("US dates", Hints(day_first=False)),
        ("the dates are DD/MM/YYYY", Hints(day_first=True)),
        ("It has a decimal comma and semicolons", Hints(delimiter=";", decimal=",")),
        ("encoding cp1251", Hints(encoding="cp1251")),
        ("The header is in line 3", Hints(header=3)),
        ("no header; tab-separated", Hints(header=0, delimiter="\t")),
        ("comma-separated, decimal point", Hints(delimiter=",", decimal=".")),
        ("Please make it shorter, without outliers", Hints()),
        ("The comma in the second sentence is wrong", Hints()),
    ],
)
def test_the_words_for_how_to_read_are_understood(said: str, wanted: Hints) -> None:
    """And say the same again when they are carried on to the next step."""
    assert hints_in(said) == wanted
    assert hints_in(wanted.words()) == wanted


def test_hints_win_over_what_was_found() -> None:
    """Separator, encoding, header line, order of dates."""
    text = "x,y;z\n1;2,a\n3;4,b\n"
    assert [name for name, _ in read(text, hints_in("semicolon"))[0]] == ["x,y", "z"]
    content = "имя,род\nя,1\n".encode("koi8-r")
    with open_table("t.csv", content, hints=hints_in("encoding koi8-r")) as table:
        assert [name for name, _ in table.columns()] == ["имя", "род"]
    assert read("a,b\nc,d\n1,2\n", hints_in("header in line 2"))[1] == [(1, 2)]
    us = (CASES / "min_us_dates.csv").read_text()
    _, rows, read_as, _, _ = read(us, hints_in("dates are month first"))
    assert (rows[1][0], read_as) == (date(2024, 2, 1), "comma, dates month first")
