"""Blocks and elements as HTML with what the page needs to send a click."""

from typing import Any

import pytest

from playground.render import blocks_html, text_html, view_html

Json = dict[str, Any]
YES: Json = {"text": {"type": "plain_text", "text": "Yes"}, "value": "y"}
NO: Json = {"text": {"type": "plain_text", "text": "No"}, "value": "n"}
YES_DATA = "{&#34;text&#34;:{&#34;type&#34;:&#34;plain_text&#34;,&#34;text&#34;:&#34;Yes&#34;},&#34;value&#34;:&#34;y&#34;}"


class Directory:
    """Names are the ids in lower case."""

    def user_name(self, user_id: str) -> str:
        return user_id.lower()

    def channel_name(self, channel_id: str) -> str:
        return channel_id.lower()

    def group_name(self, group_id: str) -> str:
        return group_id.lower()


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def rendered(element: Json) -> str:
    block = {"type": "actions", "block_id": "b", "elements": [{"action_id": "a", **element}]}
    return blocks_html([block], Directory())


def question(element: Json, **more: Any) -> str:
    asked = {"action_id": "a", **element}
    block = {"type": "input", "block_id": "b", "label": plain("Why"), "element": asked, **more}
    return view_html({"type": "modal", "blocks": [block]}, Directory())


def test_a_button_carries_all_that_a_click_needs() -> None:
    """Ids, value, style, label and confirmation, in data attributes."""
    html = rendered(
        {
            "type": "button",
            "text": plain("Approve"),
            "value": "v1",
            "style": "primary",
            "accessibility_label": "Approve step 1",
            "confirm": {
                "title": plain("Sure?"),
                "text": plain("Really"),
                "confirm": plain("Go"),
                "deny": plain("Stay"),
            },
        }
    )
    for part in (
        'class="button primary"',
        'type="button"',
        'aria-label="Approve step 1"',
        'data-type="button"',
        'data-action-id="a"',
        'data-block-id="b"',
        'data-value="v1"',
        'data-confirm-title="Sure?"',
        'data-confirm-yes="Go"',
        'data-confirm-no="Stay"',
        ">Approve</button>",
    ):
        assert part in html


def test_a_button_with_an_address_is_a_link_that_can_be_clicked() -> None:
    """And one with an unsafe address is a button only."""
    linked = rendered({"type": "button", "text": plain("Open"), "url": "https://a.example"})
    assert '<a class="button"' in linked
    assert 'rel="noopener noreferrer"' in linked
    assert 'data-action-id="a"' in linked
    unsafe = rendered({"type": "button", "text": plain("Open"), "url": "javascript:x"})
    assert "javascript" not in unsafe
    assert "<button" in unsafe


CHOICES = [
    ("static_select", '<select class="control"'),
    ("multi_static_select", '<details class="multi"'),
    ("overflow", '<details class="overflow"'),
    ("checkboxes", 'type="checkbox"'),
    ("radio_buttons", 'type="radio"'),
]


@pytest.mark.parametrize(("kind", "control"), CHOICES)
def test_an_option_carries_itself(kind: str, control: str) -> None:
    """Slack sends a chosen option back whole, so the page finds it whole."""
    html = rendered({"type": kind, "options": [YES, NO], "initial_option": NO})
    assert control in html
    assert f'data-option="{YES_DATA}"' in html
    assert f'data-type="{kind}"' in html


@pytest.mark.parametrize("kind", ["static_select", "radio_buttons", "checkboxes"])
def test_what_is_chosen_before_is_chosen(kind: str) -> None:
    """One option is selected, the other is not."""
    html = rendered({"type": kind, "options": [YES, NO], "initial_options": [NO]})
    assert html.count(" selected") + html.count(" checked") == 1


def test_option_groups_have_labels() -> None:
    """In a select and in a list of several."""
    groups = [{"label": plain("Group"), "options": [YES]}]
    assert '<optgroup label="Group">' in rendered(
        {"type": "static_select", "option_groups": groups}
    )
    several = rendered({"type": "multi_static_select", "option_groups": groups})
    assert '<div class="group-label">Group</div>' in several


