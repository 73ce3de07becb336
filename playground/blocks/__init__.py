"""Refuse the blocks and views that Slack refuses, in Slack's words, with JSON pointers.

`problems` and `view_problems` return an empty list when Slack would accept.
Where Slack's reference leaves a rule open, the value is accepted.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from playground.blocks.layout import LAYOUT, MARKDOWN_LENGTH, Surface
from playground.blocks.schema import Check, array, boolean, fault, record, string, tagged
from playground.blocks.text import plain_text

MOST_BLOCKS: dict[Surface, int] = {"message": 50, "modal": 100, "home": 100}


def problems(blocks: object, surface: Surface) -> list[str]:
    """Return what Slack would say against the blocks of a message, a modal or a Home tab."""
    return list(_list_problems(blocks, surface, "/blocks"))


def view_problems(view: object) -> list[str]:
    """Return what Slack would say against a view; pointers begin with `/view`."""
    return list(tagged({"modal": _modal, "home": _home, "workflow_step": _step})(view, "/view"))


def _list_problems(blocks: object, surface: Surface, pointer: str) -> Iterator[str]:
    yield from array(LAYOUT[surface], MOST_BLOCKS[surface])(blocks, pointer)
    found = _records(blocks, pointer)
    yield from _repeated_ids(found)
    for place, block in found:
        yield from _repeated_actions(block, place)
    yield from _repeated_focus(found)
    if surface == "message":
        yield from _too_much_markdown(found, pointer)
        yield from _too_many_tables(found)


def _records(values: object, pointer: str) -> list[tuple[str, Mapping[str, Any]]]:
    """Return the objects of a list, each with its pointer."""
    listed = values if isinstance(values, list) else []
    return [
        (f"{pointer}/{index}", entry)
        for index, entry in enumerate(listed)
        if isinstance(entry, dict)
    ]


def _elements(block: Mapping[str, Any], pointer: str) -> list[tuple[str, Mapping[str, Any]]]:
    """Return the interactive elements that a block holds directly."""
    single = [
        (f"{pointer}/{name}", block[name])
        for name in ("accessory", "element")
        if isinstance(block.get(name), dict)
    ]
    several = (_records(block.get(name), f"{pointer}/{name}") for name in ("elements", "actions"))
    return single + [entry for found in several for entry in found]


def _repeated_ids(found: list[tuple[str, Mapping[str, Any]]]) -> Iterator[str]:
    seen: set[str] = set()
    for pointer, block in found:
        block_id = block.get("block_id")
        if not isinstance(block_id, str):
            continue
        if block_id in seen:
            yield fault(f'block_id "{block_id}" already exists', f"{pointer}/block_id")
        seen.add(block_id)


def _repeated_actions(block: Mapping[str, Any], pointer: str) -> Iterator[str]:
    seen: set[str] = set()
    for place, element in _elements(block, pointer):
        action_id = element.get("action_id")
        if not isinstance(action_id, str):
            continue
        if action_id in seen:
            yield fault(f'action_id "{action_id}" already exists', f"{place}/action_id")
        seen.add(action_id)


def _repeated_focus(found: list[tuple[str, Mapping[str, Any]]]) -> Iterator[str]:
    focused = [
        place
        for pointer, block in found
        for place, element in _elements(block, pointer)
        if element.get("focus_on_load") is True
    ]
    for place in focused[1:]:
        yield fault("only one element may have the focus", f"{place}/focus_on_load")


def _too_much_markdown(found: list[tuple[str, Mapping[str, Any]]], pointer: str) -> Iterator[str]:
    texts = [block.get("text") for _, block in found if block.get("type") == "markdown"]
    lengths = [len(text) for text in texts if isinstance(text, str)]
    if sum(lengths) > MARKDOWN_LENGTH and max(lengths) <= MARKDOWN_LENGTH:
        yield fault(f"markdown must be less than {MARKDOWN_LENGTH + 1} characters in all", pointer)


def _too_many_tables(found: list[tuple[str, Mapping[str, Any]]]) -> Iterator[str]:
    tables = [pointer for pointer, block in found if block.get("type") == "table"]
    for pointer in tables[1:]:
        yield fault("only_one_table_allowed", pointer)


def _blocks_of(surface: Surface) -> Check:
    return lambda value, pointer: _list_problems(value, surface, pointer)


def _needs_submit(view: Mapping[str, Any], pointer: str) -> Iterator[str]:
    asks = any(block.get("type") == "input" for _, block in _records(view.get("blocks"), pointer))
    if asks and view.get("submit") is None:
        yield fault("missing required field: submit", pointer)


def _no_buttons(view: Mapping[str, Any], pointer: str) -> Iterator[str]:
    for name in ("submit", "close"):
        if view.get(name) is not None:
            yield fault(f"invalid additional property: {name}", pointer)


_COMMON: dict[str, Check] = {
    "private_metadata": string(3000),
    "callback_id": string(255),
    "external_id": string(255),
    "clear_on_close": boolean,
    "notify_on_close": boolean,
    "title": plain_text(24),
    "submit": plain_text(24),
    "close": plain_text(24),
    "submit_disabled": boolean,
}

_modal = record(
    {"title": plain_text(24), "blocks": _blocks_of("modal")}, _COMMON, rules=[_needs_submit]
)
_home = record({"blocks": _blocks_of("home")}, _COMMON, rules=[_no_buttons])
_step = record({"blocks": _blocks_of("modal")}, _COMMON)
