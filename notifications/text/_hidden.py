"""Characters a reader does not see, or sees where they are not, and the marks that show them."""

import re
import unicodedata
from functools import lru_cache

MOST_ACCENTS = 5
MOST_NAMED = 4

_ZWNJ, _ZWJ, _TEXT_STYLE, _EMOJI_STYLE, _KEYCAP = "\u200c", "\u200d", "\ufe0e", "\ufe0f", "\u20e3"
_VIRAMA = 9
_BLANKS = dict.fromkeys(
    [0xA0, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x3000], " "
)  # spaces of other widths
_IGNORABLE = frozenset(
    chr(code)
    for first, last in (
        (0x034F, 0x034F),
        (0x115F, 0x1160),
        (0x17B4, 0x17B5),
        (0x180B, 0x180F),
        (0x3164, 0x3164),
        (0xFE00, 0xFE0F),
        (0xFFA0, 0xFFA0),
    )
    for code in range(first, last + 1)
)  # Default_Ignorable_Code_Point, as far as the categories below do not have it
_EMPTY = frozenset("\u1680\u2800\ufffc\U00016fe4\U0001d159")  # drawn as nothing, or as anything
_STROKES = frozenset(
    "\u0334\u0335\u0336\u0337\u0338\u20d2\u20d3\u20d8\u20d9\u20da\u20e5\u20e6\u20ea\u20eb"
)
_SIGNS = frozenset(
    "\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd"
)


def reveal(text: str) -> str:
    """`text` with a visible mark for whatever hides, strikes out or piles up."""
    if text.isascii() and text.isprintable():
        return text
    text = level(text)
    characters = set(text)
    if hidden := [c for c in characters if _hides(c)]:
        run = re.compile(f"[{_class(hidden)}]+")
        text = run.sub(lambda match: _mark(match, text), text)
    if accents := [c for c in characters if unicodedata.category(c) in ("Mn", "Me")]:
        text = re.sub(f"[{_class(accents)}]+", lambda match: _thin(match, text), text)
    return text


def level(text: str) -> str:
    """Line ends and blanks made ordinary: what nobody needs a mark for."""
    return text.replace("\r\n", "\n").translate(_BLANKS)


@lru_cache(maxsize=4096)
def _hides(character: str) -> bool:
    """Not seen by a reader, or changes how its neighbours are seen."""
    if character in _IGNORABLE or character in _EMPTY or character in _STROKES:
        return True
    match unicodedata.category(character):
        case "Cc":
            return character not in "\n\t"
        case "Cf":
            return character not in _SIGNS
        case "Cn":
            return not _is_emoji(character)
        case "Cs" | "Co" | "Zl" | "Zp":
            return True
    return 0xE0100 <= ord(character) <= 0xE01EF


def _class(characters: list[str]) -> str:
    """The inside of a character class, as ranges: a text may hold every character there is."""
    ranges: list[list[int]] = []
    for code in sorted(map(ord, characters)):
        if ranges and code == ranges[-1][1] + 1:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    return "".join(f"{re.escape(chr(first))}-{re.escape(chr(last))}" for first, last in ranges)


def _mark(match: re.Match[str], text: str) -> str:
    run = match[0]
    before = text[match.start() - 1 : match.start()]
    after = text[match.end() : match.end() + 1]
    if _belongs(run, before, after):
        return run
    names = " ".join(f"U+{ord(character):04X}" for character in run[:MOST_NAMED])
    return f"[{names}]" if len(run) <= MOST_NAMED else f"[{names} ... {len(run)} hidden]"


def _belongs(run: str, before: str, after: str) -> bool:
    """Invisible, and needed: part of an emoji, or of a word in a script that joins its letters."""
    if not before:
        return False
    if run in (_TEXT_STYLE, _EMOJI_STYLE):
        return _is_emoji(before) or (before in "0123456789#" and after == _KEYCAP)
    if run in (_ZWJ, _EMOJI_STYLE + _ZWJ) and after:
        return (_is_emoji(before) and _is_emoji(after)) or (run == _ZWJ and _joins(before, after))
    return run == _ZWNJ and bool(after) and (_joins(before, after) or _arabic(before, after))


def _joins(before: str, after: str) -> bool:
    return unicodedata.combining(before) == _VIRAMA and unicodedata.category(after)[0] == "L"


def _arabic(before: str, after: str) -> bool:
    """Letters, or a letter with its vowel sign, of Arabic or Syriac."""
    return "AL" == unicodedata.bidirectional(before) == unicodedata.bidirectional(after)


def _thin(match: re.Match[str], text: str) -> str:
    """Accents without a letter, and those piled on top of five others."""
    run = match[0]
    before = text[match.start() - 1 : match.start()]
    kept = 0 if not before or before.isspace() else MOST_ACCENTS
    more = len(run) - kept
    return run if more <= 0 else f"{run[:kept]}[{more} more accents]"


def _is_emoji(character: str) -> bool:
    """A symbol in a block of pictographs; places still free there are drawn as a box at least."""
    code = ord(character)
    pictograph = (
        0x1F000 <= code <= 0x1FAFF
        or 0x2190 <= code <= 0x21FF
        or 0x2300 <= code <= 0x23FF
        or 0x25A0 <= code <= 0x27BF
        or 0x2934 <= code <= 0x2935
        or 0x2B00 <= code <= 0x2BFF
        or character in "\xa9\xae\u2122\u24c2\u303d\u3297\u3299"
    )
    return character in "\u203c\u2049\u2139\u3030" or (
        pictograph and unicodedata.category(character) in ("So", "Sm", "Sk", "Cn")
    )
