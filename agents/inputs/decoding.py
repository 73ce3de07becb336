"""Bytes that ought to be text, made into text, with a note about whatever was changed or guessed.

A byte-order mark decides, then what people or the sender declare, then whether it is UTF-8. What is
left is a guess, and says so.
"""

import codecs
import re
from dataclasses import dataclass

from charset_normalizer import from_bytes

from agents.errors import UnusableInput

CONTROL_SHARE = 0.05
GUESSED_FROM = 200_000
"""Bytes that a guess looks at."""
_CONTROLS = frozenset(range(32)) - {9, 10, 11, 12, 13, 27}
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_WESTERN = "cp1252"
_OTHERS = ["cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp932", "euc_jp", "gb18030", "big5"]
_OTHERS += ["cp949", "koi8_r", "cp437", "mac_roman"]
_WORD = re.compile(r"[a-zA-ZÀ-ÖØ-öø-ÿŠšŽžŒœŸ]+")
_ALIEN = re.compile(r"[^a-zA-Z]{3}|\A[^a-zA-Z]+\Z")
_ODD = re.compile(  # signs within a word: other letters, in another encoding
    r"[A-Za-zÀ-ÿ][¡-©«-±´¶-¸»-¿ˆ-‰†‡…][A-Za-zÀ-ÿ]|(?<![\w])[£¥¹³¿¼¾¦¯±][a-zà-ÿ]"  # noqa: RUF001
)
_NAMES = {
    "utf-8": "UTF-8",
    "utf-8-sig": "UTF-8",
    "utf-16": "UTF-16",
    "utf-32": "UTF-32",
    "cp932": "Shift JIS",
    "euc_jp": "EUC-JP",
    "gb18030": "GB 18030",
    "cp949": "EUC-KR",
    "koi8_r": "KOI8-R",
    "mac_roman": "Mac Roman",
}


@dataclass(frozen=True)
class Decoded:
    """`text` encodes to UTF-8 and holds no NUL; `notes` says what was replaced to get there.

    `encoding` is for people; `guessed` says that nothing in the file or around it told it.
    """

    text: str
    notes: tuple[str, ...] = ()
    encoding: str = "UTF-8"
    guessed: bool = False


def decode(name: str, content: bytes, encoding: str = "") -> Decoded:
    """Text of a file; raises UnusableInput for an empty or a binary one.

    `encoding` is what it is declared to be: by people, or by whoever sent it.
    """
    if not content.strip(b"\0 \t\r\n"):
        raise UnusableInput(f"{name} is empty. Send a file that has something in it.")
    decoded = _decode(content, encoding)
    _refuse_binary(name, decoded.text)
    return _without_nul(decoded)


def declared_charset(media_type: str) -> str:
    """The charset of a media type, if Python knows it; else empty."""
    match = re.search(r"charset\s*=\s*\"?([\w.:-]+)", media_type, re.IGNORECASE)
    try:
        return codecs.lookup(match.group(1)).name if match else ""
    except LookupError:
        return ""


def encoding_name(encoding: str) -> str:
    """As people call it."""
    plain = encoding.lower()
    number = plain.removeprefix("cp")
    if plain.startswith("cp125"):
        return f"Windows-{number}"
    return _NAMES.get(plain, encoding)


def _decode(content: bytes, declared: str) -> Decoded:
    for mark, encoding in _BOMS:
        if content.startswith(mark):
            return _strictly(content, encoding) or _with_gaps(content, encoding)
    for encoding in filter(None, (declared, "utf-8", _wide(content))):
        if found := _strictly(content, encoding):
            return found
    return _decode_other(content)


def _strictly(content: bytes, encoding: str) -> Decoded | None:
    try:
        return Decoded(content.decode(encoding), encoding=encoding_name(encoding))
    except (UnicodeDecodeError, LookupError):
        return None


def _with_gaps(content: bytes, encoding: str) -> Decoded:
    text = content.decode(encoding, "replace")
    name = encoding_name(encoding)
    note = f"{text.count(chr(0xFFFD))} bytes were not valid {name} and were replaced."
    return Decoded(text, (note,), name)


def _wide(content: bytes) -> str:
    """UTF-16 without a mark: every other byte of its beginning is NUL."""
    head = content[:2_000]
    even, odd = head[::2].count(0), head[1::2].count(0)
    half = len(head) // 2
    if half >= 2 and min(even, odd) * 10 < max(even, odd) and max(even, odd) > 0.6 * half:
        return "utf-16-be" if even > odd else "utf-16-le"
    return ""


def _decode_other(content: bytes) -> Decoded:
    """UTF-8 with gaps where some of it is UTF-8 beyond ASCII, else the likeliest other one."""
    text = content.decode("utf-8", "replace")
    replaced = text.count("\ufffd")
    beyond = sum(1 for character in text if ord(character) > 127) - replaced
    surrogate = b"\xed\xa0" <= content[content.find(b"\xed") :][:2] <= b"\xed\xbf"
    if beyond > replaced or surrogate:
        return _with_gaps(content, "utf-8")
    encoding = _likeliest(content)
    found = _strictly(content, encoding) or _with_gaps(content, encoding)
    name = encoding_name(encoding)
    note = f"The file does not say its encoding and is not UTF-8; {name} is a guess."
    return Decoded(found.text, (*found.notes, note), name, guessed=True)


def _likeliest(content: bytes) -> str:
    western = content.decode(_WESTERN, "replace")
    if _looks_western(western):
        return _WESTERN
    sample = b"\n".join(line for line in content.split(b"\n") if not line.isascii())
    best = from_bytes(sample[:GUESSED_FROM], cp_isolation=_OTHERS, threshold=0.5).best()
    if best is None or _strictly(content, best.encoding) is None:
        return _WESTERN
    return best.encoding


def _looks_western(text: str) -> bool:
    """Whether letters beyond ASCII stand alone between others, as they do in western languages."""
    if "\ufffd" in text or _ODD.search(text):
        return False
    words = [word for word in _WORD.findall(text) if not word.isascii()]
    alien = sum(1 for word in words if _ALIEN.search(word))
    alone = sum(1 for word in words if len(word) == 1)
    return alien - alone <= 0.3 * len(words)


def _refuse_binary(name: str, text: str) -> None:
    sample = text[:100_000]
    controls = sum(1 for character in sample if ord(character) in _CONTROLS)
    if controls > max(8, CONTROL_SHARE * len(sample)):
        raise UnusableInput(
            f"{name} is not text but binary data. Send CSV, TSV, JSON, JSON Lines, Parquet, "
            "Excel, PDF, Word, Markdown or plain text."
        )


def _without_nul(decoded: Decoded) -> Decoded:
    nuls = decoded.text.count("\0")
    if not nuls:
        return decoded
    note = f"{nuls} NUL characters were removed."
    text = decoded.text.replace("\0", "")
    return Decoded(text, (*decoded.notes, note), decoded.encoding, decoded.guessed)
