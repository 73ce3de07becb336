"""How the dates of a column are written, from the shapes of all its values (see number_notation).

`03/04/2024` is in March or in April, depending on who wrote it: which of the two is asked of all
values of a column, and said where they do not tell.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

_TIME = r"(?P<time>[ T]+9{1,2}:99(?P<seconds>:99(?P<parts>\.9+)?)?(?P<half> ?[AaPp][Mm])?)?"
_ISO = re.compile(
    r"9999-9{1,2}-9{1,2}(?:[ T]9{1,2}:99(?::99(?:[.,]9+)?)?(?: ?(?:Z|UTC|[+-]99(?::?99)?))?)?"
)
_ORDERED = re.compile(
    rf"(?P<a>9{{1,2}})(?P<by>[./-])(?P<b>9{{1,2}})(?P=by)(?P<year>9999|99){_TIME}"
)
_YEAR_FIRST = re.compile(rf"9999(?P<by>[./])9{{1,2}}(?P=by)9{{1,2}}{_TIME}")
_DAY_NAME = re.compile(
    rf"9{{1,2}}(?P<by>\. |[ -])(?P<month>[A-Za-z]{{3,9}})(?P<by2>[ -])(?P<year>9999|99){_TIME}"
)
_NAME_DAY = re.compile(rf"(?P<month>[A-Za-z]{{3,9}}) 9{{1,2}} (?P<year>9999){_TIME}")
_LONG = re.compile(
    "january|february|march|april|june|july|august|september|october|november|december"
)
_SHORT = re.compile("jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec")


@dataclass
class DateNotation:
    """The formats of a date column. `orders` holds, for each separator, formats with a day and a
    month whose order the shapes do not tell: day first, and month first."""

    iso: bool = False
    timed: bool = False
    untimed: bool = False
    short_years: bool = False
    formats: set[str] = field(default_factory=set)
    orders: dict[str, tuple[set[str], set[str]]] = field(default_factory=dict)


def dates_of(shapes: Iterable[str]) -> DateNotation | None:
    """The notation of a column with these shapes; nothing where one of them is no date."""
    notation = DateNotation()
    found = [_take(notation, plain(shape)) for shape in shapes]
    return notation if found and all(found) else None


def is_date(shape: str) -> bool:
    """Whether a value of this shape can be a date."""
    return _take(DateNotation(), plain(shape))


def plain(shape: str) -> str:
    """Without commas and repeated blanks, as the formats have it; and zeros are digits."""
    return re.sub(r"[, ]+", " ", shape.replace("ø", "9")).strip()


def _take(notation: DateNotation, shape: str) -> bool:
    if _ISO.fullmatch(shape):
        notation.iso = True
        _note_time(notation, ":" in shape)
        return True
    if match := _ORDERED.fullmatch(shape):
        return _ordered(notation, match)
    if match := _YEAR_FIRST.fullmatch(shape):
        by = match["by"]
        notation.formats.add(f"%Y{by}%m{by}%d{_time(notation, match)}")
        return True
    if match := _DAY_NAME.fullmatch(shape):
        return _named(notation, match, f"%d{match['by']}%b{match['by2']}%Y")
    if match := _NAME_DAY.fullmatch(shape):
        return _named(notation, match, "%b %d %Y")
    return False


def _ordered(notation: DateNotation, match: re.Match[str]) -> bool:
    by, short = match["by"], len(match["year"]) == 2
    if short and by != "/" and not len(match["a"]) == len(match["b"]) == 2:
        return False  # 1.2.34 is a version
    notation.short_years = notation.short_years or short
    year, time = "%y" if short else "%Y", _time(notation, match)
    day_first, month_first = notation.orders.setdefault(by, (set(), set()))
    day_first.add(f"%d{by}%m{by}{year}{time}")
    month_first.add(f"%m{by}%d{by}{year}{time}")
    return True


def _named(notation: DateNotation, match: re.Match[str], form: str) -> bool:
    month = match["month"].lower()
    long = bool(_LONG.fullmatch(month))
    if not long and not _SHORT.fullmatch(month):
        return False
    short = len(match["year"]) == 2
    notation.short_years = notation.short_years or short
    form = form.replace("%b", "%B" if long else "%b")
    form = form.replace("%Y", "%y" if short else "%Y")
    notation.formats.add(form + _time(notation, match))
    return True


def _time(notation: DateNotation, match: re.Match[str]) -> str:
    _note_time(notation, bool(match["time"]))
    if not match["time"]:
        return ""
    form = "T" if match["time"].startswith("T") else " "
    form += "%I:%M" if match["half"] else "%H:%M"
    form += ":%S" if match["seconds"] else ""
    form += ".%f" if match["parts"] else ""
    if match["half"]:
        form += " %p" if match["half"].startswith(" ") else "%p"
    return form


def _note_time(notation: DateNotation, timed: bool) -> None:
    notation.timed = notation.timed or timed
    notation.untimed = notation.untimed or not timed
