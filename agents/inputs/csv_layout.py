"""The shape of a CSV: its separator, rows of unequal length, and more columns than can be loaded.

DuckDB's reader needs about 100 kB per column, so ten thousand columns of a small file would not
fit into the memory a table may use.
"""

import csv
import io
import re
from dataclasses import dataclass

MOST_COLUMNS = 500
_DELIMITERS = (",", ";", "\t", "|")
_QUOTED = re.compile(r'"[^"]*"')


@dataclass(frozen=True)
class Repaired:
    """A CSV whose rows are all as long as its header."""

    text: str
    filled: int
    skipped: int


def repair(text: str) -> Repaired:
    """Fill up short rows with nothing and leave out rows that are longer than the header."""
    delimiter = delimiter_of(text)
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\n")
    width = filled = skipped = 0
    for row in csv.reader(io.StringIO(text), delimiter=delimiter):
        width = width or len(row)
        filled += 0 < len(row) < width
        skipped += len(row) > width
        if 0 < len(row) <= width:
            writer.writerow(row + [""] * (width - len(row)))
    return Repaired(out.getvalue(), filled, skipped)


def delimiter_of(text: str) -> str:
    """What separates the columns of the header; DuckDB's guess gives up on one short row."""
    head = _QUOTED.sub("", text.lstrip("\r\n").partition("\n")[0])
    return max(_DELIMITERS, key=head.count)


def narrow(text: str) -> tuple[str, int]:
    """The text with at most 500 columns, and how many it had; 0 when it was not touched."""
    delimiter = delimiter_of(text)
    if text.partition("\n")[0].count(delimiter) < MOST_COLUMNS:
        return text, 0
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\n")
    widest = 0
    for row in csv.reader(io.StringIO(text), delimiter=delimiter):
        widest = max(widest, len(row))
        writer.writerow(row[:MOST_COLUMNS])
    return out.getvalue(), widest