DIRECTORY = [
    ("users_select", "initial_user", "U1", "u1", "users"),
    ("channels_select", "initial_channel", "C1", "#c1", "channels"),
    ("conversations_select", "initial_conversation", "C1", "#c1", "conversations"),
    ("multi_users_select", "initial_users", ["U1"], "u1", "users"),
    ("multi_channels_select", "initial_channels", ["C1"], "#c1", "channels"),
    ("multi_conversations_select", "initial_conversations", ["U1"], "u1", "conversations"),
]


@pytest.mark.parametrize(("kind", "field", "initial", "label", "source"), DIRECTORY)
def test_menus_of_people_and_channels_name_their_source(
    kind: str, field: str, initial: Any, label: str, source: str
) -> None:
    """The page fills them; what was chosen before is there with its name."""
    html = rendered({"type": kind, field: initial})
    assert f'data-source="{source}"' in html
    assert label in html


INPUTS = [
    ({"type": "plain_text_input", "max_length": 9, "initial_value": "x"}, 'type="text" value="x"'),
    ({"type": "plain_text_input", "max_length": 9}, 'maxlength="9"'),
    ({"type": "plain_text_input", "multiline": True, "initial_value": "x"}, "\nx</textarea>"),
    ({"type": "email_text_input"}, 'type="email"'),
    ({"type": "url_text_input"}, 'type="url"'),
    ({"type": "number_input", "is_decimal_allowed": False, "min_value": "1"}, 'min="1" step="1"'),
    ({"type": "number_input", "is_decimal_allowed": True}, 'step="any"'),
    ({"type": "datepicker", "initial_date": "2026-01-31"}, 'type="date" value="2026-01-31"'),
    ({"type": "timepicker", "initial_time": "09:30"}, 'type="time" value="09:30"'),
    ({"type": "datetimepicker", "initial_date_time": 1_800_000_000}, 'data-epoch="1800000000"'),
    ({"type": "file_input", "filetypes": ["csv"], "max_files": 1}, 'accept=".csv" data-most="1"'),
    (
        {
            "type": "rich_text_input",
            "initial_value": {"elements": [{"elements": [{"type": "text", "text": "deep"}]}]},
        },
        "\ndeep</textarea>",
    ),
    ({"type": "external_select", "min_query_length": 2}, 'data-least="2"'),
    ({"type": "external_select"}, 'data-least="3"'),
]


@pytest.mark.parametrize(("element", "part"), INPUTS)
def test_an_input_is_a_native_field(element: Json, part: str) -> None:
    """With its bounds and its value, under its label."""
    html = question(element)
    assert part in html
    assert '<div class="label">Why</div>' in html
    assert 'role="alert" hidden' in html


def test_a_question_says_whether_it_is_optional_and_whether_it_reports_at_once() -> None:
    """In words for people and in attributes for the page."""
    element = {"type": "plain_text_input"}
    assert "(optional)" in question(element, optional=True)
    assert " data-optional" in question(element, optional=True)
    assert " data-dispatch" in question(element, dispatch_action=True)
    bare = question(element, hint=plain("Short"))
    assert "data-optional" not in bare
    assert "data-dispatch" not in bare
    assert '<div class="hint">Short</div>' in bare


