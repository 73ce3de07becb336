"""Inputs that are broken, or made to break something."""

import pytest

from agents.errors import UnusableInput
from agents.inputs.check import refuse_unreadable
from agents.inputs.table import open_table
from agents.samples.tools.document import read
from agents.samples.tools.table_profile import profile

JUNK = bytes(range(256)) * 40
REFUSED = {
    "nothing.csv": (b"", "is empty"),
    "blank.csv": (b" \n\n", "is empty"),
    "nul.csv": (b"\0" * 500, "is empty"),
    "junk.csv": (JUNK, "binary"),
    "image.csv": (b"\x89PNG\r\n\x1a\n" + JUNK, "binary"),
    "header.csv": (b"a,b\n", "no rows"),
    "fake.parquet": (b"PAR1" + b"x" * 100, "cannot be read as PARQUET"),
    "empty.parquet": (b"", "is empty"),
    "broken.jsonl": (b'{"a": 1}\n{bad\n{worse\n', "line 2, 3 of 3 is no JSON object"),
    "broken.json": (b'{"a": 1,\n oops}', "not valid JSON .line 2"),
    "page.csv": (b"<!DOCTYPE html><html><title>Sign in</title>", "is a web page .“Sign in”"),
    "cell.csv": (b"a,b\n1," + b"x" * 140_000 + b"\n", "line 2: a cell has more than 131,072"),
    "book.xlsx": (b"PK\x03\x04 no book", "damaged"),
    "book.ods": (b"no book at all", "cannot be read as a workbook"),
    "text.pdf": (b"no pdf", "cannot be read"),
    "text.docx": (b"PK\x03\x04", "damaged"),
    "surrogate.jsonl": (b'{"a": "\\ud800"}\n', "cannot be read as JSONL"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_bad_file_is_refused_with_a_sentence(name: str) -> None:
    """The sentence names the file, what is wrong, and what to do."""
    content, expected = REFUSED[name]
    with pytest.raises(UnusableInput, match=expected) as caught:
        refuse_unreadable([(name, "", content)])
    assert name in caught.value.sentence
    assert "end" in caught.value.sentence  # "Send ..." or "... and send that"


def test_ten_thousand_columns_are_cut_and_counted() -> None:
    """A very wide table is profiled in its first columns, and says so."""
    wide = ",".join(f"c{at}" for at in range(10_000)) + "\n" + ",".join(["1"] * 10_000)
    with open_table("wide.csv", wide.encode()) as table:
        found = profile(table)
    assert (found.column_count, len(found.columns)) == (10_000, 100)
    assert "only the first 100 are profiled" in found.notes[-1]


def test_nul_and_surrogates_are_replaced_and_told() -> None:
    """A few bad bytes do not cost the file."""
    with open_table("bad.csv", b"a,b\n1\x00,2\n\xed\xa0\x80,3\n") as table:
        assert table.query("SELECT count(*) FROM data") == [(2,)]
        assert len(table.notes) == 2


def test_ragged_rows_are_filled_or_skipped_and_counted() -> None:
    """One short row does not turn the table into a single column, one long row is not guessed at."""
    with open_table("ragged.csv", b"a,b,c\n1,2,3\n4,5\n6,7,8,9\n10,11,12\n") as table:
        assert table.query("SELECT a, c FROM data") == [(1, 3), (4, None), (10, 12)]
        assert "1 short ones were filled up, 1 long ones left out" in table.notes[0]


def test_windows_text_is_read() -> None:
    """A spreadsheet's Windows-1252 export keeps its umlauts."""
    with open_table("alt.csv", "Größe;Maß\n1;2\n".encode("cp1252")) as table:
        assert [name for name, _ in table.columns()] == ["Größe", "Maß"]


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM read_text('/etc/hostname')",
        "SELECT * FROM read_csv('https://example.com/a.csv')",
        "COPY data TO '/tmp/out-of-bounds.csv'",
        "ATTACH '/tmp/out-of-bounds.db'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET enable_external_access = true",
        "SET memory_limit = '100GB'",
    ],
)
def test_the_database_reaches_nothing_else(statement: str) -> None:
    """No other file, no network, no extension, and no way to allow them again."""
    with open_table("a.csv", b"a\n1\n") as table, pytest.raises(UnusableInput):
        table.query(statement)


def test_deep_json_is_refused() -> None:
    """Nesting is no way to end the process."""
    with pytest.raises(UnusableInput, match="nested too deeply"):
        read("deep.json", b"[" * 200_000)


def test_invalid_json_names_the_line() -> None:
    """So that the person can find the mistake."""
    with pytest.raises(UnusableInput, match="line 2"):
        read("bad.json", b'{"a": 1,\n oops}')
