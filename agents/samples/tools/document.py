"""A text, a Markdown page, a PDF or a JSON document, as an agent reads it: part by part."""

import re
from typing import Any

from agents.inputs.decoding import Decoded, declared_charset, decode
from agents.inputs.file_format import FileFormat, format_of
from agents.inputs.json_records import parsed
from agents.inputs.office_text import office_text
from workflows.messages.base import Frozen

PART_CHARACTERS = 20_000
MOST_HEADINGS = 50
MOST_KEYS = 50


class Document(Frozen):
    """One part of a document. `next_offset` is where the next part starts; -1 after the last."""

    file: str
    format: str
    characters: int
    words: int
    lines: int
    headings: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    text: str = ""
    next_offset: int = -1
    notes: tuple[str, ...] = ()


def read(name: str, content: bytes, media_type: str = "", offset: int = 0) -> Document:
    """Read a part of 20,000 characters; raises UnusableInput for empty or binary files.

    Of PDF and Word files it is their text.
    """
    kind = format_of(name, media_type, content[:4])
    decoded = _decoded(name, kind, content, media_type)
    text = decoded.text
    part = text[max(0, offset) : max(0, offset) + PART_CHARACTERS]
    following = max(0, offset) + len(part)
    return Document(
        file=name,
        format=kind.value,
        characters=len(text),
        words=len(text.split()),
        lines=text.count("\n") + 1,
        headings=headings(text) if kind is FileFormat.MARKDOWN else (),
        keys=_keys(parsed(name, text)) if kind is FileFormat.JSON else (),
        text=part,
        next_offset=following if following < len(text) else -1,
        notes=decoded.notes,
    )


def _decoded(name: str, kind: FileFormat, content: bytes, media_type: str) -> Decoded:
    if kind in {FileFormat.PDF, FileFormat.WORD}:
        return Decoded(office_text(name, kind, content))
    return decode(name, content, declared_charset(media_type))


def headings(text: str) -> tuple[str, ...]:
    """The headings of a Markdown text, without their marks."""
    found = re.findall(r"^#{1,6}[ \t]+(\S.*)$", text, re.MULTILINE)
    return tuple(heading.strip()[:120] for heading in found[:MOST_HEADINGS])


def _keys(parsed: Any) -> tuple[str, ...]:
    if not isinstance(parsed, dict):
        return ()
    shown = list(parsed.items())[:MOST_KEYS]
    return tuple(f"{str(key)[:80]}: {_kind(value)}" for key, value in shown)


def _kind(value: Any) -> str:
    if isinstance(value, list):
        return f"list of {len(value)}"
    if isinstance(value, dict):
        return f"object with {len(value)} keys"
    names = {str: "text", bool: "truth value", int: "number", float: "number"}
    return names.get(type(value), "null")
