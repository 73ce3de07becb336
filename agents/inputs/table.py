"""A file as a DuckDB table, in a database that can reach nothing else.

Extensions are neither loaded nor installed, external access ends with the one file, the
configuration is locked, one thread makes quantiles repeatable, and memory and time are bounded.
"""

import csv
import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb

from agents.errors import UnusableInput
from agents.inputs.csv_layout import delimiter_of, narrow, repair
from agents.inputs.decoding import decode
from agents.inputs.file_format import TABLES, FileFormat, format_of

MEMORY = "512MB"
SECONDS = 60.0
MISSING = ("", "NA", "N/A", "n/a", "NaN", "nan", "NULL", "null")

_CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "allow_community_extensions": False,
    "memory_limit": MEMORY,
    "temp_directory": "",
    "threads": 1,
}
_READERS = {
    FileFormat.PARQUET: "read_parquet(?)",
    FileFormat.JSON: "read_json(?, format='array', maximum_object_size=20000000)",
    FileFormat.JSON_LINES: "read_json(?, format='newline_delimited')",
}


@dataclass(frozen=True)
class Table:
    """The rows of one file, under the name `data`. `notes` says what reading had to bend."""

    name: str
    database: duckdb.DuckDBPyConnection
    notes: tuple[str, ...] = ()
    column_count: int = 0

    def query(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """All rows of `sql`; raises UnusableInput when it takes too long or too much memory."""
        with _time_limit(self.name, self.database):
            return self.database.execute(sql, list(parameters)).fetchall()

    def columns(self) -> list[tuple[str, str]]:
        """Name and DuckDB type of every column, in the file's order."""
        rows = self.query("SELECT column_name, column_type FROM (DESCRIBE data)")
        return [(str(name), str(kind)) for name, kind in rows]


def quoted(column: str) -> str:
    """A column name as SQL."""
    return '"' + column.replace('"', '""') + '"'


def is_table(name: str, media_type: str, content: bytes) -> bool:
    """JSON counts as a table when it is a list of objects."""
    kind = format_of(name, media_type, content[:4])
    if kind is not FileFormat.JSON:
        return kind in TABLES
    return content.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"[" and _is_list_of_objects(content)


def _is_list_of_objects(content: bytes) -> bool:
    try:
        parsed = json.loads(content)
    except (ValueError, RecursionError):
        return False
    return bool(parsed) and all(isinstance(item, dict) for item in parsed)


@contextmanager
def open_table(name: str, content: bytes, media_type: str = "") -> Iterator[Table]:
    """Read a file into memory; raises UnusableInput with a sentence when it is no table."""
    kind = format_of(name, media_type, content[:4])
    content, notes, count = _prepared(name, content, kind)
    with TemporaryDirectory(prefix="signoff-table-") as folder:
        path = Path(folder) / f"input.{kind.value}"
        path.write_bytes(content)
        with duckdb.connect(":memory:", config=_CONFIG) as database:
            notes += _load(name, database, path, kind)
            table = Table(name, database, notes)
            yield replace(table, column_count=count or len(table.columns()))


def _prepared(name: str, content: bytes, kind: FileFormat) -> tuple[bytes, tuple[str, ...], int]:
    """UTF-8 of at most 500 columns, notes, and the true number of columns if it was cut."""
    if kind is FileFormat.PARQUET and content:
        return content, (), 0
    decoded = decode(name, content)
    if kind in _READERS:
        return decoded.text.encode(), decoded.notes, 0
    with _as_sentence(name, kind):
        text, count = narrow(decoded.text)
    return text.encode(), decoded.notes, count


def _load(
    name: str, database: duckdb.DuckDBPyConnection, path: Path, kind: FileFormat
) -> tuple[str, ...]:
    database.execute(f"SET allowed_paths = ['{path}']")
    database.execute("SET enable_external_access = false")
    database.execute("SET lock_configuration = true")
    with _time_limit(name, database):
        notes = _read(name, database, path, kind)
    _refuse_empty(name, database)
    return notes


def _read(
    name: str, database: duckdb.DuckDBPyConnection, path: Path, kind: FileFormat
) -> tuple[str, ...]:
    if kind in _READERS:
        with _as_sentence(name, kind):
            _create(database, path, _READERS[kind])
        return ()
    try:
        _create(database, path, _csv_reader(path))
    except (duckdb.OutOfMemoryException, duckdb.InterruptException):
        raise
    except duckdb.Error:
        return _read_repaired(name, database, path, kind)
    return ()


def _read_repaired(
    name: str, database: duckdb.DuckDBPyConnection, path: Path, kind: FileFormat
) -> tuple[str, ...]:
    """A second try, with rows made as long as the header."""
    with _as_sentence(name, kind):
        repaired = repair(path.read_text(encoding="utf-8"))
        path.write_text(repaired.text, encoding="utf-8")
        _create(database, path, _csv_reader(path))
    return (
        (
            f"Rows of unequal length: {repaired.filled} short ones were filled up, "
            f"{repaired.skipped} long ones left out."
        ),
    )


def _create(database: duckdb.DuckDBPyConnection, path: Path, reader: str) -> None:
    sql = f"CREATE OR REPLACE TABLE data AS SELECT * FROM {reader}"  # noqa: S608 (a constant)
    database.execute(sql, [str(path)])


@contextmanager
def _as_sentence(name: str, kind: FileFormat) -> Iterator[None]:
    try:
        yield
    except (duckdb.OutOfMemoryException, duckdb.InterruptException):
        raise
    except (duckdb.Error, csv.Error) as error:
        raise UnusableInput(
            f"{name} cannot be read as {kind.value.upper()}. Check that it opens in a spreadsheet "
            "or editor, save it again as UTF-8 CSV, and send that."
        ) from error


def _csv_reader(path: Path) -> str:
    missing = ", ".join(f"'{text}'" for text in MISSING)
    with path.open(encoding="utf-8") as lines:
        delimiter = delimiter_of(lines.readline())
    return (
        f"read_csv(?, header=true, skip=0, sample_size=-1, delim='{delimiter}', "
        f"nullstr=[{missing}])"
    )


def _refuse_empty(name: str, database: duckdb.DuckDBPyConnection) -> None:
    if not database.execute("SELECT count(*) FROM data").fetchall()[0][0]:
        raise UnusableInput(f"{name} has a header but no rows. Send a file with at least one row.")


@contextmanager
def _time_limit(name: str, database: duckdb.DuckDBPyConnection) -> Iterator[None]:
    timer = threading.Timer(SECONDS, database.interrupt)
    timer.start()
    try:
        yield
    except duckdb.InterruptException as error:
        raise UnusableInput(
            f"{name} takes more than {SECONDS:.0f} s to work through. Send a smaller extract of it."
        ) from error
    except duckdb.OutOfMemoryException as error:
        raise UnusableInput(
            f"{name} needs more than {MEMORY} of memory. Send a smaller extract of it."
        ) from error
    finally:
        timer.cancel()
