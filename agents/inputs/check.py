"""Whether the inputs of a turn can be read at all, before any model or person is asked."""

from collections.abc import Iterable

from agents.inputs.apart import apart
from agents.inputs.decoding import declared_charset, decode
from agents.inputs.file_format import FileFormat, format_of
from agents.inputs.json_records import parsed
from agents.inputs.office_text import office_text
from agents.inputs.reading import refuse_page
from agents.inputs.table import is_table, open_table


def refuse_apart(name: str, media_type: str, content: bytes) -> None:
    """The same of what is a table or a document by its name, in a process of its own.

    What takes a process down, or keeps it busy, then is one sentence, and nobody else waits for it.
    """
    apart(_refuse_known, name, content, media_type)


def _refuse_known(name: str, content: bytes, media_type: str) -> None:
    refuse_unreadable([(name, media_type, content)], only_known=True)


def refuse_unreadable(
    inputs: Iterable[tuple[str, str, bytes]], *, only_known: bool = False
) -> None:
    """Take name, media type and content of each; raises UnusableInput for the first bad one.

    With `only_known` what is no table and no document by its name is not looked at.
    """
    for name, media_type, content in inputs:
        kind = format_of(name, media_type, content[:4])
        if only_known and kind in {FileFormat.TEXT, FileFormat.MARKDOWN}:
            continue
        if is_table(name, media_type, content):
            with open_table(name, content, media_type):
                continue
        if kind in {FileFormat.PDF, FileFormat.WORD}:
            office_text(name, kind, content)
            continue
        text = decode(name, content, declared_charset(media_type)).text
        if kind is FileFormat.JSON:
            refuse_page(name, text)
            parsed(name, text)
