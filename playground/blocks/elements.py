"""Block elements: buttons, pickers, inputs and images, and which block may hold which."""

import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from playground.blocks.menus import CHOICES, MULTI_SELECTS, OVERFLOW, SELECTS
from playground.blocks.schema import (
    Check,
    anything,
    array,
    boolean,
    fault,
    integer,
    matching,
    number,
    record,
    string,
    tagged,
)
from playground.blocks.text import (
    CONFIRM,
    DISPATCH_CONFIG,
    SLACK_FILE,
    STYLE,
    WORKFLOW,
    any_text,
    plain_text,
)

_ACTION: dict[str, Check] = {"action_id": string(255)}
_FOCUSED: dict[str, Check] = {**_ACTION, "focus_on_load": boolean, "placeholder": plain_text(150)}
_PICKER: dict[str, Check] = {**_FOCUSED, "confirm": CONFIRM}
_TYPED: dict[str, Check] = {**_FOCUSED, "dispatch_action_config": DISPATCH_CONFIG}


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return re.fullmatch(r"\d{4}-\d{2}-\d{2}", text) is not None


def _is_time(text: str) -> bool:
    return re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", text) is not None


def _one_source(value: Mapping[str, Any], pointer: str) -> Iterator[str]:
    given = [name for name in ("image_url", "slack_file") if value.get(name) is not None]
    if len(given) != 1:
        yield fault("must define either `image_url` or `slack_file`", pointer)


def _ordered(low: str, high: str) -> Any:
    """Return a rule: a lower bound may not exceed the upper one."""

    def rule(value: Mapping[str, Any], pointer: str) -> Iterator[str]:
        try:
            least, most = float(value[low]), float(value[high])
        except (KeyError, TypeError, ValueError):
            return
        if least > most:
            yield fault(f"must not be more than {high}", f"{pointer}/{low}")

    return rule


def _decimal(value: object, pointer: str) -> Iterator[str]:
    """Check a number, or a string that reads as one."""
    if not isinstance(value, str):
        yield from number(value, pointer)
    elif not re.fullmatch(r"-?(\d+(\.\d*)?|\.\d+)", value):
        yield fault("must be a number", pointer)


# Slack adds these to an image it has stored, and takes them back unread.
_MEASURED: dict[str, Check] = dict.fromkeys(
    ("fallback", "image_bytes", "image_height", "image_width", "is_animated", "rotation"), anything
)
IMAGE_FIELDS: dict[str, Check] = {
    "image_url": string(3000, 1),
    "slack_file": SLACK_FILE,
    **_MEASURED,
}
IMAGE = record({"alt_text": string(2000)}, IMAGE_FIELDS, rules=[_one_source])
IMAGE_RULES = (_one_source,)

_FEEDBACK = record(
    {"text": plain_text(75), "value": string(2000)},
    {"accessibility_label": string(75), "type": anything},
)

BUTTON = record(
    {"text": plain_text(75)},
    {
        **_ACTION,
        "url": string(3000),
        "value": string(2000),
        "style": STYLE,
        "confirm": CONFIRM,
        "accessibility_label": string(75),
        "agent_prompt": string(4000),
        "agent_prompt_display": string(),
        "visible_to_user_ids": array(string()),
    },
)

_BUTTONS: dict[str, Check] = {
    "button": BUTTON,
    "workflow_button": record(
        {"text": plain_text(75), "workflow": WORKFLOW},
        {**_ACTION, "style": STYLE, "accessibility_label": string(75)},
    ),
}

_CONTEXT_BUTTONS: dict[str, Check] = {
    "feedback_buttons": record(
        {"positive_button": _FEEDBACK, "negative_button": _FEEDBACK},
        _ACTION,
    ),
    "icon_button": record(
        {"icon": string(minimum=1), "text": plain_text(75)},
        {
            **_ACTION,
            "value": string(2000),
            "confirm": CONFIRM,
            "accessibility_label": string(75),
            "visible_to_user_ids": array(string(), 10),
        },
    ),
}

_DAY_PICKERS: dict[str, Check] = {
    "datepicker": record(
        {},
        {**_PICKER, "initial_date": matching(_is_date, "must match format: YYYY-MM-DD")},
    ),
    "timepicker": record(
        {},
        {
            **_PICKER,
            "initial_time": matching(_is_time, "must match format: HH:mm"),
            "timezone": string(),
        },
    ),
}

_MOMENT_PICKER: dict[str, Check] = {
    "datetimepicker": record(
        {},
        {
            **_ACTION,
            "focus_on_load": boolean,
            "confirm": CONFIRM,
            "initial_date_time": integer(1_000_000_000, 9_999_999_999),
        },
    ),
}

_PLAIN_TEXT_INPUT: dict[str, Check] = {
    "plain_text_input": record(
        {},
        {
            **_TYPED,
            "initial_value": string(3000),
            "multiline": boolean,
            "min_length": integer(0, 3000),
            "max_length": integer(1, 3000),
        },
        rules=[_ordered("min_length", "max_length")],
    ),
}

_RICH_TEXT_INPUT: dict[str, Check] = {
    "rich_text_input": record(
        {},
        {
            **_TYPED,
            "initial_value": anything,
            "min_lines": integer(1),
            "max_lines": integer(1),
        },
        rules=[_ordered("min_lines", "max_lines")],
    ),
}

_INPUTS: dict[str, Check] = {
    "email_text_input": record({}, {**_TYPED, "initial_value": string()}),
    "url_text_input": record({}, {**_TYPED, "initial_value": string()}),
    "number_input": record(
        {"is_decimal_allowed": boolean},
        {
            **_TYPED,
            "initial_value": _decimal,
            "min_value": _decimal,
            "max_value": _decimal,
        },
        rules=[_ordered("min_value", "max_value")],
    ),
    "file_input": record(
        {}, {**_ACTION, "filetypes": array(string()), "max_files": integer(1, 10)}
    ),
}

_EVERYWHERE: dict[str, Check] = {**SELECTS, **MULTI_SELECTS, **CHOICES, **_DAY_PICKERS}

ACCESSORY = tagged(
    {**_EVERYWHERE, **_BUTTONS, **OVERFLOW, **_PLAIN_TEXT_INPUT, "image": IMAGE},
)
ACTION = tagged(
    {
        **_EVERYWHERE,
        **_BUTTONS,
        **OVERFLOW,
        **_MOMENT_PICKER,
        **_PLAIN_TEXT_INPUT,
        **_RICH_TEXT_INPUT,
    },
)
CONTEXT_ACTION = tagged(_CONTEXT_BUTTONS)
INPUT = tagged(
    {
        **_EVERYWHERE,
        **_MOMENT_PICKER,
        **_PLAIN_TEXT_INPUT,
        **_RICH_TEXT_INPUT,
        **_INPUTS,
    },
)
CONTEXT = tagged(
    {
        "image": IMAGE,
        "plain_text": any_text(),
        "mrkdwn": any_text(),
    },
)
OVERFLOW_MENU = tagged(OVERFLOW)
