"""Characters a reader does not see, or sees where they are not, and the marks that show them."""

import unicodedata

import regex

MOST_ACCENTS = 5
MOST_NAMED = 4

_ZWNJ, _ZWJ, _TEXT_STYLE, _EMOJI_STYLE, _KEYCAP = "\u200c", "\u200d", "\ufe0e", "\ufe0f", "\u20e3"
_VIRAMA = 9
_BLANKS = dict.fromkeys(
    [0xA0, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x3000], " "
)  # spaces of other widths
_EMPTY = "\u1680\u2800\ufffc\U00016fe4\U0001d159"  # drawn as nothing, or as anything
_STROKES = "\u0334\u0335\u0336\u0337\u0338\u20d2\u20d3\u20d8\u20d9\u20da\u20e5\u20e6\u20ea\u20eb"
_SIGNS = "\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd"
_HIDDEN = regex.compile(
    rf"(?V1)[[\p{{C}}\p{{Zl}}\p{{Zp}}\p{{Default_Ignorable_Code_Point}}{_EMPTY}{_STROKES}]"
    rf"--[\n\t{_SIGNS}\p{{Extended_Pictographic}}]]+"
)
_ACCENTS = regex.compile(r"[\p{Mn}\p{Me}]+")
_EMOJI = regex.compile(r"[\p{Extended_Pictographic}\p{Emoji_Modifier}]")


def reveal(text: str) -> str:
    """`text` with a visible mark for whatever hides, strikes out or piles up."""
    if text.isascii() and text.isprintable():
        return text
    text = _HIDDEN.sub(_mark, level(text))
    return _ACCENTS.sub(_thin, text)


def level(text: str) -> str:
    """Line ends and blanks made ordinary: what nobody needs a mark for."""
    return text.replace("\r\n", "\n").translate(_BLANKS)


def _mark(match: regex.Match[str]) -> str:
    run, text = match[0], match.string
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


def _is_emoji(character: str) -> bool:
    return _EMOJI.fullmatch(character) is not None


def _joins(before: str, after: str) -> bool:
    return unicodedata.combining(before) == _VIRAMA and unicodedata.category(after)[0] == "L"


def _arabic(before: str, after: str) -> bool:
    """Letters, or a letter with its vowel sign, of Arabic or Syriac."""
    return "AL" == unicodedata.bidirectional(before) == unicodedata.bidirectional(after)


def _thin(match: regex.Match[str]) -> str:
    """Accents without a letter, and those piled on top of five others."""
    run, before = match[0], match.string[match.start() - 1 : match.start()]
    kept = 0 if not before or before.isspace() else MOST_ACCENTS
    more = len(run) - kept
    return run if more <= 0 else f"{run[:kept]}[{more} more accents]"
