"""Where text may be cut without cutting what a reader takes for one character."""

import re
import unicodedata

FARTHEST = 64
_MARK = re.compile(
    r"&(?:amp|lt|gt);|\[(?:U\+[0-9A-F]{4,6}[^\[\]\n]{0,60}|[0-9]+ more accents|at|[.:#])\]"
)
_ZWJ = "\u200d"


def boundary(text: str, end: int, *, marks: bool = False) -> int:
    """The nearest place at or before `end` that cuts no character, emoji or flag.

    With `marks`, also none of the escapes and marks of `notifications.text.sanitize`. A single
    character longer than 64 code points is cut after all.
    """
    if marks:
        end = _before_mark(text, end)
    for place in range(end, max(end - FARTHEST, 0), -1):
        if not _inside(text, place):
            return place
    return 0 if end < FARTHEST else end


def _before_mark(text: str, end: int) -> int:
    start = max(end - FARTHEST - 32, 0)
    for match in _MARK.finditer(text, start, end + FARTHEST + 32):
        if match.start() < end < match.end():
            return match.start()
    return end


def _inside(text: str, place: int) -> bool:
    """Whether the characters on both sides of `place` belong together."""
    if not 0 < place < len(text):
        return False
    before, after = text[place - 1], text[place]
    return (
        _extends(after)
        or before == _ZWJ
        or (before == "\r" and after == "\n")
        or (_is_flag(after) and _flags_before(text, place) % 2 == 1)
        or _is_syllable(before, after)
    )


def _extends(character: str) -> bool:
    """Drawn together with what comes before."""
    code = ord(character)
    return (
        unicodedata.category(character) in ("Mn", "Me", "Mc")
        or character in (_ZWJ, "\u200c", "\u0e33", "\u0eb3")
        or 0x1F3FB <= code <= 0x1F3FF
        or 0xE0020 <= code <= 0xE007F
    )


def _is_flag(character: str) -> bool:
    return 0x1F1E6 <= ord(character) <= 0x1F1FF


def _flags_before(text: str, place: int) -> int:
    """How many flag letters end at `place`; of very many, whether odd is lost on purpose."""
    count = 0
    while place > count and _is_flag(text[place - count - 1]):
        count += 1
    return count


def _is_syllable(before: str, after: str) -> bool:
    """Two parts of one Hangul syllable."""
    part, whole = ord(after), ord(before)
    is_part = 0x1160 <= part <= 0x11FF
    return is_part and (0x1100 <= whole <= 0x11FF or 0xAC00 <= whole <= 0xD7A3)
