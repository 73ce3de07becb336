"""Rules across blocks, and those of views."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.blocks import problems, view_problems
from playground.blocks.layout import Surface

Json = dict[str, Any]
TEXT: Json = {"type": "plain_text", "text": "t"}
SECTION: Json = {"type": "section", "text": TEXT}
BUTTON: Json = {"type": "button", "text": TEXT}
URL_IMAGE: Json = {"type": "image", "alt_text": "a", "image_url": "https://a.example/b.png"}


def act(element: Json) -> Json:
    return {"type": "actions", "elements": [element]}


def ask(element: Json, **more: Any) -> Json:
    return {"type": "input", "label": TEXT, "element": element, **more}


def test_blocks_must_be_a_list() -> None:
    """Anything else is no list of blocks."""
    values: tuple[object, ...] = (None, "x", {}, 7)
    for value in values:
        assert problems(value, "message") == ["must provide an array [json-pointer:/blocks]"]


def test_block_ids_are_unique_in_a_message() -> None:
    """The second block of the same id is refused."""
    found = problems([SECTION | {"block_id": "b"}, SECTION | {"block_id": "b"}], "message")
    assert found == ['block_id "b" already exists [json-pointer:/blocks/1/block_id]']


def test_action_ids_are_unique_within_a_block_only() -> None:
    """Two buttons of one block may not share an id, buttons of two blocks may."""
    one = BUTTON | {"action_id": "a"}
    assert problems([act(one), act(one)], "message") == []
    found = problems([{"type": "actions", "elements": [one, one]}], "message")
    assert found == ['action_id "a" already exists [json-pointer:/blocks/0/elements/1/action_id]']


def test_one_element_has_the_focus() -> None:
    """The second one that asks for it is refused."""
    asking = ask({"type": "plain_text_input", "focus_on_load": True})
    assert problems([asking], "modal") == []
    found = problems([asking, asking], "modal")
    assert found == [
        "only one element may have the focus [json-pointer:/blocks/1/element/focus_on_load]"
    ]


def test_a_message_has_one_table() -> None:
    """Slack refuses the second."""
    table = {"type": "table", "rows": [[{"type": "raw_text", "text": "x"}]]}
    assert problems([table, table], "message") == [
        "only_one_table_allowed [json-pointer:/blocks/1]"
    ]


@pytest.mark.parametrize(
    ("kind", "elsewhere"),
    [
        ("alert", ("message", "home")),
        ("markdown", ("modal", "home")),
        ("context_actions", ("modal", "home")),
        ("file", ("modal", "home")),
        ("task_card", ("modal", "home")),
        ("plan", ("modal", "home")),
    ],
)
def test_some_blocks_stand_on_some_surfaces_only(kind: str, elsewhere: tuple[Surface, ...]) -> None:
    """An alert in modals, what is made for agents in messages."""
    for surface in elsewhere:
        found = problems([{"type": kind}], surface)
        assert found == [f"unsupported type: {kind} [json-pointer:/blocks/0/type]"]


def test_a_file_is_named_by_its_id_or_by_its_address() -> None:
    """Never by both."""
    image = {"type": "image", "alt_text": "a"}
    url = "https://a.example"
    assert (
        problems(
            [image | {"slack_file": {"id": "F1"}}, image | {"slack_file": {"url": url}}], "home"
        )
        == []
    )
    assert problems([image | {"slack_file": {"id": "F1", "url": url}}], "home") == [
        "must define either `id` or `url` [json-pointer:/blocks/0/slack_file]"
    ]


def test_a_modal_with_a_question_needs_a_submit_button() -> None:
    """And a title; a Home has neither."""
    view = {"type": "modal", "title": TEXT, "blocks": [ask({"type": "plain_text_input"})]}
    assert view_problems(view) == ["missing required field: submit [json-pointer:/view]"]
    assert view_problems(view | {"submit": TEXT}) == []
    assert view_problems({"type": "modal", "blocks": []}) == [
        "missing required field: title [json-pointer:/view]"
    ]
    assert view_problems({"type": "home", "blocks": [], "submit": TEXT}) == [
        "invalid additional property: submit [json-pointer:/view]"
    ]
    assert view_problems({"type": "home", "blocks": []}) == []


def test_a_view_that_was_fetched_cannot_be_sent_back_whole() -> None:
    """Slack refuses the fields it added itself."""
    view = {"type": "modal", "title": TEXT, "blocks": [], "hash": "1", "id": "V1"}
    assert view_problems(view) == [
        "invalid additional property: hash [json-pointer:/view]",
        "invalid additional property: id [json-pointer:/view]",
    ]
    assert view_problems({"type": "panel", "blocks": []}) == [
        "unsupported type: panel [json-pointer:/view/type]"
    ]


def test_pointers_of_a_view_lead_through_its_blocks() -> None:
    """A block's error inside a view begins with /view/blocks."""
    view = {"type": "home", "blocks": [{"type": "divider"}, {"type": "section"}]}
    assert view_problems(view) == [
        "must define either `text` or `fields` [json-pointer:/view/blocks/1]"
    ]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    "type",
                    "text",
                    "elements",
                    "fields",
                    "accessory",
                    "options",
                    "rows",
                    "blocks",
                    "value",
                ]
            ),
            inner
            | st.sampled_from(["section", "actions", "plain_text", "table", "rich_text", "modal"]),
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(JSON)
def test_whatever_is_sent_the_validator_answers(value: object) -> None:
    """It never raises, and every sentence ends with a pointer."""
    for said in (*problems(value, "message"), *problems(value, "modal"), *view_problems(value)):
        assert "[json-pointer:/" in said
