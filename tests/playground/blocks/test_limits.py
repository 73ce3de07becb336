"""Every limit of Slack's Block Kit reference: the last value accepted, the first one refused."""

from typing import Any

import pytest

from playground.blocks import problems, view_problems

Json = dict[str, Any]


def plain(length: int) -> Json:
    return {"type": "plain_text", "text": "x" * length}


def mrkdwn(length: int) -> Json:
    return {"type": "mrkdwn", "text": "x" * length}


def option(text: int = 1, value: int = 1, **more: Any) -> Json:
    return {"text": plain(text), "value": "v" * value, **more}


def options(count: int) -> list[Json]:
    return [{"text": plain(1), "value": str(number)} for number in range(count)]


def button(**more: Any) -> Json:
    return {"type": "button", "text": plain(1), **more}


def section(**more: Any) -> Json:
    return {"type": "section", "text": plain(1), **more}


def actions(*elements: Json) -> Json:
    return {"type": "actions", "elements": list(elements)}


def input_block(element: Json, **more: Any) -> Json:
    return {"type": "input", "label": plain(1), "element": element, **more}


def confirm(**more: Any) -> Json:
    texts = {name: plain(1) for name in ("title", "text", "confirm", "deny")}
    return actions(button(confirm=texts | more))


def video(**more: Any) -> Json:
    fields = {"alt_text": "a", "title": plain(1), "thumbnail_url": "u", "video_url": "v"}
    return {"type": "video", **fields, **more}


def image(**more: Any) -> Json:
    return {"type": "image", "alt_text": "a", "image_url": "https://a.example/b.png", **more}


def less(length: int) -> str:
    return f"must be less than {length + 1} characters"


def more_than(count: int) -> str:
    return f"no more than {count} items allowed"


TEXTS = [
    (3000, lambda n: section(text=mrkdwn(n)), "/text/text"),
    (3000, lambda n: section(text=plain(n)), "/text/text"),
    (2000, lambda n: section(fields=[plain(1), mrkdwn(n)]), "/fields/1/text"),
    (255, lambda n: section(block_id="b" * n), "/block_id"),
    (150, lambda n: {"type": "header", "text": plain(n)}, "/text/text"),
    (75, lambda n: actions(button(text=plain(n))), "/elements/0/text/text"),
    (2000, lambda n: actions(button(value="v" * n)), "/elements/0/value"),
    (255, lambda n: actions(button(action_id="a" * n)), "/elements/0/action_id"),
    (3000, lambda n: actions(button(url="u" * n)), "/elements/0/url"),
    (75, lambda n: actions(button(accessibility_label="a" * n)), "/elements/0/accessibility_label"),
    (100, lambda n: confirm(title=plain(n)), "/elements/0/confirm/title/text"),
    (300, lambda n: confirm(text=mrkdwn(n)), "/elements/0/confirm/text/text"),
    (30, lambda n: confirm(confirm=plain(n)), "/elements/0/confirm/confirm/text"),
    (30, lambda n: confirm(deny=plain(n)), "/elements/0/confirm/deny/text"),
    (
        75,
        lambda n: section(accessory={"type": "static_select", "options": [option(text=n)]}),
        "/accessory/options/0/text/text",
    ),
    (
        150,
        lambda n: section(accessory={"type": "static_select", "options": [option(value=n)]}),
        "/accessory/options/0/value",
    ),
    (
        75,
        lambda n: section(
            accessory={"type": "radio_buttons", "options": [option(description=plain(n))]}
        ),
        "/accessory/options/0/description/text",
    ),
    (
        150,
        lambda n: section(accessory={"type": "users_select", "placeholder": plain(n)}),
        "/accessory/placeholder/text",
    ),
    (
        75,
        lambda n: section(
            accessory={
                "type": "static_select",
                "option_groups": [{"label": plain(n), "options": options(1)}],
            }
        ),
        "/accessory/option_groups/0/label/text",
    ),
    (
        3000,
        lambda n: section(accessory={"type": "overflow", "options": [option(url="u" * n)]}),
        "/accessory/options/0/url",
    ),
    (2000, lambda n: image(alt_text="a" * n), "/alt_text"),
    (3000, lambda n: image(image_url="u" * n), "/image_url"),
    (2000, lambda n: image(title=plain(n)), "/title/text"),
    (2000, lambda n: input_block({"type": "plain_text_input"}, label=plain(n)), "/label/text"),
    (2000, lambda n: input_block({"type": "plain_text_input"}, hint=plain(n)), "/hint/text"),
    (
        3000,
        lambda n: input_block({"type": "plain_text_input", "initial_value": "x" * n}),
        "/element/initial_value",
    ),
    (12_000, lambda n: {"type": "markdown", "text": "x" * n}, "/text"),
    (199, lambda n: video(title=plain(n)), "/title/text"),
    (49, lambda n: video(author_name="a" * n), "/author_name"),
    (150, lambda n: {"type": "card", "title": plain(n)}, "/title/text"),
    (150, lambda n: {"type": "card", "title": plain(1), "subtitle": plain(n)}, "/subtitle/text"),
    (200, lambda n: {"type": "card", "body": mrkdwn(n)}, "/body/text"),
    (
        150,
        lambda n: {"type": "container", "title": plain(n), "child_blocks": [section()]},
        "/title/text",
    ),
]

