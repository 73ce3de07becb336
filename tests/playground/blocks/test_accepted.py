"""What Slack documents, and so must never be refused."""

from typing import Any

import pytest

from playground.blocks import problems
from playground.blocks.layout import Surface

Json = dict[str, Any]
TEXT: Json = {"type": "plain_text", "text": "t"}
MRKDWN: Json = {"type": "mrkdwn", "text": "t"}
OPTION: Json = {"text": TEXT, "value": "1"}
OTHER: Json = {"text": TEXT, "value": "2"}
SECTION: Json = {"type": "section", "text": TEXT}
BUTTON: Json = {"type": "button", "text": TEXT}
URL_IMAGE: Json = {"type": "image", "alt_text": "a", "image_url": "https://a.example/b.png"}
RICH: Json = {
    "type": "rich_text",
    "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": "t"}]}],
}
SURFACES: tuple[Surface, ...] = ("message", "modal", "home")


def act(element: Json) -> Json:
    return {"type": "actions", "elements": [element]}


def ask(element: Json, **more: Any) -> Json:
    return {"type": "input", "label": TEXT, "element": element, **more}


def rich(*parts: Json) -> Json:
    return {
        "type": "rich_text",
        "elements": [{"type": "rich_text_section", "elements": list(parts)}],
    }


ELEMENTS: list[Json] = [
    BUTTON | {"style": "danger", "url": "https://a.example", "value": ""},
    BUTTON | {"agent_prompt": "p", "agent_prompt_display": "d", "visible_to_user_ids": ["U1"]},
    {
        "type": "workflow_button",
        "text": TEXT,
        "workflow": {"trigger": {"url": "https://a.example"}},
    },
    {
        "type": "static_select",
        "options": [OPTION, OTHER],
        "initial_option": OTHER,
        "placeholder": TEXT,
    },
    {"type": "external_select", "min_query_length": 0, "initial_option": OPTION},
    {"type": "users_select", "initial_user": "U1", "focus_on_load": False},
    {
        "type": "conversations_select",
        "default_to_current_conversation": True,
        "filter": {"include": ["im"]},
    },
    {"type": "channels_select", "response_url_enabled": True},
    {"type": "multi_static_select", "option_groups": [{"label": TEXT, "options": [OPTION]}]},
    {"type": "multi_external_select", "max_selected_items": 3},
    {"type": "multi_users_select", "initial_users": ["U1"]},
    {"type": "multi_conversations_select", "initial_conversations": ["C1"]},
    {"type": "multi_channels_select", "initial_channels": []},
    {"type": "checkboxes", "options": [{"text": MRKDWN, "value": "1", "description": MRKDWN}]},
    {"type": "radio_buttons", "options": [OPTION], "initial_option": OPTION},
    {"type": "datepicker", "initial_date": "2026-02-28", "placeholder": TEXT},
    {"type": "timepicker", "initial_time": "09:30", "timezone": "Europe/London"},
]


@pytest.mark.parametrize("element", ELEMENTS)
def test_an_element_that_goes_everywhere_is_accepted_everywhere(element: Json) -> None:
    """In actions and as an accessory, on every surface."""
    blocks = [act(element), SECTION | {"accessory": element}]
    for surface in SURFACES:
        assert problems(blocks, surface) == []


BLOCKS: list[Json] = [
    {"type": "divider", "block_id": "b"},
    URL_IMAGE | {"title": TEXT, "image_width": 10},
    {"type": "image", "alt_text": "", "slack_file": {"url": "https://a.example"}},
    {"type": "context", "elements": [TEXT, MRKDWN, URL_IMAGE]},
    {"type": "section", "fields": [MRKDWN], "accessory": None, "text": None},
    act({"type": "datetimepicker", "initial_date_time": 1_800_000_000}),
    act({"type": "overflow", "options": [OPTION | {"url": "https://a.example"}]}),
    ask({"type": "email_text_input", "initial_value": "a@b.example"}, optional=True, hint=TEXT),
    ask({"type": "url_text_input"}, dispatch_action=True),
    ask({"type": "number_input", "is_decimal_allowed": True, "min_value": "1.5"}),
    ask({"type": "rich_text_input", "initial_value": RICH}),
    ask({"type": "file_input", "filetypes": ["csv"], "max_files": 2}),
    RICH,
    rich(
        {"type": "link", "url": "https://a.example", "text": "a", "style": {"bold": True}},
        {"type": "user", "user_id": "U1"},
        {"type": "emoji", "name": "tada", "unicode": "1f389"},
        {"type": "broadcast", "range": "here"},
        {"type": "date", "timestamp": 1, "format": "{date}", "fallback": "f"},
        {"type": "color", "value": "#fff"},
        {"type": "usergroup", "usergroup_id": "S1"},
    ),
    {
        "type": "rich_text",
        "elements": [
            {"type": "rich_text_section", "elements": []},
            {
                "type": "rich_text_list",
                "style": "ordered",
                "indent": 1,
                "offset": 2,
                "border": 0,
                "elements": [],
            },
            {"type": "rich_text_quote", "elements": []},
            {"type": "rich_text_preformatted", "elements": [], "border": 1},
        ],
    },
    {"type": "table", "rows": [[RICH, {"type": "raw_number", "value": 1.5, "text": "1.5"}]]},
    {
        "type": "data_visualization",
        "title": "t",
        "chart": {"type": "pie", "segments": [{"label": "a", "value": 1}]},
    },
    {
        "type": "card",
        "title": MRKDWN,
        "hero_image": URL_IMAGE,
        "actions": [BUTTON],
        "slack_icon": {},
    },
    {"type": "container", "title": TEXT, "child_blocks": [SECTION], "width": "full"},
    {
        "type": "auth_provider",
        "value": "v",
        "name": TEXT,
        "is_connected": False,
        "auth_url": "https://a.example",
    },
]


@pytest.mark.parametrize("block", BLOCKS)
def test_a_documented_block_is_accepted_on_every_surface(block: Json) -> None:
    """Each with the fields that the reference names."""
    for surface in SURFACES:
        assert problems([block], surface) == []


MESSAGE_BLOCKS: list[Json] = [
    {"type": "markdown", "text": "# x"},
    {"type": "file", "external_id": "x", "source": "remote"},
    {"type": "call", "call_id": "R1"},
    {"type": "task_card", "task_id": "1", "title": "t", "status": "complete", "details": RICH},
    {
        "type": "plan",
        "title": "t",
        "tasks": [{"type": "task_card", "task_id": "1", "title": "t", "status": "pending"}],
    },
    {
        "type": "context_actions",
        "elements": [
            {
                "type": "feedback_buttons",
                "positive_button": {"text": TEXT, "value": "1"},
                "negative_button": {"text": TEXT, "value": "2", "accessibility_label": "a"},
            },
            {"type": "icon_button", "icon": "trash", "text": TEXT},
        ],
    },
]


@pytest.mark.parametrize("block", MESSAGE_BLOCKS)
def test_a_block_for_messages_is_accepted_there(block: Json) -> None:
    """And only there."""
    assert problems([block], "message") == []
    assert problems([block], "modal") == [
        f"unsupported type: {block['type']} [json-pointer:/blocks/0/type]"
    ]
