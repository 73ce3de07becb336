"""The shape rules of Slack's Block Kit reference, each broken once."""

from typing import Any

import pytest

from playground.blocks import problems

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
HEADING: Json = {"type": "raw_text", "text": "h"}


def act(element: Json) -> Json:
    return {"type": "actions", "elements": [element]}


def ask(element: Json, **more: Any) -> Json:
    return {"type": "input", "label": TEXT, "element": element, **more}


def rich(*parts: Json) -> Json:
    return {
        "type": "rich_text",
        "elements": [{"type": "rich_text_section", "elements": list(parts)}],
    }


REFUSED = [
    ("message", {"type": "bogus"}, "unsupported type: bogus", "/type"),
    ("message", {}, "missing required field: type", ""),
    ("message", {"type": 7}, "unsupported type: 7", "/type"),
    ("message", "text", "must provide an object", ""),
    ("message", {"type": "section"}, "must define either `text` or `fields`", ""),
    ("message", {"type": "section", "text": "t"}, "failed to match all allowed schemas", "/text"),
    (
        "message",
        {"type": "section", "text": {"type": "html", "text": "t"}},
        "failed to match all allowed schemas",
        "/text",
    ),
    (
        "message",
        {"type": "section", "text": MRKDWN | {"emoji": True}},
        "invalid additional property: emoji",
        "/text",
    ),
    (
        "message",
        {"type": "section", "text": {"type": "plain_text"}},
        "missing required field: text",
        "/text",
    ),
    (
        "message",
        {"type": "section", "text": TEXT | {"text": 5}},
        "must provide a string",
        "/text/text",
    ),
    ("message", SECTION | {"color": "red"}, "invalid additional property: color", ""),
    ("message", SECTION | {"expand": "yes"}, "must provide a boolean", "/expand"),
    ("message", SECTION | {"block_id": 5}, "must provide a string", "/block_id"),
    (
        "message",
        SECTION | {"accessory": {"type": "datetimepicker"}},
        "unsupported type: datetimepicker",
        "/accessory/type",
    ),
    (
        "message",
        {"type": "header", "text": MRKDWN},
        "unsupported type: mrkdwn",
        "/text/type",
    ),
    ("message", {"type": "header"}, "missing required field: text", ""),
    ("message", {"type": "actions"}, "missing required field: elements", ""),
    (
        "message",
        {"type": "actions", "elements": []},
        "no fewer than 1 items allowed",
        "/elements",
    ),
    ("message", {"type": "actions", "elements": {}}, "must provide an array", "/elements"),
    ("message", act(URL_IMAGE), "unsupported type: image", "/elements/0/type"),
    ("message", act({"type": "button"}), "missing required field: text", "/elements/0"),
    (
        "message",
        act(BUTTON | {"disabled": True}),
        "invalid additional property: disabled",
        "/elements/0",
    ),
    ("message", act(BUTTON | {"style": "blue"}), "must be a valid enum value", "/elements/0/style"),
    ("message", act(BUTTON | {"value": 5}), "must provide a string", "/elements/0/value"),
    (
        "message",
        act(BUTTON | {"confirm": {"title": TEXT, "text": TEXT, "confirm": TEXT}}),
        "missing required field: deny",
        "/elements/0/confirm",
    ),
    (
        "message",
        act({"type": "static_select"}),
        "must define either `options` or `option_groups`",
        "/elements/0",
    ),
    (
        "message",
        act(
            {
                "type": "static_select",
                "options": [OPTION],
                "option_groups": [{"label": TEXT, "options": [OPTION]}],
            }
        ),
        "must define either `options` or `option_groups`",
        "/elements/0",
    ),
    (
        "message",
        act({"type": "static_select", "options": [OPTION], "initial_option": OTHER}),
        "must match one of the options",
        "/elements/0/initial_option",
    ),
    (
        "message",
        act({"type": "checkboxes", "options": [OPTION], "initial_options": [OPTION, OTHER]}),
        "must match one of the options",
        "/elements/0/initial_options/1",
    ),
    (
        "message",
        act(
            {
                "type": "multi_static_select",
                "options": [OPTION, OTHER],
                "initial_options": [OPTION, OTHER],
                "max_selected_items": 1,
            }
        ),
        "no more than 1 items allowed",
        "/elements/0/initial_options",
    ),
    (
        "message",
        act({"type": "static_select", "options": [OPTION | {"url": "https://a.example"}]}),
        "invalid additional property: url",
        "/elements/0/options/0",
    ),
    (
        "message",
        act({"type": "static_select", "options": [{"text": MRKDWN, "value": "1"}]}),
        "unsupported type: mrkdwn",
        "/elements/0/options/0/text/type",
    ),
    (
        "message",
        act({"type": "overflow", "options": []}),
        "no fewer than 1 items allowed",
        "/elements/0/options",
    ),
    ("message", act({"type": "overflow"}), "missing required field: options", "/elements/0"),
    (
        "message",
        act({"type": "conversations_select", "filter": {"include": ["dm"]}}),
        "must be a valid enum value",
        "/elements/0/filter/include/0",
    ),
    (
        "message",
        act({"type": "conversations_select", "filter": {"include": []}}),
        "no fewer than 1 items allowed",
        "/elements/0/filter/include",
    ),
    (
        "message",
        act({"type": "workflow_button", "text": TEXT, "workflow": {}}),
        "missing required field: trigger",
        "/elements/0/workflow",
    ),
    (
        "message",
        {"type": "context", "elements": [BUTTON]},
        "unsupported type: button",
        "/elements/0/type",
    ),
    (
        "message",
        {"type": "context", "elements": []},
        "no fewer than 1 items allowed",
        "/elements",
    ),
    (
        "message",
        {"type": "context_actions", "elements": [BUTTON]},
        "unsupported type: button",
        "/elements/0/type",
    ),
    (
        "message",
        {
            "type": "context_actions",
            "elements": [
                {"type": "feedback_buttons", "positive_button": {"text": TEXT, "value": "1"}}
            ],
        },
        "missing required field: negative_button",
        "/elements/0",
    ),
    (
        "message",
        {"type": "image", "alt_text": "a"},
        "must define either `image_url` or `slack_file`",
        "",
    ),
    (
        "message",
        URL_IMAGE | {"slack_file": {"id": "F1"}},
        "must define either `image_url` or `slack_file`",
        "",
    ),
    (
        "message",
        {"type": "image", "alt_text": "a", "slack_file": {}},
        "must define either `id` or `url`",
        "/slack_file",
    ),
    (
        "message",
        {"type": "image", "image_url": "https://a.example"},
        "missing required field: alt_text",
        "",
    ),
    ("modal", ask({"type": "button", "text": TEXT}), "unsupported type: button", "/element/type"),
    (
        "modal",
        {"type": "input", "element": {"type": "plain_text_input"}},
        "missing required field: label",
        "",
    ),
    ("modal", {"type": "input", "label": TEXT}, "missing required field: element", ""),
    (
        "modal",
        ask({"type": "number_input"}),
        "missing required field: is_decimal_allowed",
        "/element",
    ),
    (
        "modal",
        ask(
            {
                "type": "plain_text_input",
                "dispatch_action_config": {"trigger_actions_on": ["on_blur"]},
            }
        ),
        "must be a valid enum value",
        "/element/dispatch_action_config/trigger_actions_on/0",
    ),
    (
        "message",
        rich({"type": "text", "text": ""}),
        "must be more than 0 characters",
        "/elements/0/elements/0/text",
    ),
    (
        "message",
        rich({"type": "blink", "text": "x"}),
        "unsupported type: blink",
        "/elements/0/elements/0/type",
    ),
    (
        "message",
        rich({"type": "text", "text": "x", "style": {"loud": True}}),
        "invalid additional property: loud",
        "/elements/0/elements/0/style",
    ),
    (
        "message",
        rich({"type": "user"}),
        "missing required field: user_id",
        "/elements/0/elements/0",
    ),
    (
        "message",
        {"type": "rich_text", "elements": [{"type": "rich_text_list", "elements": []}]},
        "missing required field: style",
        "/elements/0",
    ),
    (
        "message",
        {"type": "rich_text", "elements": [SECTION]},
        "unsupported type: section",
        "/elements/0/type",
    ),
    ("message", {"type": "table", "rows": []}, "no fewer than 1 items allowed", "/rows"),
    (
        "message",
        {"type": "table", "rows": [[TEXT]]},
        "unsupported type: plain_text",
        "/rows/0/0/type",
    ),
    (
        "message",
        {"type": "table", "rows": [[{"type": "raw_text", "text": ""}]]},
        "must be more than 0 characters",
        "/rows/0/0/text",
    ),
    (
        "message",
        {"type": "table", "rows": [[RICH]], "column_settings": [{"align": "top"}]},
        "must be a valid enum value",
        "/column_settings/0/align",
    ),
    (
        "message",
        {"type": "data_table", "caption": "c", "rows": [[RICH], [RICH]]},
        "unsupported type: rich_text",
        "/rows/0/0/type",
    ),
    (
        "message",
        {
            "type": "data_table",
            "caption": "c",
            "rows": [[HEADING], [HEADING, HEADING]],
        },
        "must have 1 items",
        "/rows/1",
    ),
    (
        "message",
        {"type": "video", "alt_text": "a", "title": TEXT, "video_url": "v"},
        "missing required field: thumbnail_url",
        "",
    ),
    ("message", {"type": "markdown"}, "missing required field: text", ""),
    (
        "modal",
        {"type": "alert", "text": TEXT, "level": "loud"},
        "must be a valid enum value",
        "/level",
    ),
    (
        "message",
        {"type": "card", "subtitle": TEXT},
        "must define either `hero_image` or `title` or `actions` or `body`",
        "",
    ),
    (
        "message",
        {"type": "carousel", "elements": [SECTION]},
        "unsupported type: section",
        "/elements/0/type",
    ),
    (
        "message",
        {"type": "container", "title": TEXT, "child_blocks": [{"type": "markdown", "text": "x"}]},
        "unsupported type: markdown",
        "/child_blocks/0/type",
    ),
    (
        "message",
        {"type": "container", "child_blocks": [SECTION]},
        "must define either `title` or `rich_text_title`",
        "",
    ),
    (
        "message",
        {"type": "task_card", "task_id": "1", "title": "t", "status": "lost"},
        "must be a valid enum value",
        "/status",
    ),
    (
        "message",
        {"type": "data_visualization", "title": "t", "chart": {"type": "donut"}},
        "unsupported type: donut",
        "/chart/type",
    ),
]


@pytest.mark.parametrize(("surface", "block", "sentence", "place"), REFUSED)
def test_a_block_of_the_wrong_shape_is_refused_at_the_right_place(
    surface: Any, block: Any, sentence: str, place: str
) -> None:
    """One error, in Slack's words, with the pointer to the value."""
    assert problems([block], surface) == [f"{sentence} [json-pointer:/blocks/0{place}]"]
