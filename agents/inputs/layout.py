"""Where a table begins and ends among its rows: titles above, totals and footers below, odd rows.

Nothing is left out without a note that names its lines.
"""

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import TextIO

from agents.errors import UnusableInput
from agents.inputs.columns.cells import is_missing, is_total, is_typed
from agents.inputs.delimited import Row, Scan, named

MOST_COLUMNS = 500
"""DuckDB needs about 100 kB for each column it reads."""
MOST_TITLES, MOST_FOOTERS = 30, 10
SHOWN = 60
_YEAR = re.compile(r"(?:19|20)\d\d")
_FOOTER = re.compile(
    r"(?:sources?|quelle|notes?|created|generated|exported|printed|report|page|end of|copyright|"
    r"legend|stand|hinweis|anmerkung|seite|erstellt|fuente|nota|fonte|updated|as of)\b|[*©#†(]|"
    r"-{2,}|={2,}|\d+ (?:rows?|records?|lines?|zeilen|entries)\b",
    re.IGNORECASE,
)


@dataclass
class Layout:
    """The table among the rows. `header_line` is 0 where there is none; lines count from 1."""

    names: list[str]
    header_line: int
    first_line: int
    last_line: int
    width: int
    said: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    guessed: bool = False


def lay_out(name: str, scan: Scan, header: int | None = None) -> Layout:
    """Find header and end; raises UnusableInput when there is no row below the header."""
    if not scan.count:
        raise UnusableInput(f"{name} is empty. Send a file that has something in it.")
    width = max(scan.width, 1)
    rows = list(scan.head)
    at, has_header, guessed = _header_at(rows, width, header)
    body = rows[at + 1 :] if has_header else rows[at:]
    top = rows[at]
    if has_header and width > 1 and len(top.cells) > width and not any(top.cells[width:]):
        top = top._replace(cells=top.cells[:width])
    if has_header:
        width = max(width, len(top.cells))
    titles, footer = rows[:at], _footer(scan, top, width)
    if not body or (footer and footer[0].line <= body[0].line):
        raise UnusableInput(f"{name} has a header but no rows. Send a file with at least one row.")
    layout = Layout(
        names=_names(top.cells if has_header else [], width),
        header_line=top.line if has_header else 0,
        first_line=body[0].line,
        last_line=(footer[0].line if footer else scan.tail[-1].line + 1) - 1,
        width=width,
        guessed=guessed,
    )
    _say(layout, scan, titles, footer, top if has_header else None)
    return layout


def _say(
    layout: Layout, scan: Scan, titles: Sequence[Row], footer: Sequence[Row], top: Row | None
) -> None:
    layout.notes += scan.notes
    if top is None:
        layout.said.append("no header line")
        layout.notes.append(
            "The first line looks like data, so there is no header; the columns are numbered."
        )
    elif titles or layout.guessed:
        layout.said.append(f"header in line {top.line}")
    if titles:
        layout.notes.append(f"{_left(titles, 'above the header')}: {_quoted(titles)}.")
    totals = [row for row in footer if is_total(_first(row))]
    others = [row for row in footer if row not in totals]
    if totals:
        layout.said.append("total row left out")
        layout.notes.append(f"{_left(totals, 'with totals')}: {_quoted(totals)}.")
    if others:
        layout.notes.append(f"{_left(others, 'below the table')}: {_quoted(others)}.")
    if top is not None and len(top.cells) < layout.width:
        layout.notes.append(
            f"The header names {len(top.cells)} of {layout.width} columns; the others are numbered."
        )


def _left(rows: Sequence[Row], where: str) -> str:
    count = len(rows)
    return f"{count} line{'s' if count > 1 else ''} {where} left out (line {lines(rows)})"


def _quoted(rows: Sequence[Row]) -> str:
    text = " ".join(" ".join(filter(None, map(str.strip, row.cells))) for row in rows)
    return f"“{text[:SHOWN]}{'…' if len(text) > SHOWN else ''}”"


def lines(rows: Sequence[Row]) -> str:
    """Where they are."""
    return named([row.line for row in rows])


