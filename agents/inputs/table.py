"""A file as a DuckDB table, in a database that can reach nothing else.

Extensions are neither loaded nor installed, external access ends with the one file, the
configuration is locked, one thread makes quantiles repeatable, and memory and time are bounded.
Every column is a number, a date, a truth value or text; what is something else is read as text.
"""

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Any

import duckdb
import structlog

from agents.errors import UnusableInput
from agents.inputs.columns.column_types import infer
from agents.inputs.columns.typed_columns import plain_columns, quoted
from agents.inputs.file_format import TABLES, FileFormat, format_of
from agents.inputs.hints import Hints
from agents.inputs.layout import MOST_COLUMNS
from agents.inputs.reading import TableSource, source_of, text_kind

__all__ = ["NotComputable", "Table", "is_table", "open_table", "quoted"]

MEMORY = "512MB"
SECONDS = 60.0
MOST_CELLS = 20_000_000
"""Of a larger table (columns times rows) a sample is read."""
_log = structlog.get_logger(__name__)

_CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "allow_community_extensions": False,
    "memory_limit": MEMORY,
    "temp_directory": "",
    "threads": 1,
}


class NotComputable(UnusableInput):
    """A figure that these values do not have, such as one beyond the largest number."""


@dataclass(frozen=True)
class Table:
    """The rows of one file, under the name `data`. `notes` says what reading had to bend.

    `read_as` is how it was read, in one line; `is_plain` that there was nothing to guess;
    `requested` what of it people asked for; `unclear` the columns that could be read in two ways,
    with what about them is unclear. `rows` is the number in the file, of which `data` holds a
    sample where `is_sample`. `units` are those of whole columns.
    """

    name: str
    database: duckdb.DuckDBPyConnection
    notes: tuple[str, ...] = ()
    column_count: int = 0
    read_as: str = ""
    is_plain: bool = True
    requested: str = ""
    unclear: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    units: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    rows: int = 0
    is_sample: bool = False

    def query(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """All rows of `sql`; raises UnusableInput, whatever DuckDB finds wrong with it."""
        with _as_sentence(self.name, self.database):
            return self.database.execute(sql, list(parameters)).fetchall()

    def columns(self) -> list[tuple[str, str]]:
        """Name and DuckDB type of every column, in the file's order."""
        rows = self.query("SELECT column_name, column_type FROM (DESCRIBE data)")
        return [(str(name), str(kind)) for name, kind in rows]


def is_table(name: str, media_type: str, content: bytes) -> bool:
    """JSON counts as a table when it is a list of objects, or an object in each line."""
    kind = format_of(name, media_type, content[:4])
    return text_kind(kind, content) in TABLES


@contextmanager
def open_table(
    name: str, content: bytes, media_type: str = "", hints: Hints | None = None
) -> Iterator[Table]:
    """Read a file into memory; raises UnusableInput with a sentence when it is no table.

    `hints` is how people want it to be read.
    """
    kind = format_of(name, media_type, content[:4])
    with TemporaryDirectory(prefix="signoff-table-") as folder:
        path = Path(folder) / "input"
        source = None
        if kind is FileFormat.PARQUET and content:
            path.write_bytes(content)
        else:
            source = source_of(name, kind, content, media_type, hints or Hints(), path)
        with duckdb.connect(":memory:", config=_CONFIG) as database:
            database.execute(f"SET allowed_paths = ['{path}']")
            database.execute("SET enable_external_access = false")
            database.execute("SET lock_configuration = true")
            with _as_sentence(name, database, kind):
                table = (
                    _typed(name, database, path, source, hints or Hints())
                    if source
                    else _columnar(name, database, path, hints or Hints())
                )
            yield table


def _typed(
    name: str,
    database: duckdb.DuckDBPyConnection,
    path: Path,
    source: TableSource,
    hints: Hints,
) -> Table:
    """Load text, and give every column its type."""
    shown = source.names[:MOST_COLUMNS]
    columns = ", ".join(f"'c{at}': 'VARCHAR'" for at in range(len(shown)))
    database.execute(
        f"CREATE TABLE raw AS SELECT * FROM read_csv(?, header=false, auto_detect=false, "  # noqa: S608
        f"delim=',', quote='\"', escape='\"', columns={{{columns}}}, "
        f"max_line_size={max(2_000_000, 4 * source.longest + 100)})",
        [str(path)],
    )
    found = infer(
        database,
        list(enumerate(shown)),
        hints,
        separator=source.separator,
        exact=source.exact,
    )
    made = ", ".join(f"{sql} AS {quoted(column)}" for sql, column in found.select)
    database.execute(f"CREATE TABLE data AS SELECT {made} FROM raw")  # noqa: S608 (quoted names)
    database.execute("DROP TABLE raw")
    said, infinite = (*source.said, *found.said), _leave_out_infinite(database)
    return Table(
        name,
        database,
        notes=(*source.notes, *found.notes, *infinite),
        column_count=len(source.names) + len(found.select) - len(shown),
        read_as=", ".join(said),
        is_plain=source.is_plain and not found.unclear and not _bent(found.said),
        requested=hints.words(),
        unclear=found.unclear,
        units=found.units,
        rows=_count(name, database),
    )


def _bent(said: Sequence[str]) -> bool:
    """Whether anything in it is other than usual."""
    return any(words != "decimal point" for words in said)


def _leave_out_infinite(database: duckdb.DuckDBPyConnection) -> tuple[str, ...]:
    """Figures over infinity tell nothing, so it counts as missing, and that is said."""
    rows = database.execute("SELECT column_name, column_type FROM (DESCRIBE data)").fetchall()
    notes: list[str] = []
    for column in (quoted(name) for name, kind in rows if kind == "DOUBLE"):
        count = database.execute(
            f"SELECT count(*) FILTER (NOT isfinite({column})) FROM data"  # noqa: S608
        ).fetchall()[0][0]
        if count:
            database.execute(f"UPDATE data SET {column} = NULL WHERE NOT isfinite({column})")  # noqa: S608
            notes.append(_infinite(column.strip('"'), count))
    return tuple(notes)


def _infinite(column: str, count: int) -> str:
    return f"{column}: {count} infinite or undefined values (inf, NaN) are left out of its figures."


def _columnar(name: str, database: duckdb.DuckDBPyConnection, path: Path, hints: Hints) -> Table:
    """A Parquet file, or a sample of it; its columns of text are looked at like any other text."""
    declared = database.execute(
        "SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM read_parquet(?))", [str(path)]
    ).fetchall()
    shown = declared[:MOST_COLUMNS]
    columns = plain_columns([(str(column), str(kind)) for column, kind in shown])
    rows = int(
        database.execute("SELECT count(*) FROM read_parquet(?)", [str(path)]).fetchall()[0][0]
    )
    share = min(1.0, MOST_CELLS / max(1, rows * len(shown)))
    sample = "" if share == 1 else f" USING SAMPLE {100 * share:.6f}% (bernoulli, 1)"
    made = ", ".join(f"{column.sql} AS c{at}" for at, column in enumerate(columns))
    counted = ", ".join(column.odd for column in columns)
    database.execute(f"CREATE TABLE raw AS SELECT {made} FROM read_parquet(?){sample}", [str(path)])  # noqa: S608
    odd = database.execute(f"SELECT {counted} FROM read_parquet(?){sample}", [str(path)])  # noqa: S608
    notes = [_infinite(c.name, n) for c, n in zip(columns, odd.fetchall()[0], strict=True) if n]
    texts = [(at, column.name) for at, column in enumerate(columns) if column.is_text]
    found = infer(database, texts, hints)
    typed = dict(zip((at for at, _ in texts), found.select, strict=False))
    extra = found.select[len(texts) :]
    chosen = [typed.get(at, (f"c{at}", column.name)) for at, column in enumerate(columns)]
    made = ", ".join(f"{sql} AS {quoted(column)}" for sql, column in [*chosen, *extra])
    database.execute(f"CREATE TABLE data AS SELECT {made} FROM raw")  # noqa: S608 (quoted names)
    database.execute("DROP TABLE raw")
    sampled = _count(name, database)
    if sample:
        notes.append(f"Figures are of a sample of {sampled:,} of {rows:,} rows.")
    nested = [column.name for column in columns if column.is_nested]
    if nested:
        notes.append(f"{', '.join(nested[:5])}: lists, objects or bytes, read as text.")
    return Table(
        name,
        database,
        notes=(*notes, *found.notes),
        column_count=len(declared) + len(extra),
        read_as=", ".join(["Parquet", *found.said]),
        is_plain=not found.unclear and not _bent(found.said),
        requested=hints.words(),
        unclear=found.unclear,
        units=found.units,
        rows=rows,
        is_sample=bool(sample),
    )


def _count(name: str, database: duckdb.DuckDBPyConnection) -> int:
    count = int(database.execute("SELECT count(*) FROM data").fetchall()[0][0])
    if not count:
        raise UnusableInput(f"{name} has a header but no rows. Send a file with at least one row.")
    return count


@contextmanager
def _as_sentence(
    name: str, database: duckdb.DuckDBPyConnection, kind: FileFormat | None = None
) -> Iterator[None]:
    """Errors of DuckDB are for the log; people and models get a sentence."""
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
    except duckdb.Error as error:
        _log.warning("table_query_failed", kind=type(error).__name__, loading=kind is not None)
        if kind is None:
            raise NotComputable(
                f"{name}: this cannot be worked out from its columns. Ask for something else."
            ) from error
        raise UnusableInput(
            f"{name} cannot be read as {kind.value.upper()}. Check that it opens in a spreadsheet "
            "or editor, save it again as UTF-8 CSV, and send that."
        ) from error
    finally:
        timer.cancel()
