"""SQL over one column of text: its shapes, and its values in a type."""

from collections.abc import Iterable

from agents.inputs.columns.cells import SIGNS, SPACES
from agents.inputs.columns.date_notation import DateNotation
from agents.inputs.columns.number_notation import NumberNotation

_BLANKS = SPACES + "\t\n\r\u200b\ufeff"
_UNIT = rf"[A-Z]{{0,3}}[{SIGNS}]|[A-Z]{{3}}|zł|kr|Kč|Ft|lei|Fr|%|‰"
_CORE = r"(?:[0-9][0-9., \x{a0}\x{202f}\x{2009}''\x{2019}]*|[.,][0-9]+)(?:[eE][+-]?[0-9]+)?"
_INFINITE = r"^[+-]?(?i:inf|infinity|∞)$"


def text(value: str) -> str:
    """A string as SQL."""
    return "'" + value.replace("'", "''") + "'"


def trimmed(column: str) -> str:
    """Without blanks around it."""
    return f"trim({column}, {text(_BLANKS)})"


def shape(column: str) -> str:
    """With 9 for each digit, and ø for a zero that begins it."""
    begun = f"regexp_replace({trimmed(column)}, '^([^0-9]*)0', '\\1ø')"
    return f"translate({begun}, '012345678', '999999999')"


def present(column: str, missing: Iterable[str]) -> str:
    """The value, or NULL where it is one of the words for nothing that this column has."""
    words = [word for word in missing if word]
    blank = f"nullif({trimmed(column)}, '')"
    if not words:
        return f"CASE WHEN {blank} IS NOT NULL THEN {column} END"
    listed = ", ".join(map(text, words))
    return f"CASE WHEN {blank} NOT IN ({listed}) THEN {column} END"


def number(value: str, notation: NumberNotation, kind: str) -> str:
    """The number, or NULL for what is none."""
    value = trimmed(value)
    marks = {mark for one in notation.shapes for mark in one.core if mark not in "9ø+-eE"}
    bare = all(not one.unit for one in notation.shapes) and marks <= {"."}
    if bare and notation.decimal == "." and not _signs(notation):
        return f"TRY_CAST({value} AS {kind})"
    return _signed(value, notation, kind)


def _signs(notation: NumberNotation) -> bool:
    """Whether any value has a sign that DuckDB does not know."""
    return any(one.dressed for one in notation.shapes)


def _signed(value: str, notation: NumberNotation, kind: str) -> str:
    other = "," if notation.decimal == "." else "."
    core = f"regexp_replace(regexp_extract({value}, '{_CORE}'), '[^0-9.,eE+-]', '', 'g')"
    core = f"replace(replace({core}, '{other}', ''), ',', '.')"
    minus = (
        f"regexp_matches({value}, '^[^0-9]*[(\u2212-]') "
        f"OR regexp_matches({value}, '[0-9., ][^0-9]*-$')"
    )
    sign = f"CASE WHEN {minus} THEN '-' ELSE '' END"
    found = f"TRY_CAST({sign} || {core} AS {kind})"
    if kind != "DOUBLE":
        return found
    infinite = f"TRY_CAST(replace({value}, '∞', 'inf') AS DOUBLE)"
    return f"CASE WHEN regexp_matches({value}, '{_INFINITE}') THEN {infinite} ELSE {found} END"


def unit(value: str, names: dict[str, str]) -> str:
    """The unit or currency that is written beside the number."""
    found = f"regexp_extract({trimmed(value)}, '{_UNIT}')"
    cases = " ".join(f"WHEN {text(sign)} THEN {text(name)}" for sign, name in names.items())
    return f"nullif(CASE {found} {cases} ELSE {found} END, '')"


def flat(value: str) -> str:
    """Without commas and repeated blanks, as date formats have it."""
    return trimmed(f"regexp_replace({value}, '[, ]+', ' ', 'g')")


def date(whole: str, notation: DateNotation, orders: Iterable[str]) -> str:
    """The timestamp, or NULL for what is none; `orders` are formats with the order decided on."""
    value, formats = flat(whole), sorted({*notation.formats, *orders})
    found = []
    if notation.iso:
        whole = trimmed(whole)
        found.append(f"CASE WHEN {whole} LIKE '____-%' THEN TRY_CAST({whole} AS TIMESTAMP) END")
    if formats:
        found.append(strptime(value, formats))
    return f"coalesce({', '.join(found)})"


def strptime(value: str, formats: Iterable[str]) -> str:
    """With the first format that fits."""
    return f"try_strptime({value}, [{', '.join(map(text, formats))}])"


def truth(value: str, yes: str) -> str:
    """Whether it is this word, in any case; NULL for nothing."""
    return f"lower({trimmed(value)}) = {text(yes)}"
