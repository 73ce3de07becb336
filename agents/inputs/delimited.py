"""The rows of a text: which separator and which quotes it has, found from all its lines."""

import csv
import io
import re
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple

from agents.errors import UnusableInput
from agents.inputs.columns.cells import is_missing, is_typed

DELIMITERS = (",", ";", "\t", "|")
NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe", " ": "space", ":": "colon"}
LONGEST_CELL = 131_072
"""Characters of one cell, the csv module's own limit."""
LONGEST_ROW = 200
"""Lines that a quoted cell may span before its quote counts as one that was never closed."""
HEAD, TAIL = 400, 40
LINES_NAMED = 5
_LEAST = 0.35
_SEP = re.compile(r'"?sep=(.)"?[,;\t|]*\Z', re.IGNORECASE)
_TORN = re.compile(r",\"|\",|,[^\s,]*,\S")
"""Commas that separate: beside a quote, or several with nothing behind them."""
_DECIMAL_COMMA = re.compile(r"\s*[+-]?\d+,\d+\s*%?")


class Row(NamedTuple):
    """Cells, and the lines (from 1) on which they begin and end."""

    line: int
    end: int
    cells: list[str]


Rows = Callable[[], Iterator[Row]]


@dataclass(frozen=True)
class Scan:
    """One way to cut a text into rows: how wide they are, the first ones and the last ones."""

    delimiter: str
    rows: Rows
    widths: Counter[int]
    head: tuple[Row, ...]
    tail: tuple[Row, ...]
    notes: tuple[str, ...] = ()
    said: bool = False

    @property
    def count(self) -> int:
        """How many rows are not blank."""
        return self.widths.total()

    @property
    def width(self) -> int:
        """How many cells most rows have; of equals the widest."""
        wide = {width: count for width, count in self.widths.items() if width > 1}
        if not wide or max(wide.values()) * 4 < self.count:
            return max(self.widths, default=0) if not wide else 1
        return max(wide, key=lambda width: (wide[width], width))


def named(numbers: Sequence[int]) -> str:
    """`3, 4, 9 and 12 more`."""
    more = len(numbers) - LINES_NAMED
    some = ", ".join(map(str, numbers[:LINES_NAMED]))
    return f"{some} and {more} more" if more > 0 else some


def scan_rows(rows: Rows, delimiter: str = ",", notes: tuple[str, ...] = ()) -> Scan:
    """Go through all rows once; blank ones do not count."""
    widths: Counter[int] = Counter()
    head: list[Row] = []
    tail: deque[Row] = deque(maxlen=TAIL)
    for row in rows():
        widths[len(row.cells)] += 1
        if len(head) < HEAD:
            head.append(row)
        tail.append(row)
    return Scan(delimiter, rows, widths, tuple(head), tuple(tail), notes)


def scan_text(name: str, text: str, delimiter: str | None = None) -> Scan:
    """The likeliest way to read it; raises UnusableInput naming the line of a cell too long."""
    first, _, rest = text.partition("\n")
    if (match := _SEP.fullmatch(first.strip("\r"))) and rest.strip():
        found = scan_text(name, "\n" + rest, delimiter or match.group(1))
        return Scan(**{**vars(found), "said": True})
    wanted = [delimiter] if delimiter else _candidates(text)
    scans = [scan for one in wanted if (scan := _scan(text, one)) is not None]
    if not scans:
        _refuse_long(name, text, wanted[0])
    best = max(scans, key=lambda scan: (round(_score(scan), 3), scan.width))
    if not delimiter and (_score(best) < _LEAST or _is_one_column(best)):
        best = _one_column(text)
    return Scan(**{**vars(best), "said": delimiter is not None})


def _candidates(text: str) -> list[str]:
    lines = text.count("\n") + 1
    return [one for one in DELIMITERS if text.count(one) * 4 >= lines] or [","]


def _scan(text: str, delimiter: str) -> Scan | None:
    try:
        scan = scan_rows(_parsed(text, delimiter, '"'), delimiter)
        if (line := _never_closed(text, scan)) is None:
            return _unescaped(text, scan)
        note = f"The quote in line {line} is never closed; quotes were read as any other character."
        return scan_rows(_parsed(text, delimiter, ""), delimiter, (note,))
    except csv.Error:
        return None


