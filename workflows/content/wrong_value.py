"""What is wrong with a value that somebody wrote, in words: pydantic's errors as sentences."""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from difflib import get_close_matches
from types import MappingProxyType
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

LONGEST_SHOWN = 60
UNKNOWN = "extra_forbidden"
_OWN_WORDS = frozenset({"value_error", "assertion_error"})

_KINDS: Mapping[str, str] = MappingProxyType(
    {
        kind: words
        for kinds, words in (
            ("int_type int_parsing int_from_float", "a whole number"),
            ("int_parsing_size", "a smaller whole number"),
            ("float_type float_parsing", "a number"),
            ("finite_number", "a finite number"),
            ("bool_type bool_parsing", "true or false"),
            ("string_type path_type", "text in quotes"),
            ("string_unicode", "text in Unicode"),
            ("dict_type mapping_type model_type model_attributes_type", "a table"),
            ("tuple_type list_type set_type iterable_type", "a list in square brackets"),
            ("time_delta_type time_delta_parsing", "a duration such as 90s, 30m, 24h or 7d"),
            ("date_type date_parsing date_from_datetime_parsing", "a date such as 2026-12-24"),
            ("date_from_datetime_inexact", "a date such as 2026-12-24"),
            ("ip_v4_network ip_v6_network", "a network such as 10.0.0.0/8"),
            ("none_required", "left out"),
        )
        for kind in kinds.split()
    }
)
_PLAIN: Mapping[str, str] = MappingProxyType({"missing": "is missing", UNKNOWN: "is unknown"})
_LIMITS: Mapping[str, str] = MappingProxyType(
    {
        "greater_than": "more than {gt}",
        "greater_than_equal": "{ge} or more",
        "less_than": "less than {lt}",
        "less_than_equal": "{le} or less",
        "literal_error": "{expected}",
        "enum": "{expected}",
    }
)
PATTERNS: Mapping[str, str] = MappingProxyType(
    {
        "^[a-z][a-z0-9_]{0,30}$": (
            "lower-case letters, digits and _, 31 at most and a letter first"
        ),
        r"^[\w.@+-]+$": "one or more letters, digits and . _ @ + -",
        r"^[\w@+-]*$": "letters, digits and _ @ + -",
        r"^[\x21-\x7e]*$": "ASCII characters without blanks",
    }
)
"""Each pattern of a field, in words; a choice such as `^(a|b)$` needs none."""


def first_problem(
    error: ValidationError,
    *,
    within: str = "",
    written: Any = None,
    model: type[BaseModel] | None = None,
    hint: str = "",
) -> str:
    """One sentence without its full stop, which names the key.

    `within` is where the value stands. With what was `written`, entries of lists go by their names;
    with the `model`, a key nobody knows is compared with those there are, else `hint` follows.
    """
    found = error.errors(include_url=False)
    one = next((one for one in found if one["type"] == UNKNOWN), found[0])
    place = ".".join(filter(None, (within, *_place(one, written))))
    if one["type"] == UNKNOWN:
        known = fields_at(model, one["loc"][:-1]) if model else ()
        return unknown_key(place, one["input"], known, hint)
    said = problem(one)
    if one["type"] in _OWN_WORDS:
        return f"{place}: {said}" if place else said
    return f"{place} {said}" if place else f"it {said}"


def unknown_key(place: str, value: object, known: Iterable[str], hint: str = "") -> str:
    """That nothing is called so, and what may have been meant; a table is called one."""
    is_table = isinstance(value, dict) or (
        isinstance(value, list) and bool(value) and isinstance(value[0], dict)
    )
    close = get_close_matches(place.rpartition(".")[2], list(known), n=1)
    way_out = f"did you mean '{close[0]}'?" if close else hint
    said = f"unknown table [{place}]" if is_table else f"unknown key {place}"
    return f"{said}: {way_out}" if way_out else said


def problem(one: ErrorDetails, *, shown: bool = True) -> str:
    """What is wrong with one value, to follow its name: "has to be a number, not 'two'".

    A validator's own words come as they are. `shown` says what stands there instead.
    """
    kind, context = one["type"], one.get("ctx", {})
    if kind in _OWN_WORDS:
        return re.sub(r"^(Value error|Assertion failed), ", "", one["msg"])
    if kind in _PLAIN:
        return _PLAIN[kind]
    if kind in {"too_short", "string_too_short"}:
        least = context["min_length"]
        return "may not be empty" if least == 1 else f"needs {least} {_things(kind)} or more"
    if kind in {"too_long", "string_too_long"}:
        return f"may have {context['max_length']:,} {_things(kind)} at most"
    wanted = _KINDS.get(kind) or _LIMITS.get(kind, "").format_map(_plain(context))
    if kind == "string_pattern_mismatch":
        wanted = _pattern(context["pattern"])
    if not wanted:
        return "cannot be used as it is"
    return f"has to be {wanted}" + (f", not {_shown(one['input'])}" if shown else "")


def fields_at(model: type[BaseModel], place: Iterable[int | str]) -> tuple[str, ...]:
    """The keys that may stand at this place of a model; none where it takes any."""
    kind: Any = model
    for part in place:
        below = _models(kind)
        if below and isinstance(part, str) and part in below[0].model_fields:
            kind = below[0].model_fields[part].annotation
    found = _models(kind)
    return tuple(found[0].model_fields) if found else ()


def _models(kind: Any) -> list[type[BaseModel]]:
    """The models in an annotation: `dict[str, Model]`, `tuple[Model, ...]`, `Model | None`."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return [kind]
    return [model for inside in get_args(kind) for model in _models(inside)]


def _place(one: ErrorDetails, written: Any) -> Iterator[str]:
    for part in one["loc"]:
        if isinstance(part, int):
            written = written[part] if isinstance(written, list) and part < len(written) else None
            name = written.get("name") if isinstance(written, dict) else None
            yield name if isinstance(name, str) else str(part + 1)
        elif "[" not in part:  # pydantic names the branch of a union with its validators
            written = written.get(part) if isinstance(written, dict) else None
            yield part


def _pattern(pattern: str) -> str:
    if choices := re.fullmatch(r"\^\(([\w|]+)\)\$", pattern):
        *before, last = [f"'{choice}'" for choice in choices[1].split("|")]
        return f"{', '.join(before)} or {last}" if before else last
    return PATTERNS.get(pattern, f"of the form {pattern}")


def _plain(context: Mapping[str, Any]) -> dict[str, str]:
    return {
        name: f"{one:g}" if isinstance(one, float) else str(one) for name, one in context.items()
    }


def _things(kind: str) -> str:
    return "characters" if kind.startswith("string") else "entries"


def _shown(value: object) -> str:
    """As people write it; nothing that is long."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        value = "".join(one if one.isprintable() else "�" for one in value)
        return f"'{value if len(value) <= LONGEST_SHOWN else value[: LONGEST_SHOWN - 1] + '…'}'"
    if isinstance(value, list | tuple):
        return "a list"
    if isinstance(value, Mapping):
        return "a table"
    if value is None:
        return "nothing"
    return value.isoformat() if isinstance(value, date) else f"{value}"[:LONGEST_SHOWN]
