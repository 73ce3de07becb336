"""The elements a person can use, and the values they hold."""

from collections.abc import Iterator
from typing import Any

from playground.blocks.ids import is_interactive
from playground.errors import ControlError
from playground.http.wire import Json

_SINGLE_CHOICE = {"static_select", "external_select", "radio_buttons", "overflow"}
_MANY_CHOICES = {"checkboxes", "multi_static_select", "multi_external_select"}
_TYPED = {
    "plain_text_input": "value",
    "email_text_input": "value",
    "url_text_input": "value",
    "number_input": "value",
    "button": "value",
    "rich_text_input": "rich_text_value",
    "file_input": "files",
    "datepicker": "selected_date",
    "timepicker": "selected_time",
    "datetimepicker": "selected_date_time",
    "users_select": "selected_user",
    "channels_select": "selected_channel",
    "conversations_select": "selected_conversation",
    "multi_users_select": "selected_users",
    "multi_channels_select": "selected_channels",
    "multi_conversations_select": "selected_conversations",
}
_LISTS = {
    "files",
    "selected_options",
    "selected_users",
    "selected_channels",
    "selected_conversations",
}
_TYPES: dict[str, Any] = {
    **dict.fromkeys(_LISTS, list),
    "selected_option": (str, dict),
    "selected_date_time": int,
    "rich_text_value": dict,
}
_STATELESS = {"button", "overflow", "workflow_button", "feedback_buttons", "icon_button"}


def interactive(blocks: list[Json]) -> Iterator[tuple[Json, Json]]:
    """Every usable element with its block, in reading order."""
    for block in blocks:
        for element in _inside(block):
            yield block, element


def find(blocks: list[Json], action_id: str, block_id: str = "") -> tuple[Json, Json] | None:
    """The block and element with that action id, in that block if one is named."""
    for block, element in interactive(blocks):
        if element["action_id"] == action_id and block_id in ("", block["block_id"]):
            return block, element
    return None


def value_field(element: Json) -> str:
    """The name under which an element's value travels."""
    kind = element["type"]
    if kind in _SINGLE_CHOICE:
        return "selected_option"
    if kind in _MANY_CHOICES:
        return "selected_options"
    return _TYPED.get(kind, "value")


def initial_value(element: Json) -> Any:
    """The value before anybody touched the element."""
    field = value_field(element)
    if field == "rich_text_value":
        return element.get("initial_value")
    if field == "value":
        return element.get("initial_value")
    default: Any = [] if field.endswith("s") else None
    return element.get(field.replace("selected_", "initial_"), default)


def holds_state(element: Json) -> bool:
    """Whether the element keeps what was entered."""
    return element["type"] not in _STATELESS


def state_values(blocks: list[Json], given: Json) -> Json:
    """`state.values` of the blocks: initial values, overridden by what a person entered.

    A given value may be a whole state (`{"value": "x"}`) or the bare value (`"x"`).
    """
    values: Json = {}
    for block, element in interactive(blocks):
        if not holds_state(element):
            continue
        block_id, action_id = block["block_id"], element["action_id"]
        known = given.get(block_id, {})
        state = _state(element, known.get(action_id), action_id in known)
        values.setdefault(block_id, {})[action_id] = state
    return values


def chosen(element: Json, given: Any) -> Json:
    """The field of a value, given whole or bare; an option may be named by its `value`."""
    field = value_field(element)
    if isinstance(given, dict) and (field in given or "type" in given):
        given = given.get(field)
    if given is None:
        return {field: [] if field in _LISTS else None}
    if not isinstance(given, _TYPES.get(field, str)):
        detail = f"{element['action_id']!r} ({element['type']}) does not take {given!r:.80}."
        raise ControlError("invalid_value", detail)
    if field == "selected_option":
        return {field: _option(element, given)}
    if field == "selected_options":
        return {field: [_option(element, one) for one in given]}
    return {field: given}


def entered(body: Json) -> dict[str, Json]:
    """The `values` of a control call, checked to be `{block_id: {action_id: value}}`."""
    values = body.get("values") or {}
    if isinstance(values, dict) and all(isinstance(one, dict) for one in values.values()):
        return values
    raise ControlError("invalid_values", "'values' must be {block_id: {action_id: value}}.")


def options_of(element: Json) -> list[Json]:
    """The options an element lists, groups opened up."""
    groups = element.get("option_groups") or ()
    grouped = [option for group in groups for option in group.get("options") or ()]
    return [*(element.get("options") or ()), *grouped]


def _state(element: Json, given: Any, is_given: bool) -> Json:
    state: Json = {"type": element["type"]}
    if is_given:
        return state | chosen(element, given)
    return state | {value_field(element): initial_value(element)}


def _option(element: Json, given: Any) -> Json:
    if isinstance(given, dict):
        return given
    if not isinstance(given, str):
        raise ControlError("invalid_value", f"{given!r:.80} is not an option.")
    known = next((option for option in options_of(element) if option.get("value") == given), None)
    return known or {"text": {"type": "plain_text", "text": given, "emoji": True}, "value": given}


def _inside(value: Any) -> Iterator[Json]:
    if isinstance(value, list):
        for item in value:
            yield from _inside(item)
    elif isinstance(value, dict):
        if is_interactive(value) and "action_id" in value:
            yield value
            return
        for item in value.values():
            yield from _inside(item)
