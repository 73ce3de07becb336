"""The cells of a spreadsheet: the first sheet of a workbook that has a table on it."""

import io
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

from agents.errors import UnusableInput
from agents.inputs.apart import apart
from agents.inputs.delimited import Row
from agents.inputs.json_records import cell_text

MOST_UNPACKED = 300_000_000
"""Bytes that a workbook or a Word file may unpack to."""
MOST_CELLS = 5_000_000


class Sheet:
    """One sheet as rows of text; `others` are the names of those that were not read."""

    def __init__(self, name: str, others: tuple[str, ...], cells: list[list[Any]]) -> None:
        self.name = name
        self.others = others
        self._cells = cells

    def iterate(self) -> Iterator[Row]:
        """The rows that are not blank."""
        for number, cells in enumerate(self._cells, 1):
            texts = [_text(cell) for cell in cells]
            if any(texts):
                yield Row(number, number, texts)

    def exact(self, first_line: int, last_line: int, width: int) -> frozenset[int]:
        """The columns that hold nothing but numbers between these lines, empty cells aside."""
        rows = self._cells[first_line - 1 : last_line]
        return frozenset(at for at in range(width) if all(_is_number(r, at) for r in rows))

    def notes(self) -> Iterator[str]:
        """What was not read."""
        if self.others:
            some = ", ".join(self.others[:5]) + (", …" if len(self.others) > 5 else "")
            yield f"Only the sheet {self.name} was read, not {some}."


def first_sheet(name: str, content: bytes) -> Sheet:
    """The first sheet with anything on it; raises UnusableInput when there is none."""
    return apart(read_sheet, name, content)


def read_sheet(name: str, content: bytes) -> Sheet:
    """The same, in this process."""
    refuse_bomb(name, content)
    try:
        from python_calamine import CalamineError, CalamineWorkbook  # noqa: PLC0415 (an extra)
    except ImportError as error:
        raise UnusableInput(missing_extra(name, "A workbook")) from error
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(content))
        names = workbook.sheet_names
        for at, sheet in enumerate(names):
            cells = workbook.get_sheet_by_index(at).to_python(skip_empty_area=False)
            if any(cell not in {"", None} for row in cells for cell in row):
                return _bounded(name, Sheet(sheet, (*names[:at], *names[at + 1 :]), cells), cells)
    except (CalamineError, OSError, ValueError) as error:
        raise UnusableInput(
            f"{name} cannot be read as a workbook. Check that it opens without a password, save it "
            "again as .xlsx or .csv, and send that."
        ) from error
    raise UnusableInput(f"{name} is empty. Send a workbook that has something in it.")


def refuse_bomb(name: str, content: bytes) -> None:
    """Raises UnusableInput for an archive that unpacks to more than is read."""
    if not content.startswith(b"PK"):
        return
    try:
        size = sum(item.file_size for item in zipfile.ZipFile(io.BytesIO(content)).infolist())
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise UnusableInput(f"{name} is damaged. Save it again, and send that.") from error
    if size > MOST_UNPACKED:
        raise UnusableInput(
            f"{name} unpacks to {size / 1e6:,.0f} MB, and at most {MOST_UNPACKED / 1e6:,.0f} MB "
            "are read. Send an extract of it."
        )


def missing_extra(name: str, what: str) -> str:
    """What to do where the package that reads it is not there."""
    return (
        f"{name}: {what} needs packages that are not installed: install signoff[office], or send "
        "it as CSV or text."
    )


def _bounded(name: str, sheet: Sheet, cells: list[list[Any]]) -> Sheet:
    count = len(cells) * max(map(len, cells))
    if count > MOST_CELLS:
        raise UnusableInput(
            f"{name} has {count:,} cells, and at most {MOST_CELLS:,} are read. Save it as CSV."
        )
    return sheet


def _is_number(row: list[Any], at: int) -> bool:
    cell = row[at] if at < len(row) else ""
    return cell in {"", None} or (isinstance(cell, int | float) and not isinstance(cell, bool))


def _text(cell: Any) -> str:
    if isinstance(cell, datetime):
        return cell.isoformat(" ").removesuffix(" 00:00:00")
    if isinstance(cell, date | time):
        return cell.isoformat()
    if isinstance(cell, timedelta):
        return str(cell)
    return cell_text(cell)
