"""What Slack would make of a text: written from Slack's documentation, sharing nothing with us.

It errs on Slack's side: anything a server or a client might link, mention, style or hide counts.
"""

import re
import unicodedata
from collections.abc import Iterator
from html import unescape

ANGLE = re.compile(r"<([^<>\n]*)>")
HTTP = re.compile(r"(?i)\b(?:https?|ftp|file|slack|ssh|[a-z][a-z0-9+.-]{1,20})://\S")
BARE_SCHEME = re.compile(
    r"(?i)\b(?:mailto|tel|sms|javascript|data|slack|vbscript|file|magnet):"
    r"(?![)\]”.,;]+(?:\s|$))\S"  # a bracket or a full stop after the colon is no address
)
EMAIL = re.compile(r"[^\s@<>()\[\]]+@[^\s@<>()\[\]]+")
HOST = re.compile(
    r"(?i)(?:[^\W_](?:[\w-]*[^\W_])?\.)+(?P<top>xn--[a-z0-9-]+|[^\W\d_]{2,63})(?![\w-])", re.UNICODE
)
MENTION = re.compile(r"@[\w.-]")
CHANNEL = re.compile(r"#[\w-]")
FILE_ENDINGS = re.compile(
    r"(?i)avro|bak|bmp|cfg|conf|css|csv|db|doc|docx|env|gif|htm|html|ini|ipynb|jpeg|jpg|js|json"
    r"|jsonl|jsx|lock|log|mdx|ndjson|odt|ods|orc|parquet|pdf|pkl|png|ppt|pptx|sql|sqlite|svg|tex"
    r"|toml|tsv|tsx|txt|webp|xls|xlsx|xml|yaml|yml"
)  # none of these is a top-level domain
STYLED = re.compile(r"(?<![A-Za-z0-9])([*_~])(?=\S)[^\n]*?(?<=\S)\1(?![A-Za-z0-9])")
QUOTE = re.compile(r"(?m)^[ \t]*>")


def live_parts(source: str) -> Iterator[str]:
    """Everything in a mrkdwn source that would be a link, a mention, a style or a control."""
    for match in ANGLE.finditer(source):
        yield f"control sequence {match[0]!r}"
    if re.search(r"&(?!amp;|lt;|gt;)", source):
        yield "bare ampersand"
    yield from live_words(unescape(source))
    if "`" in source:
        yield "code"
    for match in STYLED.finditer(source):
        yield f"style {match[0]!r}"
    if QUOTE.search(unescape(source)):
        yield "quote"


def live_words(text: str) -> Iterator[str]:
    """What a client links or mentions in plain words."""
    for kind, pattern in (("link", HTTP), ("link", BARE_SCHEME), ("e-mail", EMAIL)):
        for match in pattern.finditer(text):
            yield f"{kind} {match[0]!r}"
    for kind, pattern in (("mention", MENTION), ("channel", CHANNEL)):
        for match in pattern.finditer(text):
            yield f"{kind} {match[0]!r}"
    for match in HOST.finditer(text):
        if not FILE_ENDINGS.fullmatch(match["top"]):
            yield f"host {match[0]!r}"


def hidden_parts(text: str) -> Iterator[str]:
    """Characters a reader does not see, unless an emoji or a script needs them there."""
    for at, character in enumerate(text):
        before, after = text[at - 1 : at], text[at + 1 : at + 2]
        if _invisible(character) and not _needed(character, before, after):
            yield f"U+{ord(character):04X} at {at}"
    for match in re.finditer(r"[^\W\d_]?(\W)\1{9,}", text):
        if unicodedata.combining(match[1]):
            yield f"pile at {match.start()}"


def _invisible(character: str) -> bool:
    code = ord(character)
    return (
        (unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp"))
        and character not in "\n\t"
        and not (0x600 <= code <= 0x605 or code in (0x6DD, 0x70F, 0x890, 0x891, 0x8E2))
        and code not in (0x110BD, 0x110CD)
    ) or (
        0xFE00 <= code <= 0xFE0F
        or 0xE0000 <= code <= 0xE0FFF
        or 0xFDD0 <= code <= 0xFDEF
        or code & 0xFFFE == 0xFFFE
        or code in (0x34F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0, 0xFFFC, 0x16FE4)
        or 0x180B <= code <= 0x180F
    )


def _needed(character: str, before: str, after: str) -> bool:
    if character in "\ufe0e\ufe0f":
        return _pictograph(before) or (
            bool(before) and before in "0123456789#*" and after == "\u20e3"
        )
    if character == "\u200d" and (_pictograph(before) or before == "\ufe0f"):
        return _pictograph(after)
    if character in "\u200c\u200d" and before and after:
        arabic = unicodedata.bidirectional(before) == unicodedata.bidirectional(after) == "AL"
        return unicodedata.combining(before) == 9 or (arabic and character == "\u200c")
    return False


def _pictograph(character: str) -> bool:
    if not character:
        return False
    if character == "\u2139":  # the only letter among the emoji
        return True
    kind = unicodedata.category(character)
    return kind in ("So", "Sk", "Sm", "Cn", "Po", "Pd") and (
        ord(character) >= 0x2000 or character in "\xa9\xae"
    )
