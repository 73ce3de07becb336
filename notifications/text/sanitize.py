"""Agent text made inert and honest for Slack. Pure functions over untrusted strings.

Use `mrkdwn(text)` for mrkdwn objects and message text, `inert(text)` for plain_text and rich_text,
and `clip(text, limit, render=mrkdwn)` where there is a limit. Never put agent text into a
`markdown` block; set `verbatim: true` on mrkdwn objects and `unfurl_links`, `unfurl_media` false.

What changes is meant to be read by people, and is always visible:

    hidden characters      [U+202E], a run as [U+200B U+200C ... 500 hidden]
    stacked accents        [27 more accents]
    https://example.com    hxxps[:]//example[.]com
    bob@example.com, @here bob[at]example[.]com, [at]here
    #general               [#]general
    *bold* _it_ ~s~ `c` >  the same characters in full width, where Slack would take them as markup
    :tada:                 the first colon in full width

File names such as `sales.csv` and `snake_case` words stay as they are.

Kept although invisible, because languages and emoji need them: a joiner between two emoji, one
variation selector after an emoji, a zero-width non-joiner between Arabic letters, and either
joiner after an Indic virama. A blank of any width becomes an ordinary space.
"""

import re
from collections.abc import Callable
from typing import NamedTuple

from notifications.text._graphemes import boundary
from notifications.text._hidden import level, reveal

_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_FULL_WIDTH = {c: chr(ord(c) + 0xFEE0) for c in "*_~`>:"}
_FILE_TYPES = (
    "avro|bak|bmp|cfg|conf|css|csv|db|doc|docx|env|gif|html?|ini|ipynb|jpe?g|jsx?|json|jsonl|lock|"
    "log|mdx|ndjson|ods|odt|orc|parquet|pdf|pkl|png|pptx?|sql|sqlite|svg|tex|toml|tsv|tsx|txt|"
    "webp|xlsx?|xml|ya?ml"
)
FILE_NAME = re.compile(rf"(?<![\w.@:-])[\w-]+\.(?:{_FILE_TYPES})(?![\w@-]|\.[\w.])", re.IGNORECASE)
"""A name as people write it in a sentence, also at its end."""
_SCHEME = re.compile(r"(?<![^\W_])(?P<http>http)(?P<s>s?)(?=:)", re.IGNORECASE)
_BARE_SCHEME = re.compile(
    r"(?<![^\W_])(mailto|tel|sms|callto|facetime|skype|javascript|vbscript|data|file|intent|slack"
    r"|magnet):(?=\S)",
    re.IGNORECASE,
)
_DOT = re.compile(
    r"(?<=[^\W_]|[^\x00-\x7f]|`)\.(?=[^\W\d_](?:[^\W\d_]|[^\x00-\x7f])|xn--)|(?<=www)\.",
    re.IGNORECASE,
)
_WIDE_DOT = re.compile(r"(?<=[A-Za-z0-9])[\u3002\uff0e\uff61](?=[A-Za-z]{2})")
_ANGLE = re.compile(r"<(?=[@#!|])")
_HASH = re.compile(
    r"#(?=[\w-]|[^\x00-\x7f\ufe0f\u20e3\uff0a\uff3f\uff5e\uff40\uff1e\uff1a])"
)  # but not the key "#"
_QUOTE = re.compile(r"(?m)^[ \t]*>[> \t]*")
_EMOJI_NAME = re.compile(r":(?=([^\s:\uff1a]{1,100}):)")
_STYLE = re.compile(r"[*_~]+")
_WORD = re.compile(r"[^\W\d_]{2,40}")
_LATIN = re.compile("[A-Za-z]")
_LOOKALIKES = frozenset(
    "\u0430\u0432\u0435\u043a\u043c\u043d\u043e\u0440\u0441\u0442\u0443\u0445\u0455\u0456\u0458\u04bb\u0501"
    "\u0410\u0412\u0415\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0423\u0425\u0405\u0406\u0408\u04ae\u0500"
    "\u03b1\u03b9\u03ba\u03bd\u03bf\u03c1\u03c5"
    "\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7"
)  # Cyrillic and Greek letters that are drawn like Latin ones
_WIDEST = 4


class Clipped(NamedTuple):
    """The text to show, and "`shown_count` of `total` characters shown", counted in the source."""

    shown: str
    shown_count: int
    total: int

    @property
    def whole(self) -> bool:
        """Nothing was left out."""
        return self.shown_count == self.total


def visible(text: str) -> str:
    """Every hidden or disguising character as a visible mark; newline and tab stay.

    The result encodes to UTF-8 and holds no control, bidirectional, zero-width or tag character.
    """
    return reveal(text)


def escape(text: str) -> str:
    """`&`, `<` and `>` as Slack wants them in mrkdwn. Not idempotent: call it once, last."""
    return re.sub("[&<>]", lambda match: _ESCAPES[match[0]], text)


