"""Elements that offer a choice: selects and multi-selects, overflow, checkboxes, radio buttons."""

from collections.abc import Iterator, Mapping
from typing import Any

from playground.blocks.schema import Check, array, boolean, fault, integer, record, string
from playground.blocks.text import (
    CONFIRM,
    COUNT,
    FILTER,
    any_text,
    option,
    option_group,
    plain_text,
)

_OPTION = option(plain_text(75))
_CHOICE = option(any_text(75))
_ACTION = {"action_id": string(255), "confirm": CONFIRM}
_FOCUSED = {**_ACTION, "focus_on_load": boolean}
_MENU = {**_FOCUSED, "placeholder": plain_text(150)}
_SINGLE = {**_MENU, "response_url_enabled": boolean}
_MANY = {**_MENU, "max_selected_items": COUNT}
_LISTS: dict[str, Check] = {
    "options": array(_OPTION, 100, 1),
    "option_groups": array(option_group(_OPTION), 100, 1),
}


def _one_list(value: Mapping[str, Any], pointer: str) -> Iterator[str]:
    given = [name for name in _LISTS if value.get(name) is not None]
    if len(given) != 1:
        yield fault("must define either `options` or `option_groups`", pointer)


def _offered(value: Mapping[str, Any]) -> list[object]:
    groups = value.get("option_groups")
    lists = [value.get("options")]
    if isinstance(groups, list):
        lists += [group.get("options") for group in groups if isinstance(group, dict)]
    return [entry for options in lists if isinstance(options, list) for entry in options]


def _preselected(value: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    if isinstance(value.get("initial_option"), dict):
        yield "initial_option", value["initial_option"]
    several = value.get("initial_options")
    for index, entry in enumerate(several if isinstance(several, list) else []):
        yield f"initial_options/{index}", entry


def _key(entry: object) -> object:
    return entry.get("value") if isinstance(entry, dict) else None


def _initial_is_offered(value: Mapping[str, Any], pointer: str) -> Iterator[str]:
    offered = [_key(entry) for entry in _offered(value)]
    for place, entry in _preselected(value):
        if _key(entry) not in offered:
            yield fault("must match one of the options", f"{pointer}/{place}")


def _not_too_many(value: Mapping[str, Any], pointer: str) -> Iterator[str]:
    chosen, most = value.get("initial_options"), value.get("max_selected_items")
    if isinstance(chosen, list) and isinstance(most, int) and 0 < most < len(chosen):
        yield fault(f"no more than {most} items allowed", f"{pointer}/initial_options")


_OFFER_RULES = (_initial_is_offered, _not_too_many)

SELECTS: dict[str, Check] = {
    "static_select": record(
        {},
        {**_SINGLE, **_LISTS, "initial_option": _OPTION},
        rules=(_one_list, *_OFFER_RULES),
    ),
    "external_select": record(
        {},
        {**_SINGLE, "initial_option": _OPTION, "min_query_length": integer(0)},
    ),
    "users_select": record({}, {**_SINGLE, "initial_user": string()}),
    "conversations_select": record(
        {},
        {
            **_SINGLE,
            "initial_conversation": string(),
            "default_to_current_conversation": boolean,
            "filter": FILTER,
        },
    ),
    "channels_select": record({}, {**_SINGLE, "initial_channel": string()}),
}

MULTI_SELECTS: dict[str, Check] = {
    "multi_static_select": record(
        {},
        {**_MANY, **_LISTS, "initial_options": array(_OPTION, 100)},
        rules=(_one_list, *_OFFER_RULES),
    ),
    "multi_external_select": record(
        {},
        {**_MANY, "initial_options": array(_OPTION, 100), "min_query_length": integer(0)},
    ),
    "multi_users_select": record({}, {**_MANY, "initial_users": array(string())}),
    "multi_conversations_select": record(
        {},
        {
            **_MANY,
            "initial_conversations": array(string()),
            "default_to_current_conversation": boolean,
            "filter": FILTER,
        },
    ),
    "multi_channels_select": record({}, {**_MANY, "initial_channels": array(string())}),
}

CHOICES: dict[str, Check] = {
    "checkboxes": record(
        {"options": array(_CHOICE, 10, 1)},
        {**_FOCUSED, "initial_options": array(_CHOICE, 10, 1)},
        rules=_OFFER_RULES,
    ),
    "radio_buttons": record(
        {"options": array(_CHOICE, 10, 1)},
        {**_FOCUSED, "initial_option": _CHOICE},
        rules=_OFFER_RULES,
    ),
}

OVERFLOW: dict[str, Check] = {
    "overflow": record(
        {"options": array(option(plain_text(75), has_url=True), 5, 1)},
        _ACTION,
    )
}
