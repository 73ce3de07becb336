"""JSON as it travels: what is read is clean Unicode, finite and bounded in depth."""

import json
import math
from typing import Any

Json = dict[str, Any]

MAX_DEPTH = 100
"""Deeper than any Block Kit payload, shallower than what breaks a recursive reader."""


class MalformedJsonError(ValueError):
    """The text is not JSON, or nests deeper than `MAX_DEPTH`, or holds NaN or Infinity."""


def loads(text: str | bytes) -> Any:
    """The value in the text, with lone surrogates replaced by U+FFFD."""
    try:
        value = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise MalformedJsonError(str(error)) from error
    return clean(value)


def dumps(value: Any) -> str:
    """Compact JSON in ASCII, so nothing that was accepted can fail to be stored."""
    return json.dumps(value, separators=(",", ":"))


def clean(value: Any, depth: int = 0) -> Any:
    """The value with every string made encodable as UTF-8."""
    if depth > MAX_DEPTH:
        raise MalformedJsonError("nested too deeply")
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, dict):
        return {clean_text(key): clean(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list):
        return [clean(item, depth + 1) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        raise MalformedJsonError("a number is too large")
    return value


def clean_text(text: str) -> str:
    """The text with surrogate pairs joined and lone surrogates replaced."""
    if text.isascii():
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
