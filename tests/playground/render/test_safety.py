"""Nothing in a message becomes a script, a handler, a style or a load, whatever it is."""

from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playground.render import blocks_html, markdown_html, text_html, view_html

ALLOWED = {
    *("a", "article", "b", "blockquote", "br", "button", "caption", "code", "details", "div", "em"),
    *("figcaption", "figure", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "input", "label"),
    *("li", "meter", "ol", "optgroup", "option", "p", "pre", "s", "select", "small", "span"),
    *("strong", "summary", "table", "tbody", "td", "textarea", "th", "thead", "time", "tr", "ul"),
}
VOID = {"br", "hr", "input"}
SAFE_LINKS = ("http://", "https://", "mailto:")


class Directory:
    """A workspace whose names are hostile too."""

    def user_name(self, user_id: str) -> str:
        return f'"><script>{user_id}</script>'

    def channel_name(self, channel_id: str) -> str:
        return f"'><img src=x onerror={channel_id}>"

    def group_name(self, group_id: str) -> str:
        return f"<b>{group_id}"


class Reader(HTMLParser):
    """Reads HTML and notes all that could do harm, or is not closed."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.harm: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ALLOWED:
            self.harm.append(f"element {tag}")
        if tag not in VOID:
            self.open.append(tag)
        for name, value in attrs:
            self._attribute(tag, name, value or "")

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.harm.append(f"unbalanced {tag}")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_comment(self, data: str) -> None:
        self.harm.append(f"comment {data}")

    def handle_decl(self, decl: str) -> None:
        self.harm.append(f"declaration {decl}")

    def handle_pi(self, data: str) -> None:
        self.harm.append(f"instruction {data}")

    def _attribute(self, tag: str, name: str, value: str) -> None:
        if name.startswith("on") or name in ("style", "src", "srcset", "id", "srcdoc", "action"):
            self.harm.append(f"attribute {name}")
        if name == "href" and not value.lower().startswith(SAFE_LINKS):
            self.harm.append(f"link {value}")
        if tag == "a" and name == "rel" and value != "noopener noreferrer":
            self.harm.append(f"rel {value}")


def harm_in(html: str) -> list[str]:
    reader = Reader()
    reader.feed(html)
    reader.close()
    return reader.harm + [f"open {tag}" for tag in reader.open]


HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "' onmouseover='alert(1)",
    "<javascript:alert(1)|click>",
    "<JaVaScRiPt:alert(1)>",
    "<data:text/html,<script>alert(1)</script>|x>",
    "<vbscript:x|y>",
    '<https://a.example" onclick="alert(1)|x>',
    "<https://a.example|<b onclick=alert(1)>x</b>>",
    '<@U1"><script>>',
    '<#C1|"><script>alert(1)</script>>',
    "<!date^1^{date}^javascript:alert(1)|x>",
    "<!date^99999999999999999999^{date}|x>",
    "<!subteam^S1|<script>>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&amp;lt;script&amp;gt;",
    "```<script>alert(1)</script>```",
    "`<img src=x>`",
    "*_~`*_~`*_~",
    "*a _b* c_",
    "[x](javascript:alert(1))",
    "[x]() [![y]()]()",
    "[x](JAVASCRIPT:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "![x](https://a.example/x.png)",
    "![x](data:image/svg+xml;base64,AAAA)",
    "<https://a.example/\u202e|x>",
    "[x]: javascript:alert(1)\n\n[x]",
    "<style>*{display:none}</style>",
    "|a|\n|:-|\n|<script>|",
    "```html\n<script>\n```",
    '``` "onload=alert(1)\nx\n```',
    "<https://a.example/\ue0000\ue001|\ue0001\ue001>",
    "\ue0000\ue001\ue00099\ue001",
    "java\nscript:alert(1)",
    'https://a.example/"onclick=alert(1)',
    "<!--",
    "<![CDATA[x]]>",
    "<?php x ?>",
    "</div></body><script>",
    "\x00<script\x00>",
]


def everywhere(text: str) -> list[dict[str, Any]]:
    """A block of every kind with the text in every place that holds one."""
    plain = {"type": "plain_text", "text": text}
    mrkdwn = {"type": "mrkdwn", "text": text}
    option = {"text": plain, "value": text, "description": mrkdwn, "url": text}
    ids = {"action_id": text, "placeholder": plain, "initial_value": text}
    confirm = {"title": plain, "text": mrkdwn, "confirm": plain, "deny": plain, "style": text}
    image = {"type": "image", "alt_text": text, "image_url": text, "title": plain}
    kinds = (
        *("button", "workflow_button", "icon_button", "overflow", "static_select", "checkboxes"),
        *("multi_static_select", "external_select", "multi_external_select", "users_select"),
        *("channels_select", "conversations_select", "multi_users_select", "radio_buttons"),
        *("multi_channels_select", "multi_conversations_select", "datepicker", "timepicker"),
        *("datetimepicker", "plain_text_input", "email_text_input", "url_text_input"),
        *("number_input", "rich_text_input", "file_input", "image", "feedback_buttons", text),
    )
    elements = [
        {
            "type": kind,
            "text": plain,
            "value": text,
            "url": text,
            "icon": text,
            "style": text,
            "alt_text": text,
            "image_url": text,
            "options": [option],
            "initial_option": option,
            "initial_options": [option],
            "initial_user": text,
            "initial_users": [text],
            "initial_channel": text,
            "initial_conversations": [text],
            "initial_date": text,
            "initial_time": text,
            "initial_date_time": text,
            "min_value": text,
            "filetypes": [text],
            "filter": {"include": [text]},
            "accessibility_label": text,
            "visible_to_user_ids": [text],
            "dispatch_action_config": {"trigger_actions_on": [text]},
            "positive_button": {"text": plain, "value": text},
            "negative_button": {"text": plain, "value": text},
            "confirm": confirm,
            **ids,
        }
        for kind in kinds
    ]
    parts = [
        {
            "type": kind,
            "text": text,
            "url": text,
            "user_id": text,
            "channel_id": text,
            "usergroup_id": text,
            "team_id": text,
            "name": text,
            "range": text,
            "value": text,
            "format": text,
            "fallback": text,
            "timestamp": 1,
            "style": {"bold": True, "code": True},
        }
        for kind in (
            "text",
            "link",
            "user",
            "channel",
            "usergroup",
            "team",
            "emoji",
            "broadcast",
            "color",
            "date",
            text,
        )
    ]
    rich = {
        "type": "rich_text",
        "elements": [
            {"type": kind, "elements": parts, "style": text}
            for kind in ("rich_text_section", "rich_text_quote", "rich_text_preformatted")
        ]
        + [{"type": "rich_text_list", "elements": [{"elements": parts}], "style": "ordered"}],
    }
    task = {
        "type": "task_card",
        "title": text,
        "status": text,
        "details": rich,
        "sources": [{"url": text, "text": text}],
    }
    cell = {"type": "raw_text", "text": text}
    kinds_of_block = (
        *("section", "header", "divider", "image", "actions", "context", "context_actions"),
        *("input", "rich_text", "markdown", "table", "data_table", "data_visualization", "video"),
        *("file", "call", "alert", "card", "carousel", "container", "task_card", "plan"),
        *("auth_provider", text),
    )
    return [
        {
            "type": kind,
            "block_id": text,
            "text": text if kind == "markdown" else mrkdwn,
            "fields": [mrkdwn, plain],
            "accessory": elements[0],
            "elements": rich["elements"] if kind == "rich_text" else [*elements, plain, mrkdwn],
            "element": elements[0],
            "label": plain,
            "hint": mrkdwn,
            "title": text if kind in ("task_card", "plan", "data_visualization") else mrkdwn,
            "subtitle": mrkdwn,
            "body": mrkdwn,
            "caption": text,
            "rows": [[cell, rich], [cell, {"type": "raw_number", "value": 1, "text": text}]],
            "column_settings": [{"align": text}],
            "chart": {"type": "pie", "segments": [{"label": text, "value": 1}]},
            "tasks": [task],
            "child_blocks": [{"type": "section", "text": mrkdwn}],
            "is_collapsible": True,
            "level": text,
            "hero_image": image,
            "image_url": text,
            "alt_text": text,
            "title_url": text,
            "video_url": text,
            "provider_name": text,
            "external_id": text,
            "call_id": text,
            "name": plain,
            "auth_url": text,
            "actions": elements,
            "status": text,
        }
        for kind in kinds_of_block
    ]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_does_no_harm_in_any_place(text: str) -> None:
    """In every field of every block and element, in plain text, in mrkdwn and in Markdown."""
    directory = Directory()
    assert harm_in(blocks_html(everywhere(text), directory)) == []
    assert harm_in(text_html(text, directory)) == []
    assert harm_in(str(markdown_html(text))) == []


SYNTAX = st.sampled_from(
    [
        *"*_~`<>|&:\"'()[]!#-\n\\ \ue000\ue001",
        "```",
        "&lt;",
        "&gt;",
        "&amp;",
        "http://",
        "javascript:",
    ]
)
TEXTS = st.lists(SYNTAX | st.text(max_size=6) | st.sampled_from(HOSTILE), max_size=24).map("".join)


@settings(max_examples=300)
@given(TEXTS)
def test_no_text_does_harm(text: str) -> None:
    """However the signs of three notations are mixed."""
    directory = Directory()
    assert harm_in(text_html(text, directory)) == []
    assert harm_in(str(markdown_html(text))) == []


KEYS = sorted(
    {key for block in everywhere("x") for key in block} | {"value", "options", "url", "type"}
)
KINDS = sorted({str(block["type"]) for block in everywhere("x")})
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(KEYS), inner | st.sampled_from(KINDS), max_size=6)
    ),
    max_leaves=16,
)


@settings(max_examples=200)
@given(st.lists(JSON, max_size=3), st.sampled_from(KINDS))
def test_no_blocks_do_harm_or_stop_the_renderer(values: list[Any], kind: str) -> None:
    """Whatever JSON stands where blocks should."""
    blocks = [value | {"type": kind} if isinstance(value, dict) else value for value in values]
    assert harm_in(blocks_html(blocks, Directory())) == []
    assert harm_in(view_html({"blocks": blocks}, Directory())) == []


@settings(max_examples=25)
@given(TEXTS)
def test_no_text_does_harm_in_any_field(text: str) -> None:
    """Every place of every block, with generated text."""
    assert harm_in(blocks_html(everywhere(text), Directory())) == []


def test_what_is_not_blocks_renders_as_nothing() -> None:
    """No list, no view: no HTML."""
    directory = Directory()
    assert blocks_html(None, directory) == ""
    assert blocks_html("x", directory) == ""
    assert view_html(None, directory) == ""


@pytest.mark.parametrize(
    "html",
    [
        "<script></script>",
        '<b onclick="x">b</b>',
        '<b style="x">b</b>',
        '<a href="javascript:x">a</a>',
        '<a href="/x">a</a>',
        '<img src="x">',
        "<b>",
        "<!-- x -->",
    ],
)
def test_the_reader_of_these_tests_finds_harm(html: str) -> None:
    """Each sort of harm, by itself."""
    assert harm_in(html)