COUNTS = [
    (10, lambda n: section(fields=[plain(1)] * n), "/fields"),
    (25, lambda n: actions(*[button()] * n), "/elements"),
    (10, lambda n: {"type": "context", "elements": [plain(1)] * n}, "/elements"),
    (
        5,
        lambda n: {
            "type": "context_actions",
            "elements": [{"type": "icon_button", "icon": "trash", "text": plain(1)}] * n,
        },
        "/elements",
    ),
    (
        100,
        lambda n: actions({"type": "static_select", "options": options(n)}),
        "/elements/0/options",
    ),
    (
        100,
        lambda n: actions(
            {
                "type": "multi_static_select",
                "option_groups": [{"label": plain(1), "options": options(1)}] * n,
            }
        ),
        "/elements/0/option_groups",
    ),
    (5, lambda n: actions({"type": "overflow", "options": options(n)}), "/elements/0/options"),
    (10, lambda n: actions({"type": "checkboxes", "options": options(n)}), "/elements/0/options"),
    (
        10,
        lambda n: actions({"type": "radio_buttons", "options": options(n)}),
        "/elements/0/options",
    ),
    (100, lambda n: {"type": "table", "rows": [[{"type": "raw_text", "text": "x"}]] * n}, "/rows"),
    (20, lambda n: {"type": "table", "rows": [[{"type": "raw_text", "text": "x"}] * n]}, "/rows/0"),
    (
        20,
        lambda n: {
            "type": "table",
            "rows": [[{"type": "raw_text", "text": "x"}]],
            "column_settings": [None] * n,
        },
        "/column_settings",
    ),
    (
        10,
        lambda n: {"type": "carousel", "elements": [{"type": "card", "title": plain(1)}] * n},
        "/elements",
    ),
    (
        10,
        lambda n: {"type": "container", "title": plain(1), "child_blocks": [section()] * n},
        "/child_blocks",
    ),
]


@pytest.mark.parametrize(("limit", "block", "place"), TEXTS)
def test_a_text_at_its_limit_passes_and_one_more_character_does_not(
    limit: int, block: Any, place: str
) -> None:
    """The error names the limit and points at the text."""
    assert problems([block(limit)], "message") == []
    assert problems([block(limit + 1)], "message") == [
        f"{less(limit)} [json-pointer:/blocks/0{place}]"
    ]


@pytest.mark.parametrize(("limit", "block", "place"), COUNTS)
def test_a_list_at_its_limit_passes_and_one_more_item_does_not(
    limit: int, block: Any, place: str
) -> None:
    """The error names the limit and points at the list."""
    assert problems([block(limit)], "message") == []
    assert problems([block(limit + 1)], "message") == [
        f"{more_than(limit)} [json-pointer:/blocks/0{place}]"
    ]


