"""Bytes that ought to be text, made into text, with a note about whatever was changed."""

import codecs
from dataclasses import dataclass

from agents.errors import UnusableInput

CONTROL_SHARE = 0.05
_CONTROLS = frozenset(range(32)) - {9, 10, 11, 12, 13, 27}
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True)
class Decoded:
    """`text` encodes to UTF-8 and holds no NUL; `notes` says what was replaced to get there."""

    text: str
    notes: tuple[str, ...] = ()


def decode(name: str, content: bytes) -> Decoded:
    """Text of a file; raises UnusableInput for an empty or a binary one."""
    if not content.strip(b"\0 \t\r\n"):
        raise UnusableInput(f"{name} is empty. Send a file that has something in it.")
    decoded = _decode(content)
    _refuse_binary(name, decoded.text)
    return _without_nul(decoded)


def _decode(content: bytes) -> Decoded:
    for mark, encoding in _BOMS:
        if content.startswith(mark):
            return Decoded(content.decode(encoding, "replace"))
    try:
        return Decoded(content.decode("utf-8"))
    except UnicodeDecodeError:
        return _decode_other(content)


def _decode_other(content: bytes) -> Decoded:
    """Windows-1252 when nothing in the file is valid UTF-8 beyond ASCII, else UTF-8 with gaps."""
    text = content.decode("utf-8", "replace")
    replaced = text.count("\ufffd")
    if any(ord(character) > 127 for character in text if character != "\ufffd") or (
        b"\xed\xa0" <= content[content.find(b"\xed") :][:2] <= b"\xed\xbf"
    ):
        return Decoded(text, (f"{replaced} bytes were not valid UTF-8 and were replaced.",))
    note = "The file is not UTF-8; it was read as Windows-1252."
    return Decoded(content.decode("cp1252", "replace"), (note,))


def _refuse_binary(name: str, text: str) -> None:
    sample = text[:100_000]
    controls = sum(1 for character in sample if ord(character) in _CONTROLS)
    if controls > max(8, CONTROL_SHARE * len(sample)):
        raise UnusableInput(
            f"{name} is not text but binary data. Send CSV, TSV, JSON, JSON Lines, Parquet, "
            "Markdown or plain text."
        )


def _without_nul(decoded: Decoded) -> Decoded:
    nuls = decoded.text.count("\0")
    if not nuls:
        return decoded
    note = f"{nuls} NUL characters were removed."
    return Decoded(decoded.text.replace("\0", ""), (*decoded.notes, note))
