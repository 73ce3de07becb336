"""Small checks that compose: each takes a value and its JSON pointer, and yields sentences."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

Check = Callable[[object, str], Iterator[str]]
Rule = Callable[[Mapping[str, Any], str], Iterator[str]]


def fault(sentence: str, pointer: str) -> str:
    """Return one error in the form Slack gives it."""
    return f"{sentence} [json-pointer:{pointer}]"


def anything(_value: object, _pointer: str) -> Iterator[str]:
    """Accept whatever Slack's reference leaves open."""
    return iter(())


def string(maximum: int | None = None, minimum: int = 0) -> Check:
    """Check a string and its length in characters."""

    def check(value: object, pointer: str) -> Iterator[str]:
        if not isinstance(value, str):
            yield fault("must provide a string", pointer)
            return
        if maximum is not None and len(value) > maximum:
            yield fault(f"must be less than {maximum + 1} characters", pointer)
        if len(value) < minimum:
            yield fault(f"must be more than {minimum - 1} characters", pointer)

    return check


def matching(matches: Callable[[str], bool], sentence: str) -> Check:
    """Check a string against a format."""

    def check(value: object, pointer: str) -> Iterator[str]:
        if not isinstance(value, str):
            yield fault("must provide a string", pointer)
        elif not matches(value):
            yield fault(sentence, pointer)

    return check


def enum(*choices: str) -> Check:
    """Check a string that must be one of a few."""

    def check(value: object, pointer: str) -> Iterator[str]:
        if value not in choices:
            yield fault("must be a valid enum value", pointer)

    return check


def boolean(value: object, pointer: str) -> Iterator[str]:
    """Check a JSON boolean."""
    if not isinstance(value, bool):
        yield fault("must provide a boolean", pointer)


def integer(minimum: int | None = None, maximum: int | None = None) -> Check:
    """Check an integer and its range; a JSON boolean is not an integer."""

    def check(value: object, pointer: str) -> Iterator[str]:
        if not isinstance(value, int) or isinstance(value, bool):
            yield fault("must provide an integer", pointer)
        elif minimum is not None and value < minimum:
            yield fault(f"must be at least {minimum}", pointer)
        elif maximum is not None and value > maximum:
            yield fault(f"must be at most {maximum}", pointer)

    return check


def number(value: object, pointer: str) -> Iterator[str]:
    """Check a JSON number."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        yield fault("must provide a number", pointer)


def array(item: Check, maximum: int | None = None, minimum: int = 0) -> Check:
    """Check a list, how many items it has, and each of them."""

    def check(value: object, pointer: str) -> Iterator[str]:
        if not isinstance(value, list):
            yield fault("must provide an array", pointer)
            return
        if maximum is not None and len(value) > maximum:
            yield fault(f"no more than {maximum} items allowed", pointer)
        if len(value) < minimum:
            yield fault(f"no fewer than {minimum} items allowed", pointer)
        for index, entry in enumerate(value):
            yield from item(entry, f"{pointer}/{index}")

    return check


def nullable(inner: Check) -> Check:
    """Accept null in the place of a value."""

    def check(value: object, pointer: str) -> Iterator[str]:
        return iter(()) if value is None else inner(value, pointer)

    return check


def record(
    required: Mapping[str, Check],
    optional: Mapping[str, Check] | None = None,
    *,
    rules: Iterable[Rule] = (),
    is_open: bool = False,
) -> Check:
    """Check an object: required and optional fields, no others unless open, then rules across them.

    A null in an optional field counts as its absence, and in a required field as missing.
    """
    fields = {**required, **(optional or {}), "type": anything}
    across = tuple(rules)

    def check(value: object, pointer: str) -> Iterator[str]:
        if not isinstance(value, dict):
            yield fault("must provide an object", pointer)
            return
        for name in required:
            if value.get(name) is None:
                yield fault(f"missing required field: {name}", pointer)
        for name, entry in value.items():
            if name in fields:
                yield from _field(fields[name], entry, f"{pointer}/{name}")
            elif not is_open:
                yield fault(f"invalid additional property: {name}", pointer)
        for rule in across:
            yield from rule(value, pointer)

    return check


def _field(check: Check, value: object, pointer: str) -> Iterator[str]:
    return iter(()) if value is None else check(value, pointer)


def tagged(table: Mapping[str, Check]) -> Check:
    """Check an object by the check that its `type` names."""

    def check(value: object, pointer: str) -> Iterator[str]:
        if not isinstance(value, dict):
            yield fault("must provide an object", pointer)
            return
        tag = value.get("type")
        if tag is None:
            yield fault("missing required field: type", pointer)
        elif not isinstance(tag, str) or tag not in table:
            yield fault(f"unsupported type: {tag}", f"{pointer}/type")
        else:
            yield from table[tag](value, pointer)

    return check
