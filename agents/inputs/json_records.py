"""JSON that is a table: a list of objects, or an object in each line, in whatever file it comes."""

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from agents.errors import UnusableInput
from agents.inputs.delimited import Row, named

MOST_KEYS = 2_000
MOST_BROKEN = 0.5
"""With more lines than that broken (0 to 1), it is no JSON Lines."""


@dataclass(frozen=True)
class Records:
    """Names and rows as text; `exact` columns hold nothing but numbers, `nested` ones lists."""

    names: tuple[str, ...]
    rows: tuple[Row, ...]
    exact: frozenset[int]
    notes: tuple[str, ...] = ()

    def iterate(self) -> Iterator[Row]:
        """All rows."""
        return iter(self.rows)


def parsed(name: str, text: str) -> Any:
    """Any JSON; raises UnusableInput with the line of the mistake."""
    try:
        return json.loads(text)
    except RecursionError as error:
        raise UnusableInput(f"{name} is JSON nested too deeply to read. Flatten it.") from error
    except ValueError as error:
        line = getattr(error, "lineno", 1)
        raise UnusableInput(
            f"{name} is not valid JSON (line {line}). Mend it, or send it as .txt."
        ) from error


def is_lines(text: str) -> bool:
    """Whether the first two lines that are not blank are objects by themselves."""
    first = [line for line in text.lstrip()[:200_000].splitlines() if line.strip()][:2]
    return len(first) == 2 and all(isinstance(_object(line), dict) for line in first)


def is_list(text: str) -> bool:
    """Whether it is a list of objects."""
    if not text.lstrip().startswith("["):
        return False
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return bool(found) and all(isinstance(item, dict) for item in found)


def from_list(name: str, text: str) -> Records:
    """Of a list of objects."""
    items = parsed(name, text)
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise UnusableInput(
            f"{name} cannot be read as a table: it is no list of objects. Send a list of objects, "
            "or ask for it as a document."
        )
    return _records(name, [(at, item) for at, item in enumerate(items, 1)], ())


def from_lines(name: str, text: str) -> Records:
    """Of lines; broken ones are counted with their numbers, unless most are."""
    found: list[tuple[int, dict[str, Any]]] = []
    broken: list[int] = []
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            item = _object(line)
            if item is None:
                broken.append(number)
            else:
                found.append((number, item))
    if len(broken) > MOST_BROKEN * (len(found) + len(broken)):
        raise UnusableInput(
            f"{name} cannot be read as JSONL: line {named(broken)} of "
            f"{len(found) + len(broken)} is no JSON object. Mend that, and send it again."
        )
    note = f"{len(broken)} lines are no JSON objects and were left out (line {named(broken)})."
    return _records(name, found, (note,) if broken else ())


def _object(line: str) -> dict[str, Any] | None:
    try:
        found = json.loads(line)
        json.dumps(found, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _records(
    name: str, items: Sequence[tuple[int, dict[str, Any]]], notes: tuple[str, ...]
) -> Records:
    if not items:
        raise UnusableInput(f"{name} has no rows. Send a file with at least one row.")
    names = tuple(dict.fromkeys(key for _, item in items for key in item))
    if not names:
        raise UnusableInput(f"{name} has no columns. Send a file with at least one.")
    if len(names) > MOST_KEYS:
        raise UnusableInput(
            f"{name} has {len(names):,} different keys, and at most {MOST_KEYS:,} are read as "
            "columns. Send the rows with the keys that matter."
        )
    nested = [key for key in names if any(isinstance(i.get(key), list | dict) for _, i in items)]
    told = f"{', '.join(nested[:5])}: lists or objects, read as text."
    rows = tuple(Row(at, at, [cell_text(item.get(key)) for key in names]) for at, item in items)
    exact = frozenset(at for at, key in enumerate(names) if is_exact(i.get(key) for _, i in items))
    return Records(names, rows, exact, (*notes, told) if nested else notes)


def is_exact(values: Iterator[Any]) -> bool:
    """Whether there are only numbers among these, as a program keeps them."""
    return all(
        value is None or (isinstance(value, int | float) and not isinstance(value, bool))
        for value in values
    )


def cell_text(value: Any) -> str:
    """A value as a cell of a CSV."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _float_text(value)
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False)
    return str(value)


def _float_text(value: float) -> str:
    if math.isnan(value):
        return ""
    return str(int(value)) if value.is_integer() and abs(value) < 2**53 else repr(value)
