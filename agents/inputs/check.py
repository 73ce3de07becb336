"""Whether the inputs of a turn can be read at all, before any model is asked."""

from collections.abc import Iterable

from agents.inputs.decoding import decode
from agents.inputs.file_format import FileFormat, format_of
from agents.inputs.table import is_table, open_table


def refuse_unreadable(inputs: Iterable[tuple[str, str, bytes]]) -> None:
    """Take name, media type and content of each; raises UnusableInput for the first bad one."""
    for name, media_type, content in inputs:
        kind = format_of(name, media_type, content[:4])
        if kind is FileFormat.PARQUET or is_table(name, media_type, content):
            with open_table(name, content, media_type):
                continue
        decode(name, content)
