"""Durations as people write them: `90s`, `30m`, `24h`, `7d`, or a sum such as `1d 12h`."""

import math
import re
from datetime import timedelta
from typing import Annotated

from pydantic import BeforeValidator

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_WHOLE = re.compile(r"\s*(?:\d+(?:\.\d+)?\s*[smhdw]\s*)+")
_NUMBER = re.compile(r"\s*-?\d+(?:\.\d+)?\s*")
_PART = re.compile(r"(\d+(?:\.\d+)?)\s*([smhdw])")


def parse(value: object) -> object:
    """Turn `24h` into a timedelta; a number without a unit is refused, but for 0.

    ISO 8601 is left to pydantic.
    """
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return value
    if not isinstance(value, str) or _NUMBER.fullmatch(value):
        number = float(value)
        if math.isfinite(number) and number:
            raise ValueError(f"write a unit, such as {number:g}h or {number:g}s")
        return timedelta() if not number else value
    if value.startswith(("P", "-P")):
        return value
    if not _WHOLE.fullmatch(value):
        raise ValueError(f"'{value}' is no duration; write for example 90s, 30m, 24h or 7d")
    total = timedelta()
    try:
        for amount, unit in _PART.findall(value):
            total += timedelta(**{_UNITS[unit]: float(amount)})
    except OverflowError:
        raise ValueError(f"'{value}' is longer than any clock counts") from None
    return total


def words(length: timedelta) -> str:
    """`2 h 30 min`, `3 d`, `45 s`: two units at most, rounded down; never negative."""
    seconds = max(0, int(length.total_seconds()))
    for size, name, below, below_name in (
        (86_400, "d", 3_600, "h"),
        (3_600, "h", 60, "min"),
        (60, "min", 1, "s"),
    ):
        if seconds >= size:
            rest = seconds % size // below
            return f"{seconds // size} {name}" + (f" {rest} {below_name}" if rest else "")
    return f"{seconds} s"


Duration = Annotated[timedelta, BeforeValidator(parse)]