@pytest.mark.parametrize(("surface", "limit"), [("message", 50), ("modal", 100), ("home", 100)])
def test_a_surface_holds_so_many_blocks(surface: Any, limit: int) -> None:
    """Fifty blocks in a message, a hundred in a modal and on Home."""
    divider = {"type": "divider"}
    assert problems([divider] * limit, surface) == []
    refused = problems([divider] * (limit + 1), surface)
    assert refused == [f"{more_than(limit)} [json-pointer:/blocks]"]


def test_markdown_is_counted_over_the_whole_message() -> None:
    """Two blocks within the limit may break it together."""
    half = {"type": "markdown", "text": "x" * 6000}
    assert problems([half, half], "message") == []
    refused = problems([half, half, {"type": "markdown", "text": "x"}], "message")
    assert refused == ["markdown must be less than 12001 characters in all [json-pointer:/blocks]"]


VIEW_TEXTS = [
    (24, lambda n: {"title": plain(n)}, "/title/text"),
    (24, lambda n: {"submit": plain(n)}, "/submit/text"),
    (24, lambda n: {"close": plain(n)}, "/close/text"),
    (3000, lambda n: {"private_metadata": "m" * n}, "/private_metadata"),
    (255, lambda n: {"callback_id": "c" * n}, "/callback_id"),
    (255, lambda n: {"external_id": "e" * n}, "/external_id"),
]


@pytest.mark.parametrize(("limit", "fields", "place"), VIEW_TEXTS)
def test_a_view_text_at_its_limit_passes_and_one_more_character_does_not(
    limit: int, fields: Any, place: str
) -> None:
    """Pointers into a view begin with /view."""
    view = {"type": "modal", "title": plain(1), "blocks": []}
    assert view_problems(view | fields(limit)) == []
    assert view_problems(view | fields(limit + 1)) == [f"{less(limit)} [json-pointer:/view{place}]"]


def test_text_may_not_be_empty() -> None:
    """An empty text object is refused wherever it stands."""
    said = "must be more than 0 characters [json-pointer:/blocks/0/text/text]"
    assert problems([section(text=plain(0))], "message") == [said]
    assert problems([{"type": "header", "text": plain(0)}], "message") == [said]


NUMBERS = [
    (
        {"type": "plain_text_input", "min_length": 3000},
        {"type": "plain_text_input", "min_length": 3001},
    ),
    ({"type": "plain_text_input", "max_length": 1}, {"type": "plain_text_input", "max_length": 0}),
    ({"type": "file_input", "max_files": 10}, {"type": "file_input", "max_files": 11}),
    ({"type": "file_input", "max_files": 1}, {"type": "file_input", "max_files": 0}),
    (
        {"type": "multi_users_select", "max_selected_items": 1},
        {"type": "multi_users_select", "max_selected_items": 0},
    ),
    (
        {"type": "datetimepicker", "initial_date_time": 1_000_000_000},
        {"type": "datetimepicker", "initial_date_time": 999_999_999},
    ),
    (
        {"type": "datepicker", "initial_date": "2026-02-28"},
        {"type": "datepicker", "initial_date": "2026-02-30"},
    ),
    (
        {"type": "timepicker", "initial_time": "23:59"},
        {"type": "timepicker", "initial_time": "24:00"},
    ),
    (
        {"type": "plain_text_input", "min_length": 2, "max_length": 2},
        {"type": "plain_text_input", "min_length": 3, "max_length": 2},
    ),
    (
        {"type": "number_input", "is_decimal_allowed": True, "min_value": "1", "max_value": "1.0"},
        {"type": "number_input", "is_decimal_allowed": True, "min_value": "1.1", "max_value": "1"},
    ),
    (
        {"type": "number_input", "is_decimal_allowed": False, "initial_value": "-3"},
        {"type": "number_input", "is_decimal_allowed": False, "initial_value": "three"},
    ),
]


@pytest.mark.parametrize(("accepted", "refused"), NUMBERS)
def test_numbers_dates_and_times_have_ranges_and_forms(accepted: Json, refused: Json) -> None:
    """One error for the first value beyond the range or out of form."""
    assert problems([input_block(accepted)], "modal") == []
    assert len(problems([input_block(refused)], "modal")) == 1
