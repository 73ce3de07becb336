"""One argument of a tool call as people read it: its name, and its value exactly as it runs."""

import json
import re
from typing import Any, NamedTuple

from workflows.content.money import amount_name, exact, plain
from workflows.messages.results import ProposedCall

_NAME = re.compile(r"\w[\w .-]{0,60}")
_FIGURES = re.compile(r"[-+]?[\d.,]+")


class Argument(NamedTuple):
    """`text` is on one line; a text that could be taken for something else stands in quotes."""

    name: str
    text: str


def arguments_of(call: ProposedCall) -> tuple[Argument, ...]:
    """All arguments in the order of the call."""
    return tuple(argument(call, name) for name in call.arguments)


def argument(call: ProposedCall, name: str) -> Argument:
    """One argument; an amount of money has its thousands apart and is never rounded."""
    value = call.arguments[name]
    is_money = bool(name) and name == amount_name(call.arguments)
    return Argument(_named(name), plain(exact(value)) if is_money else text_of(value))


def text_of(value: Any) -> str:
    """Numbers as JSON writes them, plain texts as they are, everything else as JSON."""
    if isinstance(value, str) and _is_plain(value):
        return value
    return json.dumps(value, ensure_ascii=False)


def _named(name: str) -> str:
    return name if _NAME.fullmatch(name) else json.dumps(name, ensure_ascii=False)


def _is_plain(text: str) -> bool:
    """On one line, and neither empty nor like a number, a truth value, or JSON."""
    one_line = text == text.strip() and text.isprintable()
    looks_like_json = text in {"true", "false", "null"} or text[:1] in {'"', "[", "{"}
    return bool(text) and one_line and not looks_like_json and not _FIGURES.fullmatch(text)
