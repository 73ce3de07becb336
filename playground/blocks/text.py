"""Composition objects: text, option, option group, confirm, filter, dispatch settings, file."""

from collections.abc import Iterator, Mapping
from typing import Any

from playground.blocks.schema import (
    Check,
    anything,
    array,
    boolean,
    enum,
    fault,
    integer,
    record,
    string,
    tagged,
)

LONGEST_TEXT = 3000


def _plain(maximum: int) -> Check:
    return record(
        {"text": string(maximum, 1)},
        {"emoji": boolean, "verbatim": boolean},
    )


def _mrkdwn(maximum: int) -> Check:
    return record({"text": string(maximum, 1)}, {"verbatim": boolean})


def plain_text(maximum: int = LONGEST_TEXT) -> Check:
    """Check a text object that may only be plain_text."""
    return tagged({"plain_text": _plain(maximum)})


def any_text(maximum: int = LONGEST_TEXT) -> Check:
    """Check a text object, plain_text or mrkdwn; Slack has one sentence for every other shape."""
    table = {"plain_text": _plain(maximum), "mrkdwn": _mrkdwn(maximum)}

    def check(value: object, pointer: str) -> Iterator[str]:
        tag = value.get("type") if isinstance(value, dict) else None
        if not isinstance(tag, str) or tag not in table:
            yield fault("failed to match all allowed schemas", pointer)
        else:
            yield from table[tag](value, pointer)

    return check


STYLE = enum("primary", "danger")

CONFIRM = record(
    {
        "title": plain_text(100),
        "text": any_text(300),
        "confirm": plain_text(30),
        "deny": plain_text(30),
    },
    {"style": STYLE},
)

DISPATCH_CONFIG = record(
    {},
    {"trigger_actions_on": array(enum("on_enter_pressed", "on_character_entered"))},
)

FILTER = record(
    {},
    {
        "include": array(enum("im", "mpim", "private", "public"), minimum=1),
        "exclude_external_shared_channels": boolean,
        "exclude_bot_users": boolean,
    },
)

WORKFLOW = record(
    {
        "trigger": record(
            {"url": string()},
            {
                "customizable_input_parameters": array(
                    record({"name": string(), "value": anything}, is_open=True)
                )
            },
        )
    }
)


def _file_reference(value: Mapping[str, Any], pointer: str) -> Iterator[str]:
    if (value.get("id") is None) == (value.get("url") is None):
        yield fault("must define either `id` or `url`", pointer)


SLACK_FILE = record({}, {"id": string(), "url": string(3000)}, rules=[_file_reference])


def option(text: Check, *, has_url: bool = False) -> Check:
    """Check one option of a menu; only overflow menus may carry an address."""
    optional = {"description": any_text(75)} | ({"url": string(3000)} if has_url else {})
    return record({"text": text, "value": string(150)}, optional)


def option_group(entry: Check) -> Check:
    """Check a group of options under a label."""
    return record({"label": plain_text(75), "options": array(entry, 100, 1)})


COUNT = integer(1)
