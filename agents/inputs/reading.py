"""A file that is no Parquet, made into a plain CSV, and what had to be guessed for that."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from agents.errors import UnusableInput
from agents.inputs.decoding import Decoded, declared_charset, decode
from agents.inputs.delimited import NAMES, Row, Rows, Scan, scan_rows, scan_text
from agents.inputs.file_format import FileFormat
from agents.inputs.hints import Hints
from agents.inputs.json_records import Records, from_lines, from_list, is_lines, is_list
from agents.inputs.layout import Layout, distinct, lay_out, write
from agents.inputs.workbook import first_sheet

_PAGE = re.compile(r"\s*(?:<!doctype html|<html|<head|<\?xml[^>]*>\s*<html)", re.IGNORECASE)
_TITLE = re.compile(r"<title[^<>]{0,200}>([^<]{1,80})", re.IGNORECASE)


@dataclass(frozen=True)
class TableSource:
    """The names of all columns, and how the rows in the CSV were found.

    `exact` are columns of numbers that a program wrote; `longest` is a row, in characters.
    """

    names: tuple[str, ...]
    separator: str = ","
    said: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    exact: frozenset[int] = frozenset()
    longest: int = 0
    is_plain: bool = True


def text_kind(kind: FileFormat, content: bytes) -> FileFormat:
    """JSON that is a table is told apart from JSON that is a document."""
    if kind is not FileFormat.JSON:
        return kind
    text = content.decode("utf-8-sig", "replace")
    if is_list(text):
        return FileFormat.JSON_LIST
    return FileFormat.JSON_LINES if is_lines(text) else kind


def source_of(
    name: str, kind: FileFormat, content: bytes, media_type: str, hints: Hints, path: Path
) -> TableSource:
    """Write the rows to `path`; raises UnusableInput with a sentence when there are none."""
    if kind is FileFormat.WORKBOOK:
        return _of_workbook(name, content, hints, path)
    decoded = decode(name, content, hints.encoding or declared_charset(media_type))
    refuse_page(name, decoded.text)
    if kind in {FileFormat.JSON, FileFormat.JSON_LINES}:
        return _of_json(name, kind, decoded, path)
    text = decoded.text.replace("\r\n", "\n").replace("\r", "\n")
    scan = scan_text(name, text, hints.delimiter)
    layout = lay_out(name, scan, hints.header)
    separator = NAMES.get(scan.delimiter, repr(scan.delimiter)) if scan.delimiter else "one column"
    encoding = _encoding(decoded)
    said = (*encoding, separator, *layout.said)
    plain = not encoding and separator in {"comma", "one column"} and not layout.said
    return _written(scan, layout, path, said, decoded.notes, plain=plain)


def refuse_page(name: str, text: str) -> None:
    """Raises UnusableInput for a web page that was saved in place of the file."""
    if not _PAGE.match(text):
        return
    title = _TITLE.search(text)
    called = f" (“{' '.join(title.group(1).split())}”)" if title else ""
    raise UnusableInput(
        f"{name} is a web page{called}, not the file: it may have been saved without being signed "
        "in. Download it again, and send that."
    )


def _encoding(decoded: Decoded) -> tuple[str, ...]:
    if decoded.guessed:
        return (f"{decoded.encoding} (guessed)",)
    return () if decoded.encoding == "UTF-8" else (decoded.encoding,)


def _written(
    scan: Scan,
    layout: Layout,
    path: Path,
    said: Sequence[str],
    notes: Sequence[str],
    *,
    exact: frozenset[int] = frozenset(),
    plain: bool = True,
) -> TableSource:
    with path.open("w", encoding="utf-8", newline="") as out:
        written = write(scan, layout, out)
    return TableSource(
        names=tuple(layout.names),
        separator=scan.delimiter or ",",
        said=tuple(said),
        notes=(*notes, *layout.notes, *written.notes()),
        exact=exact,
        longest=written.longest,
        is_plain=plain and not written.long,
    )


def _of_json(name: str, kind: FileFormat, decoded: Decoded, path: Path) -> TableSource:
    lines = kind is FileFormat.JSON_LINES or is_lines(decoded.text)
    found: Records = (from_lines if lines else from_list)(name, decoded.text)
    scan = scan_rows(found.iterate)
    layout = Layout(
        names=distinct(name or "column" for name in found.names),
        header_line=0,
        first_line=found.rows[0].line,
        last_line=found.rows[-1].line,
        width=len(found.names),
    )
    try:
        made = _written(
            scan,
            layout,
            path,
            ("JSON Lines" if lines else "JSON",),
            (*decoded.notes, *found.notes),
            exact=found.exact,
        )
    except UnicodeEncodeError as error:
        raise UnusableInput(
            f"{name} holds characters that are half of a pair and cannot be kept. Mend it."
        ) from error
    return made


def _of_workbook(name: str, content: bytes, hints: Hints, path: Path) -> TableSource:
    sheet = first_sheet(name, content)
    rows: Rows = sheet.iterate
    scan = scan_rows(_trimmed(rows))
    layout = lay_out(name, scan, hints.header)
    exact = sheet.exact(layout.first_line, layout.last_line, layout.width)
    said = (f"sheet {sheet.name}", *layout.said)
    plain = not sheet.others and not layout.said
    return _written(scan, layout, path, said, tuple(sheet.notes()), exact=exact, plain=plain)


def _trimmed(rows: Rows) -> Rows:
    """Without the empty columns on the right that no row needs."""
    width = max((_length(row) for row in rows()), default=0)
    return lambda: (Row(row.line, row.end, row.cells[:width]) for row in rows())


def _length(row: Row) -> int:
    return max((at + 1 for at, cell in enumerate(row.cells) if cell), default=0)
