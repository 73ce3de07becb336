"""Input blocks of forms: block id and action id are the field's name, labels are ours."""

from collections.abc import Sequence
from datetime import date, time
from typing import Any

from notifications.cards.buttons import ActionId
from notifications.views.blocks import Block, option, plain

MOST_CHARACTERS = 3_000
OPTIONS = 100
LABEL = 300

_VALUES = ("value", "selected_user", "selected_date", "selected_time", "selected_conversation")

Option = tuple[str, str]
"""What is shown, and the value."""


def modal(
    callback: ActionId,
    title: str,
    blocks: Sequence[Block],
    *,
    submit: str = "",
    close: str = "Cancel",
    metadata: str = "",
) -> Block:
    """A form; without `submit` it only shows."""
    view: Block = {
        "type": "modal",
        "callback_id": callback,
        "title": plain(title),
        "close": plain(close),
        "private_metadata": metadata,
        "blocks": list(blocks),
    }
    return view | ({"submit": plain(submit)} if submit else {})


def text_input(
    name: str,
    label: str,
    *,
    multiline: bool = False,
    optional: bool = False,
    initial: str = "",
    hint: str = "",
    most: int = MOST_CHARACTERS,
) -> Block:
    """A text field."""
    element = _element(
        "plain_text_input", name, multiline=multiline, max_length=most, initial_value=initial
    )
    return _input(name, label, element, optional=optional, hint=hint)


def select(
    name: str, label: str, options: Sequence[Option], *, optional: bool = False, chosen: str = ""
) -> Block:
    """One of up to 100; the first is chosen where one is needed."""
    choices = [option(text, value) for text, value in options[:OPTIONS]]
    otherwise = None if optional else choices[0]
    initial = next((choice for choice in choices if choice["value"] == chosen), otherwise)
    element = _element("static_select", name, options=choices, initial_option=initial)
    return _input(name, label, element, optional=optional)


def number_input(name: str, label: str, *, decimals: bool, initial: str) -> Block:
    """A number; Slack takes nothing else."""
    element = _element("number_input", name, is_decimal_allowed=decimals, initial_value=initial)
    return _input(name, label, element)


def search(name: str, label: str, *, optional: bool = False, chosen: Block | None = None) -> Block:
    """One of any number: what fits is looked up while somebody types."""
    asked = plain("Type a part of it")
    element = _element(
        "external_select", name, min_query_length=0, placeholder=asked, initial_option=chosen
    )
    return _input(name, label, element, optional=optional)


def upload(name: str, label: str, types: Sequence[str], most: int) -> Block:
    """Files of one's own, by the endings of their names; always optional."""
    element = _element("file_input", name, filetypes=[*types], max_files=most)
    return _input(name, label, element, optional=True)


def conversation(name: str, label: str, *, hint: str = "", chosen: str = "") -> Block:
    """A channel; the one somebody is in, unless another is chosen already."""
    only = {"include": ["public", "private"], "exclude_bot_users": True}
    picked = (
        {"initial_conversation": chosen} if chosen else {"default_to_current_conversation": True}
    )
    return _input(
        name, label, _element("conversations_select", name, filter=only, **picked), hint=hint
    )


def radio(
    name: str, label: str, options: Sequence[Option], *, chosen: bool = True, initial: str = ""
) -> Block:
    """One of a few, the first chosen where `initial` is none; nothing where that is consent."""
    choices = [option(text, value) for text, value in options[:10]]
    known = next((choice for choice in choices if choice["value"] == initial), choices[0])
    first = known if chosen else None
    return _input(
        name, label, _element("radio_buttons", name, options=choices, initial_option=first)
    )


def checkboxes(
    name: str, label: str, options: Sequence[Block], chosen: Sequence[str] = ()
) -> Block:
    """Any of up to ten."""
    initial = [one for one in options if one["value"] in chosen] or None
    element = _element("checkboxes", name, options=list(options), initial_options=initial)
    return _input(name, label, element, optional=True)


def person_select(name: str, label: str, *, optional: bool = False, chosen: str = "") -> Block:
    """One member of the workspace."""
    element = _element("users_select", name, initial_user=chosen)
    return _input(name, label, element, optional=optional)


def people_select(name: str, label: str, most: int) -> Block:
    """Some members of the workspace."""
    return _input(name, label, _element("multi_users_select", name, max_selected_items=most))


def day(name: str, label: str, chosen: date | None) -> Block:
    """A date, or none."""
    element = _element("datepicker", name, initial_date=chosen.isoformat() if chosen else None)
    return _input(name, label, element, optional=True)


def clock(name: str, label: str, chosen: time | None) -> Block:
    """A time of day, or none."""
    initial = chosen.strftime("%H:%M") if chosen else None
    element = _element("timepicker", name, initial_time=initial)
    return _input(name, label, element, optional=True)


def _element(kind: str, name: str, **fields: Any) -> Block:
    """With those fields that say something."""
    said = {key: value for key, value in fields.items() if value not in (None, "")}
    return {"type": kind, "action_id": name} | said


def _input(
    name: str, label: str, element: Block, *, optional: bool = False, hint: str = ""
) -> Block:
    made: Block = {
        "type": "input",
        "block_id": name,
        "label": plain(label[:LABEL]),
        "optional": optional,
        "element": element,
    }
    return made | ({"hint": plain(hint)} if hint else {})


def entered(view: dict[str, Any], name: str) -> str:
    """What was typed, picked or chosen in a field; empty when nothing was."""
    state = view["state"]["values"].get(name, {}).get(name, {})
    chosen = state.get("selected_option")
    if chosen:
        return str(chosen["value"])
    for field in _VALUES:
        if state.get(field):
            return str(state[field])
    return ""


def uploaded(view: dict[str, Any], name: str) -> list[tuple[str, str]]:
    """Id and name of each file that was handed in."""
    state = view["state"]["values"].get(name, {}).get(name, {})
    return [(str(file["id"]), str(file.get("name") or "")) for file in state.get("files") or ()]


def ticked(view: dict[str, Any], name: str) -> list[str]:
    """The values of the boxes ticked, or of the people picked, in a field."""
    state = view["state"]["values"].get(name, {}).get(name, {})
    if state.get("selected_users"):
        return [str(user) for user in state["selected_users"]]
    return [str(one["value"]) for one in state.get("selected_options") or ()]
