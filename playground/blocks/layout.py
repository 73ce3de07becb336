"""Layout blocks: what each must and may hold, and on which surfaces it may stand."""

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from playground.blocks.charts import CHART
from playground.blocks.elements import (
    ACCESSORY,
    ACTION,
    BUTTON,
    CONTEXT,
    CONTEXT_ACTION,
    IMAGE,
    IMAGE_FIELDS,
    IMAGE_RULES,
    INPUT,
    OVERFLOW_MENU,
)
from playground.blocks.rich_text import RICH_TEXT, RICH_TEXT_FIELDS
from playground.blocks.schema import (
    Check,
    Rule,
    anything,
    array,
    boolean,
    enum,
    fault,
    record,
    string,
    tagged,
)
from playground.blocks.tables import DATA_TABLE, TABLE
from playground.blocks.text import any_text, plain_text

Surface = Literal["message", "modal", "home"]

MARKDOWN_LENGTH = 12_000


def _block(
    required: Mapping[str, Check],
    optional: Mapping[str, Check] | None = None,
    *,
    rules: tuple[Rule, ...] = (),
    is_open: bool = False,
) -> Check:
    return record(
        required,
        {"block_id": string(255), **(optional or {})},
        rules=rules,
        is_open=is_open,
    )


def _any_of(*names: str) -> Rule:
    """Return a rule: at least one of the fields must be there."""
    listed = " or ".join(f"`{name}`" for name in names)

    def rule(value: Mapping[str, Any], pointer: str) -> Iterator[str]:
        if all(value.get(name) in (None, []) for name in names):
            yield fault(f"must define either {listed}", pointer)

    return rule


def _header_divider(value: Mapping[str, Any], pointer: str) -> Iterator[str]:
    if value.get("is_collapsible") is True and value.get("has_header_divider") is True:
        yield fault("not allowed with is_collapsible", f"{pointer}/has_header_divider")


_ANY_IMAGE = tagged({"image": IMAGE})
_TASK_FIELDS: dict[str, Check] = {
    "details": RICH_TEXT,
    "output": RICH_TEXT,
    "sources": array(record({"url": string(3000)}, {"text": string()}, is_open=True)),
}
_TASK = _block(
    {
        "task_id": string(),
        "title": string(),
        "status": enum("pending", "in_progress", "complete", "error"),
    },
    _TASK_FIELDS,
    is_open=True,
)
_CARD = _block(
    {},
    {
        "hero_image": _ANY_IMAGE,
        "icon": _ANY_IMAGE,
        "title": any_text(150),
        "subtitle": any_text(150),
        "body": any_text(200),
        "actions": array(tagged({"button": BUTTON})),
    },
    rules=(_any_of("hero_image", "title", "actions", "body"),),
    is_open=True,
)

CLASSIC: dict[str, Check] = {
    "section": _block(
        {},
        {
            "text": any_text(),
            "fields": array(any_text(2000), 10, 1),
            "accessory": ACCESSORY,
            "expand": boolean,
        },
        rules=(_any_of("text", "fields"),),
    ),
    "header": _block({"text": plain_text(150)}, {"level": anything}),
    "divider": _block({}),
    "image": _block(
        {"alt_text": string(2000)},
        {"title": plain_text(2000), **IMAGE_FIELDS},
        rules=IMAGE_RULES,
    ),
    "actions": _block({"elements": array(ACTION, 25, 1)}),
    "context": _block({"elements": array(CONTEXT, 10, 1)}),
    "input": _block(
        {"label": plain_text(2000), "element": INPUT},
        {"hint": plain_text(2000), "optional": boolean, "dispatch_action": boolean},
    ),
    "rich_text": _block(RICH_TEXT_FIELDS),
    "table": TABLE,
    "video": _block(
        {
            "alt_text": string(),
            "title": plain_text(199),
            "thumbnail_url": string(),
            "video_url": string(),
        },
        {
            "author_name": string(49),
            "description": plain_text(),
            "provider_icon_url": string(),
            "provider_name": string(),
            "title_url": string(),
        },
    ),
    "file": _block(
        {"external_id": string(), "source": string()}, {"file_id": string()}, is_open=True
    ),
}

_NEWER: dict[str, Check] = {
    "context_actions": _block({"elements": array(CONTEXT_ACTION, 5, 1)}),
    "markdown": _block({"text": string(MARKDOWN_LENGTH, 1)}),
    "alert": _block(
        {"text": any_text()},
        {"level": enum("default", "info", "warning", "error", "success")},
        is_open=True,
    ),
    "call": _block({"call_id": string()}, is_open=True),
    "card": _CARD,
    "carousel": _block({"elements": array(tagged({"card": _CARD}), 10, 1)}, is_open=True),
    "task_card": _TASK,
    "plan": _block({"title": string()}, {"tasks": array(_TASK)}, is_open=True),
    "data_table": DATA_TABLE,
    "data_visualization": CHART,
    "container": _block(
        {"child_blocks": array(tagged(CLASSIC), 10, 1)},
        {
            "title": plain_text(150),
            "rich_text_title": RICH_TEXT,
            "subtitle": any_text(150),
            "width": enum("narrow", "standard", "wide", "full"),
            "icon": _ANY_IMAGE,
            "is_collapsible": boolean,
            "default_collapsed": boolean,
            "has_header_divider": boolean,
        },
        rules=(_any_of("title", "rich_text_title"), _header_divider),
        is_open=True,
    ),
    "auth_provider": _block(
        {"value": string(150, 1), "name": plain_text(75), "is_connected": boolean},
        {
            "description": plain_text(150),
            "icon_url": string(3000),
            "auth_url": string(3000),
            "disconnect_url": string(3000),
            "connected_identity": plain_text(75),
            "connected_context": plain_text(75),
            "accessory": OVERFLOW_MENU,
            "fallback": array(record({"type": string()}, is_open=True)),
        },
        is_open=True,
    ),
}

_EVERY = {**CLASSIC, **_NEWER}
_MESSAGES_ONLY = {"call", "context_actions", "file", "markdown", "plan", "task_card"}
_MODALS_ONLY = {"alert"}


def _except(names: set[str]) -> Check:
    return tagged({name: check for name, check in _EVERY.items() if name not in names})


LAYOUT: dict[Surface, Check] = {
    "message": _except(_MODALS_ONLY),
    "modal": _except(_MESSAGES_ONLY),
    "home": _except(_MESSAGES_ONLY | _MODALS_ONLY),
}
