"""Reading JSON that may have any shape: what is not there, or not of the kind, is empty."""

from collections.abc import Mapping
from math import isfinite
from typing import Any

Json = Mapping[str, Any]


def record(value: object) -> Json:
    """Return the object, or an empty one."""
    return value if isinstance(value, dict) else {}


def values(value: object) -> list[Any]:
    """Return the list, or an empty one."""
    return value if isinstance(value, list) else []


def records(value: object) -> list[Json]:
    """Return the objects of a list."""
    return [entry for entry in values(value) if isinstance(entry, dict)]


def string(value: object) -> str:
    """Return the string, or an empty one."""
    return value if isinstance(value, str) else ""


def strings(value: object) -> list[str]:
    """Return the strings of a list."""
    return [entry for entry in values(value) if isinstance(entry, str)]


def number(value: object) -> float:
    """Return the number, or zero; what is beyond a float counts as no number."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return 0
    try:
        return value if isfinite(value) else 0
    except OverflowError:
        return 0
