"""How the numbers of a column are written, from the shapes of all its values.

A shape is a value with 9 for each digit, and ø for a zero that begins it. `1,234` is a thousand or
a bit more than one, depending on who wrote it: a column where both are possible is ambiguous until
another value, or another column of the file, decides it.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from agents.inputs.columns.cells import CURRENCIES, SIGNS, SPACES

MOST_DIGITS = 38
LONGEST = 400
"""Characters of a number; the largest floating-point one has 309 digits."""
EXACT_DIGITS = 17
"""So many digits a number has that a program wrote out of a binary floating-point one."""
_CODES = {"€": "EUR", "£": "GBP", "₹": "INR", "₽": "RUB", "zł": "PLN", "Kč": "CZK", "Ft": "HUF"}
_UNIT = rf"[A-Z]{{0,3}}[{SIGNS}]|[A-Z]{{3}}|zł|kr\.?|Kč|Ft|lei|Fr\.|%|‰"
_SIGN = "+\\-\u2212"
_AFFIXED = re.compile(
    rf"(?P<open>\(?)(?P<sign>[{_SIGN}]?)[{SPACES}]?(?P<before>{_UNIT})?[{SPACES}]?"
    rf"(?P<sign2>[{_SIGN}]?)(?P<core>[9ø.,'\u2019{SPACES}]*[9ø][.,]?(?:[eE][+-]?[9ø]+)?)"
    rf"[{SPACES}]?(?P<after>{_UNIT})?(?P<sign3>[+-]?)(?P<close>\)?)"
)
_INFINITE = re.compile(r"[+-]?(?:inf|infinity|∞)", re.IGNORECASE)
_INTEGER = re.compile(r"[9ø]+")
_NEUTRAL = re.compile(rf"9{{1,3}}(?:(?P<by>[{SPACES}'\u2019])999)(?:(?P=by)999)*(?P<rest>[.,]9+)?")
_EXPONENT = re.compile(r"[9ø]*(?P<mark>[.,]?)[9ø]*[eE][+-]?[9ø]+")


@dataclass(frozen=True)
class Shape:
    """One shape: its digits and marks without the unit, and the decimal marks it can be read with.

    It is ambiguous when it would be another number with the other mark, and dressed with more
    around it than a minus sign in front.
    """

    core: str
    unit: str
    marks: frozenset[str]
    ambiguous: bool = False
    exponent: bool = False
    padded: bool = False
    dressed: bool = False

    @property
    def digits(self) -> int:
        """How many there are."""
        return sum(self.core.count(sign) for sign in "9ø")


@dataclass(frozen=True)
class NumberNotation:
    """A numeric column. `decimal` is `.` or `,`; `proven` whether the column itself shows it."""

    decimal: str
    proven: bool
    ambiguous: bool
    shapes: tuple[Shape, ...]
    example: str = ""

    @property
    def units(self) -> tuple[str, ...]:
        """Every unit that occurs; empty for values without one."""
        return tuple(sorted({unit_name(shape.unit) for shape in self.shapes}))

    @property
    def is_plain(self) -> bool:
        """Whether no value has a mark that says how it is written."""
        return not any(mark in shape.core for shape in self.shapes for mark in ".,")

    def read_with(self, decimal: str) -> "NumberNotation":
        """The same column with this decimal mark, where it can be read with it."""
        fits = all(decimal in shape.marks for shape in self.shapes)
        return replace(self, decimal=decimal) if fits else self

    def sql_type(self) -> str:
        """Exact where that is possible; empty for integers of more than 38 digits."""
        digits = max(shape.digits for shape in self.shapes)
        if any(shape.exponent for shape in self.shapes):
            return "DOUBLE"
        after = [shape.core.partition(self.decimal)[2] for shape in self.shapes]
        fraction = max(len(part) for part in after)
        if not fraction:
            return "BIGINT" if digits <= 18 else "HUGEINT" if digits <= MOST_DIGITS else ""
        if digits <= EXACT_DIGITS or digits + fraction > MOST_DIGITS:
            return "DOUBLE"
        return f"DECIMAL({MOST_DIGITS}, {fraction})"


def shape_of(shape: str) -> Shape | None:
    """What a shape can be; nothing for what is no number."""
    if _INFINITE.fullmatch(shape):
        return Shape("", "", frozenset(".,"), exponent=True, dressed=True)
    match = _AFFIXED.fullmatch(shape) if len(shape) <= LONGEST else None
    if match is None or bool(match["open"]) != bool(match["close"]):
        return None
    signs = [sign for sign in (match["sign"], match["sign2"], match["sign3"]) if sign]
    units = [unit for unit in (match["before"], match["after"]) if unit]
    if len(signs) + bool(match["open"]) > 1 or len(units) > 1:
        return None
    if units and not _is_unit(units[0]):
        return None
    if signs == ["+"] and any(space in match["core"] for space in SPACES):
        return None  # a telephone number
    found = _core(match["core"], units[0] if units else "")
    dressed = shape not in {match["core"], f"-{match['core']}"}
    return replace(found, dressed=True) if found and dressed else found


def _is_unit(unit: str) -> bool:
    return not unit.isalpha() or unit in CURRENCIES or unit in _CODES or unit in {"kr", "lei"}


def unit_name(unit: str) -> str:
    """The code where the sign is one currency's, else the sign."""
    return _CODES.get(unit, unit)


