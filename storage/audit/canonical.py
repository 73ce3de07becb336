"""One JSON text for one value: sorted keys, no spaces, ASCII only.

Audit details come from agents and people, so anything may be in them. What JSON or a database
cannot hold is written as an object with one key that says so:

    {"$float": "nan"}            not a number, or infinite
    {"$int": "0x..."}            beyond 64 bits
    {"$text": "...", "$characters": N, "$sha256": "..."}   a text over 100,000 characters, shortened
    {"$bytes": "<hex>"}          bytes, shortened like texts
    {"$deep": "..."}             nested deeper than 64 levels
    {"$large": N, "$sha256": "..."}   the whole detail, when its text has over 2,000,000 characters

Lone surrogates and NUL stay, as `\\ud800` and `\\u0000`: the text itself is plain ASCII. Reading
the text and writing it again with sorted keys gives the same text.
"""

import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from datetime import date
from enum import Enum
from typing import Any

from pydantic import BaseModel

DEEPEST = 64
LONGEST_TEXT = 100_000
KEPT_TEXT = 2_000
LONGEST_DETAIL = 2_000_000
_INT64 = 2**63


def canonical(value: Any) -> str:
    """The JSON text of `value`; never raises for anything made of Python's own types."""
    text = dump(plain(value))
    if len(text) <= LONGEST_DETAIL:
        return text
    return dump({"$large": len(text), "$sha256": hashlib.sha256(text.encode()).hexdigest()})


def dump(value: Any) -> str:
    """JSON with sorted keys and no spaces, ASCII only; `value` must be plain."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def plain(value: Any, depth: int = 0) -> Any:  # noqa: PLR0911 - one line per kind of value
    """`value` made of what JSON has, with the marks of this module's table for the rest."""
    if isinstance(value, Enum):
        return plain(value.value, depth)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, int):
        return int(value) if -_INT64 <= value < _INT64 else {"$int": _hex(value)}
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else {"$float": str(float(value))}
    if isinstance(value, bytes | bytearray):
        return {"$bytes": _text(value.hex())}
    if isinstance(value, date):
        return value.isoformat()
    if depth >= DEEPEST:
        return {"$deep": type(value).__name__}
    return _container(value, depth + 1)


def _container(value: Any, depth: int) -> Any:
    if isinstance(value, BaseModel):
        value = value.model_dump()
    if isinstance(value, Mapping):
        return {_key(key): plain(item, depth) for key, item in value.items()}
    if isinstance(value, set | frozenset):
        return sorted((plain(item, depth) for item in value), key=dump)
    if isinstance(value, Iterable):
        return [plain(item, depth) for item in value]
    return plain(repr(value), depth)


def _key(key: Any) -> str:
    text = _joined(key if isinstance(key, str) else str(plain(key)))
    return text if len(text) <= KEPT_TEXT else text[:KEPT_TEXT] + f"...({len(text)})"


def _text(text: str) -> Any:
    text = _joined(text)
    if len(text) <= LONGEST_TEXT:
        return text
    sha256 = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    return {"$text": text[:KEPT_TEXT], "$characters": len(text), "$sha256": sha256}


def _joined(text: str) -> str:
    """Two surrogates that make one character are written as that character, as JSON reads them."""
    if text.isascii():
        return str(text)
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")


def _hex(value: int) -> str:
    """At most 2,000 digits, then how many bits there were."""
    digits = hex(value)
    return digits if len(digits) <= KEPT_TEXT else f"{digits[:KEPT_TEXT]}...({value.bit_length()})"