BLOCKS = [
    ({"type": "header", "text": plain("Head")}, "<h3>Head</h3>"),
    ({"type": "divider"}, "<hr>"),
    ({"type": "section", "text": {"type": "mrkdwn", "text": "*b*"}}, "<b>b</b>"),
    ({"type": "section", "fields": [plain("f")]}, '<div class="fields"><div class="text">f</div>'),
    ({"type": "context", "elements": [plain("c")]}, '<span class="text">c</span>'),
    ({"type": "markdown", "text": "# H\n\n~~s~~"}, "<h1>H</h1>"),
    ({"type": "markdown", "text": "|a|\n|-:|\n|1|"}, '<td class="align-right">1</td>'),
    (
        {
            "type": "table",
            "rows": [[{"type": "raw_text", "text": "h"}], [{"type": "raw_text", "text": "c"}]],
        },
        '<tr><th scope="col">h</th></tr><tr><td>c</td></tr>',
    ),
    (
        {
            "type": "data_visualization",
            "title": "T",
            "chart": {"type": "pie", "segments": [{"label": "a", "value": 2}]},
        },
        '<meter value="2" min="0" max="2">',
    ),
    (
        {"type": "video", "title": plain("V"), "video_url": "https://a.example", "alt_text": "alt"},
        'title="alt">V</a>',
    ),
    ({"type": "file", "external_id": "X1", "source": "remote"}, "X1"),
    (
        {"type": "alert", "text": plain("Mind"), "level": "warning"},
        'class="alert warning" role="note"',
    ),
    ({"type": "card", "title": plain("C")}, '<div class="title">C</div>'),
    ({"type": "task_card", "title": "T", "status": "complete"}, 'aria-label="complete"'),
    (
        {"type": "plan", "title": "P", "tasks": [{"title": "T", "status": "error"}]},
        'class="task error"',
    ),
    (
        {
            "type": "container",
            "title": plain("C"),
            "is_collapsible": True,
            "child_blocks": [{"type": "divider"}],
        },
        "<details open><summary>C",
    ),
    (
        {"type": "image", "image_url": "https://a.example/p.png", "alt_text": "alt"},
        'data-image data-alt="alt"',
    ),
    ({"type": "image", "slack_file": {"id": "F1"}, "alt_text": "alt"}, 'data-file-id="F1"'),
    ({"type": "hologram"}, "Unsupported block: hologram"),
]


@pytest.mark.parametrize(("block", "part"), BLOCKS)
def test_a_block_shows_what_it_holds(block: Json, part: str) -> None:
    """Every block of the reference, and a word for those that are not in it."""
    assert part in blocks_html([block], Directory())


RICH = [
    (
        {"type": "text", "text": "a\nb", "style": {"bold": True, "code": True}},
        "<code><b>a<br>b</b></code>",
    ),
    ({"type": "user", "user_id": "U1"}, "@u1"),
    ({"type": "channel", "channel_id": "C1"}, "#c1"),
    ({"type": "usergroup", "usergroup_id": "S1"}, "@s1"),
    ({"type": "broadcast", "range": "here"}, "@here"),
    ({"type": "emoji", "name": "tada"}, "🎉"),
    ({"type": "link", "url": "https://a.example", "text": "l"}, 'href="https://a.example"'),
    ({"type": "date", "timestamp": 1, "format": "{date_num}", "fallback": "f"}, 'title="f"'),
    ({"type": "color", "value": "#fff"}, "<code>#fff</code>"),
]


@pytest.mark.parametrize(("part", "html"), RICH)
def test_rich_text_shows_its_parts(part: Json, html: str) -> None:
    """Each with its styles."""
    section = {"type": "rich_text_section", "elements": [part]}
    assert html in blocks_html([{"type": "rich_text", "elements": [section]}], Directory())


def test_rich_text_lists_keep_order_indent_and_first_number() -> None:
    """An ordered list that goes on after another one."""
    item = {"type": "rich_text_section", "elements": [{"type": "text", "text": "i"}]}
    entry = {
        "type": "rich_text_list",
        "style": "ordered",
        "indent": 1,
        "offset": 2,
        "elements": [item],
    }
    html = blocks_html([{"type": "rich_text", "elements": [entry]}], Directory())
    assert '<ol class="indent-1" start="3"><li>i</li></ol>' in html


def test_text_alone_is_one_piece_of_mrkdwn() -> None:
    """As in a message without blocks."""
    assert text_html("*b*", Directory()) == '<div class="text"><b>b</b></div>'