def _core(core: str, unit: str) -> Shape | None:
    if _INTEGER.fullmatch(core):
        padded = core.startswith("ø") and len(core) > 1
        return Shape(core, unit, frozenset(".,"), padded=padded)
    if match := _EXPONENT.fullmatch(core):
        return Shape(core, unit, frozenset(match["mark"] or ".,"), exponent=True)
    if match := _NEUTRAL.fullmatch(core):
        return Shape(core, unit, frozenset((match["rest"] or ".,")[: 1 if match["rest"] else 2]))
    marks = frozenset(mark for mark in ".," if _reads(core, mark))
    if not marks:
        return None
    padded = core.startswith("ø") and not core.startswith(("ø.", "ø,"))
    return Shape(core, unit, marks, ambiguous=len(marks) == 2, padded=padded)


def _reads(core: str, mark: str) -> bool:
    return _decimal(core, mark) or _grouped(core, mark)


def _decimal(core: str, mark: str) -> bool:
    """With a fraction behind `mark`, grouped or not."""
    whole, found, fraction = core.partition(mark)
    if not found or not re.fullmatch(r"[9ø]*", fraction) or not (whole or fraction):
        return False
    return not whole or bool(_INTEGER.fullmatch(whole)) or _grouped(whole, mark)


def _grouped(core: str, mark: str) -> bool:
    """In groups of three, or as in India, separated by the other sign than `mark`."""
    other = "," if mark == "." else r"\."
    if re.fullmatch(rf"9{{1,3}}(?:{other}999)+", core):
        return True
    return mark == "." and bool(re.fullmatch(r"9{1,2}(?:,99)+,999", core))


def notation_of(shapes: Mapping[str, str]) -> NumberNotation | None:
    """The notation of a column, from its shapes and a value of each.

    Nothing where one of them is no number, and where numbers begin with zeros: those are names.
    """
    read = {text: shape_of(text) for text in shapes}
    found = tuple(shape for shape in read.values() if shape is not None)
    if len(found) < len(read) or not found or any(shape.padded for shape in found):
        return None
    common = frozenset.intersection(*(shape.marks for shape in found))
    if not common or _are_addresses(shapes):
        return None
    unclear = [shapes[text] for text, shape in read.items() if shape and shape.ambiguous]
    return NumberNotation(
        decimal="." if "." in common else ",",
        proven=len(common) == 1,
        ambiguous=len(common) == 2 and bool(unclear),
        shapes=found,
        example=unclear[0] if unclear else "",
    )


def _are_addresses(shapes: Mapping[str, str]) -> bool:
    """192.168.100.200 is no number in groups of three."""
    values = shapes.values()
    return all(re.fullmatch(r"[12]?\d?\d(?:\.[12]?\d?\d){3}", value) for value in values)


def share_of_numbers(shapes: Mapping[str, int]) -> float:
    """Which share of the values (0 to 1) is a number by itself."""
    total = sum(shapes.values())
    numbers = sum(count for shape, count in shapes.items() if shape_of(shape))
    return numbers / total if total else 0.0


def is_padded(shapes: Iterable[str]) -> bool:
    """Whether numbers begin with a zero, as those of accounts and postcodes do."""
    return any(found.padded for shape in shapes if (found := shape_of(shape)))
