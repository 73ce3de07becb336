"""Pages of a list, by opaque cursor."""

import base64
import binascii
from collections.abc import Callable
from typing import TypeVar

from playground.api.arguments import Arguments
from playground.errors import SlackError
from playground.http.wire import Json

Item = TypeVar("Item")


def page(
    arguments: Arguments, items: list[Item], key: Callable[[Item], str], default: int = 100
) -> tuple[list[Item], Json]:
    """The page the arguments ask for, and the `response_metadata` that leads to the next."""
    limit = page_size(arguments, default)
    start = _start(arguments, items, key)
    chosen = items[start : start + limit]
    more = start + limit < len(items)
    return chosen, metadata(key(items[start + limit]) if more else "")


def page_size(arguments: Arguments, default: int) -> int:
    """The `limit`, at most 1,000."""
    limit = arguments.number("limit", default)
    if limit < 0 or limit > 1_000:
        raise SlackError("invalid_limit")
    return limit or default


def metadata(next_key: str) -> Json:
    """The `response_metadata` of an answer whose next page begins at a key."""
    return {"next_cursor": _encode(next_key) if next_key else ""}


def position(arguments: Arguments) -> str:
    """The key a cursor stands for, empty without a cursor."""
    cursor = arguments.text("cursor")
    return _decode(cursor) if cursor else ""


def _start(arguments: Arguments, items: list[Item], key: Callable[[Item], str]) -> int:
    wanted = position(arguments)
    if not wanted:
        return 0
    for index, item in enumerate(items):
        if key(item) == wanted:
            return index
    raise SlackError("invalid_cursor")


def _encode(key: str) -> str:
    return base64.b64encode(f"next:{key}".encode()).decode()


def _decode(cursor: str) -> str:
    try:
        text = base64.b64decode(cursor, validate=True).decode()
    except (binascii.Error, ValueError) as error:
        raise SlackError("invalid_cursor") from error
    if not text.startswith("next:"):
        raise SlackError("invalid_cursor")
    return text.removeprefix("next:")