def _header_at(rows: Sequence[Row], width: int, wanted: int | None) -> tuple[int, bool, bool]:
    """Index of the header or first row, whether it is a header, and whether that is a guess."""
    if wanted:
        at = next((i for i, row in enumerate(rows) if row.line <= wanted <= row.end), None)
        if at is not None:
            return at, True, False
    at = _top(rows, width)
    if wanted == 0:
        return at, False, False
    score = _header_score(rows[at], rows[at + 1 : at + 200])
    if score < 0 and at and len(_filled(rows[at - 1])) > 1:
        return at - 1, True, True
    return at, score >= 0, False


def _top(rows: Sequence[Row], width: int) -> int:
    """The first row that is no title and no comment."""
    at = _after_gap(rows, width)
    while at + 1 < min(len(rows), MOST_TITLES) and _is_title(rows[at], rows[at + 1], width):
        at += 1
    return at


def _after_gap(rows: Sequence[Row], width: int) -> int:
    """Behind a blank line near the top, where a row of words begins what is longer than that."""
    for at in range(1, min(len(rows) - 1, MOST_TITLES // 2)):
        above, row, below = rows[:at], rows[at], rows[at + 1 :]
        gap = row.line > rows[at - 1].end + 1
        words = not any(map(is_typed, _filled(row))) and len(row.cells) == width
        typed = any(is_typed(cell) for one in below[:5] for cell in one.cells)
        if gap and words and typed and len(below) >= len(above) and not _is_tabular(above, width):
            return at
    return 0


def _is_tabular(rows: Sequence[Row], width: int) -> bool:
    """Whether a header and rows of their own stand there: the gap is within the table."""
    full = [row for row in rows if len(_filled(row)) == width]
    return width > 2 and len(full) == len(rows) and len(rows) > 1


def _is_title(row: Row, following: Row, width: int) -> bool:
    filled = _filled(row)
    if row.cells[0].lstrip().startswith(("#", "//")) and len(row.cells) != width:
        return True
    if width == 1:
        return False
    if len(row.cells) < width:
        short_header = len(filled) > 1 and any(map(is_typed, following.cells))
        return not short_header and len(following.cells) >= len(row.cells)
    wordy = not any(map(is_typed, _filled(following)))
    lonely = len(filled) == 1 and bool(row.cells[0].strip())
    return lonely and len(_filled(following)) > 1 and (width > 2 or wordy)


def _header_score(top: Row, body: Sequence[Row]) -> float:
    """Above 0 for a header over typed columns, below for a row like those under it."""
    score = 0.0
    for at, cell in enumerate(top.cells):
        under = [row.cells[at] for row in body if at < len(row.cells)]
        under = [one for one in under if not is_missing(one)]
        typed = bool(under) and sum(map(is_typed, under)) > 0.7 * len(under)
        if typed and cell.strip() and not is_missing(cell):
            score += _typed_score(cell.strip(), under)
        elif under and _is_like(cell, under, typed=typed):
            score -= 0.5
    return score


def _is_like(cell: str, under: Sequence[str], *, typed: bool) -> bool:
    """Whether it is a value as those under it: one of them again, or a number among texts."""
    again = not typed and cell in under and len(set(under)) < len(under)
    return again or (is_typed(cell) and not _YEAR.fullmatch(cell.strip()))


def _typed_score(cell: str, under: Sequence[str]) -> float:
    if not is_typed(cell):
        return 1.0
    years = all(_YEAR.fullmatch(one.strip()) for one in under)
    return 0.0 if _YEAR.fullmatch(cell) and not years else -1.0


def _footer(scan: Scan, top: Row, width: int) -> list[Row]:
    """The rows at the end that belong to no table, first one first."""
    found: list[Row] = []
    rows = [row for row in scan.tail if row.line > top.line]
    firsts = [_first(row) for row in (*scan.head, *rows)]
    for row in reversed(rows[-MOST_FOOTERS:]):
        filled = _filled(row)
        total = is_total(_first(row)) and width > 1 and firsts.count(_first(row)) <= 2
        once = not total or sum(1 for one in rows if _first(one) == _first(row)) == 1
        lonely = width > 1 and len(filled) == 1 and bool(row.cells[0].strip())
        after_gap = rows.index(row) > 0 and row.line > rows[rows.index(row) - 1].end + 1
        words = lonely and not is_typed(filled[0])
        apart = words and (after_gap or len(row.cells) == 1 or _FOOTER.match(filled[0].strip()))
        if not filled or (total and once) or apart:
            found.insert(0, row)
        else:
            break
    return found


def _first(row: Row) -> str:
    return next((cell.strip() for cell in row.cells if cell.strip()), "")


def _filled(row: Row) -> list[str]:
    return [cell for cell in row.cells if cell.strip()]


def _names(cells: Sequence[str], width: int) -> list[str]:
    """One distinct name for each column, whatever its case; line breaks become blanks."""
    names: list[str] = []
    for at in range(width):
        plain = " ".join(cells[at].split()) if at < len(cells) else ""
        plain = plain.lstrip("#").strip() if at == 0 and len(plain) > 1 else plain
        names.append(plain or f"column{at + 1}")
    return distinct(names)


def distinct(names: Iterable[str]) -> list[str]:
    """The same names, told apart by a number where only their case did, or nothing."""
    found: list[str] = []
    taken: set[str] = set()
    counts: Counter[str] = Counter()
    for base in names:
        name = base
        while name.casefold() in taken:
            counts[base] += 1
            name = f"{base}_{counts[base]}"
        taken.add(name.casefold())
        found.append(name)
    return found


@dataclass
class Rewritten:
    """What became of the rows on the way into a plain CSV; the longest in characters."""

    rows: int = 0
    longest: int = 0
    short: list[Row] = field(default_factory=list)
    long: list[Row] = field(default_factory=list)
    repeated: list[Row] = field(default_factory=list)
    comments: list[Row] = field(default_factory=list)
    totals: list[Row] = field(default_factory=list)

    def notes(self) -> Iterator[str]:
        """A sentence for each kind of odd row."""
        if self.short or self.long:
            yield (
                f"Rows of unequal length: {len(self.short)} short ones were filled up, "
                f"{len(self.long)} long ones left out (line {lines([*self.short, *self.long])})."
            )
        if self.repeated:
            yield f"The header is repeated and was left out in line {lines(self.repeated)}."
        if self.comments:
            yield f"Comments were left out in line {lines(self.comments)}."
        if self.totals:
            yield (
                f"{len(self.totals)} rows look like totals or subtotals (line "
                f"{lines(self.totals)}), and are counted like any other row."
            )


def write(scan: Scan, layout: Layout, out: TextIO) -> Rewritten:
    """The rows of the table as plain CSV of equal width, at most 500 columns, without a header."""
    found, width = Rewritten(), layout.width
    kept = min(width, MOST_COLUMNS)
    writer = csv.writer(out, lineterminator="\n")
    header = [cell.strip() for cell in _header_cells(scan, layout)]
    for row in scan.rows():
        if row.line < layout.first_line:
            continue
        if row.line > layout.last_line:
            break
        fitted = row.cells if len(row.cells) == width else _fitted(row, width, found)
        if fitted is None:
            continue
        cells = fitted
        if cells[0] == header[0] and [cell.strip() for cell in cells] == header:
            found.repeated.append(row)
            continue
        if width > 1 and is_total(next(filter(None, cells), "")):
            found.totals.append(row)
        found.longest = max(found.longest, writer.writerow(cells[:kept]))
        found.rows += 1
    return found


def _header_cells(scan: Scan, layout: Layout) -> list[str]:
    if not layout.header_line:
        return ["\0"]
    top = next(row for row in scan.head if row.line == layout.header_line)
    return list(islice(top.cells, layout.width)) or ["\0"]


def _fitted(row: Row, width: int, found: Rewritten) -> list[str] | None:
    """As long as the others; nothing for a comment, and for what is too long to fit."""
    cells = row.cells
    if cells[0].lstrip().startswith("#") and len(_filled(row)) == 1:
        found.comments.append(row)
        return None
    if len(cells) < width:
        found.short.append(row)
        return cells + [""] * (width - len(cells))
    if any(cell.strip() for cell in cells[width:]):
        found.long.append(row)
        return None
    return cells[:width]
