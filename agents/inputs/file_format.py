"""What kind of file an input is, from its name, its media type and its first bytes."""

from enum import StrEnum
from pathlib import PurePosixPath


class FileFormat(StrEnum):
    """The formats agents can read."""

    CSV = "csv"
    TSV = "tsv"
    JSON = "json"
    JSON_LINES = "jsonl"
    PARQUET = "parquet"
    MARKDOWN = "markdown"
    TEXT = "text"


TABLES = frozenset({FileFormat.CSV, FileFormat.TSV, FileFormat.JSON_LINES, FileFormat.PARQUET})

_SUFFIXES = {
    ".csv": FileFormat.CSV,
    ".tsv": FileFormat.TSV,
    ".tab": FileFormat.TSV,
    ".json": FileFormat.JSON,
    ".jsonl": FileFormat.JSON_LINES,
    ".ndjson": FileFormat.JSON_LINES,
    ".parquet": FileFormat.PARQUET,
    ".pq": FileFormat.PARQUET,
    ".md": FileFormat.MARKDOWN,
    ".markdown": FileFormat.MARKDOWN,
    ".txt": FileFormat.TEXT,
}
_MEDIA_TYPES = {
    "text/csv": FileFormat.CSV,
    "text/tab-separated-values": FileFormat.TSV,
    "application/json": FileFormat.JSON,
    "application/x-ndjson": FileFormat.JSON_LINES,
    "application/jsonl": FileFormat.JSON_LINES,
    "application/vnd.apache.parquet": FileFormat.PARQUET,
    "text/markdown": FileFormat.MARKDOWN,
}


def format_of(name: str, media_type: str = "", head: bytes = b"") -> FileFormat:
    """The suffix wins, then the media type, then Parquet's magic; anything else is text."""
    suffix = PurePosixPath(name).suffix.lower()
    if suffix in _SUFFIXES:
        return _SUFFIXES[suffix]
    plain = media_type.partition(";")[0].strip().lower()
    if plain in _MEDIA_TYPES:
        return _MEDIA_TYPES[plain]
    return FileFormat.PARQUET if head.startswith(b"PAR1") else FileFormat.TEXT
