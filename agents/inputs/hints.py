"""How people want a file to be read, in the few words that are understood without a model.

| about | words |
| --- | --- |
| separator | `semicolon`, `comma-separated`, `tab`, `pipe`, `separator is ;` |
| decimal mark | `decimal comma`, `decimal point` |
| dates | `day first`, `month first`, `US dates`, `DD/MM`, `MM/DD` |
| encoding | `encoding cp1252` (any name Python knows) |
| header | `header in line 3`, `no header` |
"""

import codecs
import re
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from typing import TypeVar

_REQUESTED = re.compile(r"read as requested \(([^)]*)\)", re.IGNORECASE)
_READING = re.compile(r"(?:.{1,200}: )?read as(?: requested \([^)]*\))?: ", re.IGNORECASE)
_Value = TypeVar("_Value")
_SEPARATORS = {
    ";": re.compile(r"\bsemi-?colons?\b|\b(?:separator|delimiter)\b\D{0,5};", re.IGNORECASE),
    "\t": re.compile(r"\btabs?\b(?! in)|\btab-?(?:separated|delimited)\b", re.IGNORECASE),
    "|": re.compile(r"\bpipes?\b|\b(?:separator|delimiter)\b\D{0,5}\|", re.IGNORECASE),
    ",": re.compile(
        r"\bcomma-?\s?(?:separated|delimited)\b|\b(?:separator|delimiter)\b\W{0,3}(?:is|=|:)?\W{0,2}"
        r"(?:a |the )?(?:,|comma\b)|\bcommas? (?:is |are |as )?(?:the )?separators?\b|^comma\b",
        re.IGNORECASE,
    ),
}
_DECIMALS = {
    ",": re.compile(
        r"\bdecimal commas?\b|\bcommas? (?:is|as|for) (?:the |a )?decimals?\b|\bpoints?"
        r" (?:is|are|for|as) (?:the )?thousands\b",
        re.IGNORECASE,
    ),
    ".": re.compile(
        r"\bdecimal (?:points?|dots?)\b|\b(?:points?|dots?) (?:is|as|for) (?:the |a )?decimals?\b"
        r"|\bcommas? (?:is|are|for|as) (?:the )?thousands\b",
        re.IGNORECASE,
    ),
}
_ORDERS = {
    False: re.compile(
        r"\bmonths?[- ](?:comes? |is )?first\b|\bMM[/.-]DD\b"
        r"|\b(?:US|American)(?:[- ]style)? dates?\b"
        r"|\bdates? (?:are|is) (?:in )?(?:US|American)\b",
        re.IGNORECASE,
    ),
    True: re.compile(
        r"\bdays?[- ](?:comes? |is )?first\b|\bDD[/.-]MM\b|\b(?:European|British|UK)(?:[- ]style)? "
        r"dates?\b|\bdates? (?:are|is) (?:in )?(?:European|British|UK)\b",
        re.IGNORECASE,
    ),
}
_NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe"}
_ENCODING = re.compile(
    r"\bencod(?:ing|ed)\b\W*(?:is |in |as |to |=)?\W*([\w-]+(?: ?\d+)?)", re.IGNORECASE
)
_HEADER = re.compile(
    r"\bheaders?\b(?: line| row)?(?: is| are)?(?: in| on| at)?(?: line| row)? (\d{1,6})\b",
    re.IGNORECASE,
)
_NO_HEADER = re.compile(r"\bno headers?\b|\bwithout (?:a )?headers?\b", re.IGNORECASE)


@dataclass(frozen=True)
class Hints:
    """What people said of a file. `None` is not said; `header` counts lines from 1, 0 is none."""

    delimiter: str | None = None
    decimal: str | None = None
    day_first: bool | None = None
    encoding: str | None = None
    header: int | None = None

    def __bool__(self) -> bool:
        """Whether anything was said at all."""
        return any(getattr(self, field.name) is not None for field in fields(self))

    def words(self) -> str:
        """The same in words that `hints_in` understands; empty for none."""
        said = []
        if self.delimiter is not None:
            said.append(f"separator is {_NAMES.get(self.delimiter, self.delimiter)}")
        if self.decimal is not None:
            said.append("decimal comma" if self.decimal == "," else "decimal point")
        if self.day_first is not None:
            said.append("dates day first" if self.day_first else "dates month first")
        if self.encoding is not None:
            said.append(f"encoding {self.encoding}")
        if self.header is not None:
            said.append(f"header in line {self.header}" if self.header else "no header")
        return ", ".join(said)

    def over(self, other: "Hints") -> "Hints":
        """These, and where they say nothing, the other's."""
        said = {f.name: getattr(self, f.name) for f in fields(self)}
        return replace(other, **{name: value for name, value in said.items() if value is not None})


def hints_in(text: str) -> Hints:
    """What is understood of a text; `Hints()` for one that says nothing of how files are read."""
    return Hints(
        delimiter=_one(_SEPARATORS, text),
        decimal=_one(_DECIMALS, text),
        day_first=_one(_ORDERS, text),
        encoding=_encoding(text),
        header=_header(text),
    )


def reading_line(read_as: str, requested: str = "", file: str = "") -> str:
    """How a file was read, as a finding; with the file's name where there are several."""
    verb = f"ead as requested ({requested})" if requested else "ead as"
    return f"{file}: r{verb}: {read_as}" if file else f"R{verb}: {read_as}"


def is_reading_line(text: str) -> bool:
    """Whether a finding is one of these."""
    return bool(_READING.match(text))


def requested_in(findings: Iterable[str]) -> Hints:
    """What was asked for before, as the findings of an earlier result say it."""
    found = Hints()
    for text in findings:
        if is_reading_line(text) and (match := _REQUESTED.search(text)):
            found = hints_in(match.group(1)).over(found)
    return found


def _one(patterns: dict[_Value, re.Pattern[str]], text: str) -> _Value | None:
    """The only one that is named, else the one that is named last."""
    found = {value: list(pattern.finditer(text)) for value, pattern in patterns.items()}
    named = [(matches[-1].start(), value) for value, matches in found.items() if matches]
    return max(named, key=lambda item: item[0])[1] if named else None


def _encoding(text: str) -> str | None:
    match = _ENCODING.search(text)
    if match is None:
        return None
    try:
        return codecs.lookup(match.group(1)).name
    except LookupError:
        return None


def _header(text: str) -> int | None:
    if match := _HEADER.search(text):
        return int(match.group(1))
    return 0 if _NO_HEADER.search(text) else None
