"""What may be the value of a tool call's argument: JSON that people can read and that arrives.

Much deeper values cannot be decoded again by whoever gets them, and then nothing moves any more.
"""

import json
import math
from collections.abc import Iterable, Mapping
from typing import Any

DEEPEST = 32
LONGEST = 100_000
"""Lists or objects in one another, and characters as JSON."""

TOO_LARGE = "it holds a number that is too large"
_TOO_DEEP = f"it is nested more than {DEEPEST} deep"
_TOO_LONG = f"it is longer than {LONGEST:,} characters"
_NO_JSON = "it has no JSON form"
_NO_TEXT = "it holds a character that cannot be kept"
_NAME = 60


def flaw(value: object, *, longest: int = LONGEST) -> str:
    """Why it cannot be a value, as in "it is nested more than 32 deep"; empty when it can be."""
    level, depth = [value], 0
    while level:
        if len(level) > longest:
            return _TOO_LONG
        if found := next(filter(None, map(_own_flaw, level)), ""):
            return found
        inside = [one for one in level if isinstance(one, list | tuple | dict)]
        if inside and depth == DEEPEST:
            return _TOO_DEEP
        level = [child for one in inside for child in _children(one)]
        depth += 1
    return _TOO_LONG if len(json.dumps(value, ensure_ascii=False)) > longest else ""


def arguments_flaw(tool: str, arguments: Mapping[str, Any]) -> str:
    """The same for all arguments of a call, as a clause that names the tool and the argument."""
    called = tool or "a question"
    for name, value in arguments.items():
        if found := flaw(name) or flaw(value):
            return f"the argument {ascii(name)[:_NAME]} of {called} cannot be used: {found}"
    found = flaw(dict(arguments))
    return f"the arguments of {called} cannot be used: {found}" if found else ""


def same_json(one: object, other: object) -> bool:
    """Whether two values are written alike: 1 is neither true nor 1.0, and 0.0 is not -0.0."""
    written = (json.dumps(value, sort_keys=True, allow_nan=False) for value in (one, other))
    return next(written) == next(written)


def _children(value: list[Any] | tuple[Any, ...] | dict[str, Any]) -> Iterable[Any]:
    return value.values() if isinstance(value, dict) else value


def _own_flaw(value: object) -> str:
    match value:
        case None | bool() | list() | tuple():
            return ""
        case int() | float():
            return "" if _is_finite(value) else TOO_LARGE
        case str():
            return "" if _is_text(value) else _NO_TEXT
        case dict():
            named = all(isinstance(key, str) and _is_text(key) for key in value)
            return "" if named else _NO_JSON
    return _NO_JSON


def _is_finite(number: float) -> bool:
    try:
        return math.isfinite(number)
    except OverflowError:
        return False


def _is_text(text: str) -> bool:
    """A lone surrogate is half a character, and has no bytes."""
    return not any("\ud800" <= character <= "\udfff" for character in text)
