"""Elements that take typed values as HTML: text, numbers, addresses, dates, times and files."""

from typing import Any

from markupsafe import Markup

from playground.render.json import Json, number, record, records, string, strings
from playground.render.menus import Menu, Place
from playground.render.mrkdwn import Directory
from playground.render.tag import tag
from playground.render.text import words

_USUAL = {
    "datepicker": "Select a date",
    "timepicker": "Select a time",
    "datetimepicker": "Select a date and time",
}


def _shared(element: Json, place: Place) -> dict[str, Any]:
    settings = record(element.get("dispatch_action_config"))
    placeholder = words(element.get("placeholder"))
    return {
        "class_": "control",
        "placeholder": placeholder or None,
        "aria_label": placeholder or _USUAL.get(string(element.get("type"))),
        "autocomplete": "off",
        "data_focus": element.get("focus_on_load") is True,
        "data_dispatch_on": " ".join(strings(settings.get("trigger_actions_on"))) or None,
        **place,
    }


def _length(element: Json, name: str) -> int | None:
    value = element.get(name)
    return int(number(value)) if isinstance(value, int) else None


def _plain_text_input(element: Json, place: Place, _directory: Directory) -> Markup:
    shared = {
        **_shared(element, place),
        "minlength": _length(element, "min_length"),
        "maxlength": _length(element, "max_length"),
    }
    value = string(element.get("initial_value"))
    if element.get("multiline") is True:
        return tag("textarea", f"\n{value}", rows=4, **shared)
    return tag("input", type_="text", value=value, **shared)


def _rich_text_input(element: Json, place: Place, _directory: Directory) -> Markup:
    least = _length(element, "min_lines") or 4
    return tag(
        "textarea",
        f"\n{_characters(record(element.get('initial_value')))}",
        rows=max(2, min(30, least)),
        **_shared(element, place),
    )


def _characters(block: Json) -> str:
    """Return the characters of a rich_text value, a line for each paragraph."""
    return "\n".join(
        "".join(string(part.get("text")) for part in records(entry.get("elements")))
        for entry in records(block.get("elements"))
    )


def _scalar(value: object) -> str:
    if isinstance(value, str):
        return value
    return str(number(value)) if isinstance(value, int | float) else ""


def _number_input(element: Json, place: Place, _directory: Directory) -> Markup:
    return tag(
        "input",
        type_="number",
        value=_scalar(element.get("initial_value")),
        min=_scalar(element.get("min_value")) or None,
        max=_scalar(element.get("max_value")) or None,
        step="any" if element.get("is_decimal_allowed") is True else "1",
        **_shared(element, place),
    )


def _typed(kind: str, initial: str) -> Menu:
    def render(element: Json, place: Place, _directory: Directory) -> Markup:
        value = _scalar(element.get(initial))
        return tag("input", type_=kind, value=value, **_shared(element, place))

    return render


def _datetimepicker(element: Json, place: Place, _directory: Directory) -> Markup:
    """Render a date and time; the page turns the epoch into the reader's own time."""
    return tag(
        "input",
        type_="datetime-local",
        data_epoch=_scalar(element.get("initial_date_time")) or None,
        **_shared(element, place),
    )


def _file_input(element: Json, place: Place, _directory: Directory) -> Markup:
    kinds = strings(element.get("filetypes"))
    return tag(
        "input",
        type_="file",
        multiple=element.get("max_files") != 1,
        accept=",".join(f".{kind.lstrip('.')}" for kind in kinds) or None,
        data_most=_length(element, "max_files"),
        **_shared(element, place),
    )


INPUTS: dict[str, Menu] = {
    "plain_text_input": _plain_text_input,
    "rich_text_input": _rich_text_input,
    "number_input": _number_input,
    "email_text_input": _typed("email", "initial_value"),
    "url_text_input": _typed("url", "initial_value"),
    "datepicker": _typed("date", "initial_date"),
    "timepicker": _typed("time", "initial_time"),
    "datetimepicker": _datetimepicker,
    "file_input": _file_input,
}