def _unescaped(text: str, scan: Scan) -> Scan:
    """With the other signs for quotes, where cells plainly have them."""
    cells = [cell for row in scan.head[1:] for cell in row.cells]
    single = sum(1 for c in cells if len(c) > 1 and c[0] == c[-1] == "'")
    if single > 1 and single * 3 > len(cells):
        return scan_rows(_parsed(text, scan.delimiter, "'"), scan.delimiter)
    if '\\"' in text and '""' not in text:
        return scan_rows(_parsed(text, scan.delimiter, '"', "\\"), scan.delimiter)
    return scan


def _parsed(text: str, delimiter: str, quote: str, escape: str | None = None) -> Rows:
    """The rows that are not blank."""

    def rows() -> Iterator[Row]:
        reader = csv.reader(
            io.StringIO(text, newline=""),
            delimiter=delimiter,
            quotechar=quote or None,
            quoting=csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE,
            doublequote=escape is None,
            escapechar=escape,
            skipinitialspace=False,
        )
        line = 1
        for cells in reader:
            if any(cells) and (len(cells) > 1 or cells[0].strip()):
                yield Row(line, reader.line_num, cells)
            line = reader.line_num + 1

    return rows


def _never_closed(text: str, scan: Scan) -> int | None:
    """Where a quote is opened that swallows what follows."""
    for row in chain(scan.head, scan.tail):
        if row.end - row.line > LONGEST_ROW:
            return row.line
    last = scan.tail[-1] if scan.tail else None
    if last is not None and last.end > last.line and text.count('"') % 2:
        return last.line
    return None


def _score(scan: Scan) -> float:
    """The share of rows of one width, times the share of cells that are whole (0 to 1)."""
    width = scan.width
    if width < 2:
        return 0.0
    share = scan.widths[width] / scan.count
    fitting = [row for row in chain(scan.head, scan.tail) if len(row.cells) == width]
    return share * _clean(fitting, scan.delimiter)


def _clean(rows: Iterable[Row], delimiter: str) -> float:
    """The share of cells that hold no other separator: such a cell was cut in the wrong places."""
    others = re.compile("[" + ";\t|".replace(delimiter, "") + "](?! )")
    cells = [cell for row in rows for cell in row.cells]
    torn = sum(1.0 for cell in cells if others.search(cell))
    torn += sum(1 for cell in cells if cell.startswith(" ") and not is_typed(cell)) / 2
    if delimiter != ",":
        torn += sum(1 for cell in cells if _TORN.search(cell) and not is_typed(cell))
    return 1 - min(torn, len(cells)) / len(cells) if cells else 0.0


def _is_one_column(scan: Scan) -> bool:
    """`Amount`, and below it 1,5 and 2,5: the comma is no separator."""
    first, *rest = scan.head
    if scan.delimiter != "," or scan.width != 2 or len(first.cells) > 1 or not rest:
        return False
    whole = [",".join(row.cells) for row in rest if not all(map(is_missing, row.cells))]
    numbers = all(_DECIMAL_COMMA.fullmatch(cell) for cell in whole)
    return numbers or all(", " in cell and not is_typed(cell) for cell in whole)


def _one_column(text: str) -> Scan:
    """Every line is one cell; quotes around one are still quotes."""
    unused = next((c for c in ("\x1f", "\x1e", "\x1d", "\x1c") if c not in text), "\x1f")
    return Scan(**{**vars(scan_rows(_parsed(text, unused, '"'))), "delimiter": ""})


def _refuse_long(name: str, text: str, delimiter: str) -> None:
    line = 0
    try:
        for row in _parsed(text, delimiter, '"')():
            line = row.end
    except csv.Error as error:
        raise UnusableInput(
            f"{name}, line {line + 1}: a cell has more than {LONGEST_CELL:,} characters, the most "
            "that is read. Shorten it, or send the file without that column."
        ) from error
