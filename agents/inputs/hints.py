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
from dataclasses import dataclass, fields, replace
from typing import TypeVar

REQUESTED = "Read as requested"
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
        r"\bmonths?[- ](?:comes? |is )?first\b|\bMM[/.-]DD\b|\b(?:US|American)(?:[- ]style)? dates?\b"
        r"|\bdates? (?:are|is) (?:in )?(?:US|American)\b",
        re.IGNORECASE,
    ),
    True: re.compile(
        r"\bdays?[- ](?:comes? |is )?first\b|\bDD[/.-]MM\b|\b(?:European|British|UK)(?:[- ]style)? "
        r"dates?\b|\bdates? (?:are|is) (?:in )?(?:European|British|UK)\b",
        re.IGNORECASE,
    ),
}
_ENCODING = re.compile(r"\bencod(?:ing|ed)\b\W*(?:is |in |as |to |=)?\W*([\w-]+(?: ?\d+)?)", re.I)
_HEADER = re.compile(
    r"\bheaders?\b(?: line| row)?(?: is| are)?(?: in| on| at)?(?: line| row)? (\d{1,6})\b", re.I
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