def inert(text: str) -> str:
    """Visible text in which nothing links, mentions or styles; see the table above.

    Still unescaped: for plain_text and rich_text as it is, for mrkdwn through `escape`.
    """
    text = _defang(visible(text))
    text = _ANGLE.sub("< ", text)
    text = text.replace("@", "[at]")
    text = _HASH.sub("[#]", text)
    return _unstyle(text)


def mrkdwn(text: str) -> str:
    """Untrusted text, ready for a mrkdwn object or a message's `text`."""
    return escape(inert(text))


def clip(text: str, limit: int, render: Callable[[str], str] = str) -> Clipped:
    """The longest beginning of `text` whose rendering fits into `limit`.

    `limit` counts UTF-16 units, so that no way of counting characters exceeds it. What is shown
    is the rendering of exactly the characters counted as shown, so a link or an escape is never
    cut in half; a user-perceived character is not cut either. Without `render` the text is taken
    as already rendered: then escapes such as `&amp;`, marks such as `[U+202E]`, and names with
    a dot in them stay whole.
    """
    if len(text) <= limit and _units(shown := render(text)) <= limit:
        return Clipped(shown, len(text), len(text))
    low, high = 0, min(len(text), limit * _WIDEST)
    while low < high:
        middle = (low + high + 1) // 2
        if _units(render(text[:middle])) <= limit:
            low = middle
        else:
            high = middle - 1
    return _cut(text, low, limit, render)


def _cut(text: str, end: int, limit: int, render: Callable[[str], str]) -> Clipped:
    """Back to a boundary, and further while a shorter beginning happens to render longer."""
    end = boundary(text, end, marks=render is str)
    if render is str:
        end = _before_name(text, end)
    while end and _units(shown := render(text[:end])) > limit:
        end = boundary(text, end - 1, marks=render is str)
    return Clipped(shown if end else "", end, len(text))


def _before_name(text: str, end: int) -> int:
    """In front of a dotted name that would be cut: `a.png` is none, `a.pn` would be a host."""
    if end >= len(text) or not _in_name(text[end]):
        return end
    start = end
    while start and _in_name(text[start - 1]):
        start -= 1
    return start if "." in text[start:end] else end


def _in_name(character: str) -> bool:
    return character.isalnum() or character in "._-"


def _units(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def _defang(text: str) -> str:
    """No link: schemes, dots of host names."""
    files = {match.start() for match in FILE_NAME.finditer(text)}
    text = _DOT.sub(lambda match: _dot(text, match.start(), files), text)
    text = _WIDE_DOT.sub("[.]", text)
    text = _SCHEME.sub(lambda match: _like(match["http"], "hxxp") + match["s"], text)
    text = _BARE_SCHEME.sub(r"\1[:]", text)
    return text.replace("://", "[:]//")


def _dot(text: str, at: int, files: set[int]) -> str:
    start = at
    while start and (text[start - 1].isalnum() or text[start - 1] in "_-"):
        start -= 1
    return "." if start in files else "[.]"


def _like(model: str, text: str) -> str:
    return text.upper() if model.isupper() else text


def _unstyle(text: str) -> str:
    text = text.replace("`", _FULL_WIDTH["`"])
    text = _QUOTE.sub(lambda match: match[0].replace(">", _FULL_WIDTH[">"]), text)
    text = _EMOJI_NAME.sub(lambda match: _colon(match, text), text)
    return _STYLE.sub(lambda match: _style(match, text), text)


def _colon(match: re.Match[str], text: str) -> str:
    """Between digits, as in 10:30:45, it is a time."""
    is_time = match[1].isdigit() and text[match.start() - 1 : match.start()].isdigit()
    return ":" if is_time else _FULL_WIDTH[":"]


def _style(match: re.Match[str], text: str) -> str:
    """Markup only at the edge of a word: inside one, or between blanks, it stays."""
    before = text[match.start() - 1] if match.start() else " "
    after = text[match.end()] if match.end() < len(text) else " "
    inside = before.isascii() and before.isalnum() and after.isascii() and after.isalnum()
    apart = before.isspace() and after.isspace()
    if len(match[0]) == 1 and (inside or apart):
        return match[0]
    return "".join(_FULL_WIDTH[c] for c in match[0])


def cautions(text: str) -> tuple[str, ...]:
    """What a reader of this text should be told, a sentence each; empty for ordinary text."""
    found = []
    if visible(text) != level(text):
        found.append("Hidden characters were made visible.")
    if mixed := _mixed_words(text):
        words = ", ".join(inert(word) for word in mixed[:3])
        found.append(f"Words that mix alphabets, and may not be what they look like: {words}.")
    return tuple(found)


def _mixed_words(text: str) -> list[str]:
    """Words of Latin letters with some among them that only look Latin."""
    if text.isascii():
        return []
    words = set(_WORD.findall(text))
    return sorted(word for word in words if _LOOKALIKES & set(word) and _LATIN.search(word))
