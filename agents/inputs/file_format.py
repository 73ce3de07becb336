"""What kind of file an input is, from its name, its media type and its first bytes."""

from enum import StrEnum
from pathlib import PurePosixPath


class FileFormat(StrEnum):
    """The formats agents can read; a name alone makes it JSON, whatever is in it."""

    CSV = "csv"
    TSV = "tsv"
    JSON = "json"
    JSON_LIST = "json list"
    JSON_LINES = "jsonl"
    PARQUET = "parquet"
    WORKBOOK = "workbook"
    MARKDOWN = "markdown"
    PDF = "pdf"
    WORD = "word"
    TEXT = "text"


TABLES = frozenset(
    {
        FileFormat.CSV,
        FileFormat.TSV,
        FileFormat.JSON_LIST,
        FileFormat.JSON_LINES,
        FileFormat.PARQUET,
        FileFormat.WORKBOOK,
    }
)
"""The formats that hold rows; of JSON, a list of objects and an object in each line."""

_OPEN_XML = "application/vnd.openxmlformats-officedocument."
_SUFFIXES = {
    ".csv": FileFormat.CSV,
    ".tsv": FileFormat.TSV,
    ".tab": FileFormat.TSV,
    ".json": FileFormat.JSON,
    ".jsonl": FileFormat.JSON_LINES,
    ".ndjson": FileFormat.JSON_LINES,
    ".parquet": FileFormat.PARQUET,
    ".pq": FileFormat.PARQUET,
    **dict.fromkeys((".xlsx", ".xlsm", ".xls", ".xlsb", ".ods"), FileFormat.WORKBOOK),
    ".pdf": FileFormat.PDF,
    ".docx": FileFormat.WORD,
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
    "application/pdf": FileFormat.PDF,
    "application/vnd.ms-excel": FileFormat.WORKBOOK,
    "application/vnd.oasis.opendocument.spreadsheet": FileFormat.WORKBOOK,
    _OPEN_XML + "spreadsheetml.sheet": FileFormat.WORKBOOK,
    _OPEN_XML + "wordprocessingml.document": FileFormat.WORD,
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
