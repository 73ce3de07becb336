"""Kinds of JSON values: an edit of a tool call's argument keeps the argument's kind."""

from enum import StrEnum
from typing import Any

from workflows.content.json_value import flaw


class Kind(StrEnum):
    """What a value is; the word is what people read."""

    TRUTH = "yes or no"
    WHOLE = "a whole number"
    NUMBER = "a number"
    TEXT = "a text"
    LIST = "a list"
    OBJECT = "an object"
    NOTHING = "empty"


_KINDS: tuple[tuple[type, Kind], ...] = (
    (bool, Kind.TRUTH),
    (int, Kind.WHOLE),
    (float, Kind.NUMBER),
    (str, Kind.TEXT),
    (list, Kind.LIST),
    (tuple, Kind.LIST),
    (dict, Kind.OBJECT),
)


def kind_of(value: object) -> Kind:
    """The kind of a JSON value."""
    return next((kind for type_, kind in _KINDS if isinstance(value, type_)), Kind.NOTHING)


def like(value: Any, old: Any) -> Any:
    """`value` as the kind of `old`: 1890 is a number, too. Raises ValueError for another kind."""
    if found := flaw(value):
        raise ValueError(found)
    kind = kind_of(old)
    if kind is Kind.NUMBER and kind_of(value) is Kind.WHOLE and int(float(value)) == value:
        value = float(value)
    if kind_of(value) is not kind:
        raise ValueError(f"it has to be {kind.value}")
    return value
