"""Agreement with slack_sdk: what its models build is accepted, what they refuse is refused."""

from collections.abc import Callable
from typing import Any

import pytest
from slack_sdk.errors import SlackObjectFormationError
from slack_sdk.models import blocks as sdk
from slack_sdk.models.blocks.block_elements import FileInputElement
from slack_sdk.models.views import View

from playground.blocks import problems, view_problems

OPTIONS = [sdk.Option(value="1", text="one"), sdk.Option(value="2", text="two")]
CONFIRM = sdk.ConfirmObject(title="Sure?", text="Really?", confirm="Yes", deny="No", style="danger")

BUILT = [
    sdk.SectionBlock(text="*hi*", accessory=sdk.ButtonElement(text="b", action_id="a", value="v")),
    sdk.SectionBlock(fields=["a", "b"], expand=True),
    sdk.HeaderBlock(text=sdk.PlainTextObject(text="h", emoji=True)),
    sdk.DividerBlock(block_id="d"),
    sdk.ImageBlock(image_url="https://a.example/b.png", alt_text="a", title="t"),
    sdk.ContextBlock(elements=[sdk.MarkdownTextObject(text="m"), sdk.PlainTextObject(text="p")]),
    sdk.ActionsBlock(
        elements=[
            sdk.ButtonElement(text="b", action_id="1", style="primary", confirm=CONFIRM),
            sdk.StaticSelectElement(placeholder="p", action_id="2", options=OPTIONS),
            sdk.OverflowMenuElement(options=OPTIONS, action_id="3"),
            sdk.DatePickerElement(action_id="4", initial_date="2026-01-31"),
            sdk.TimePickerElement(action_id="5", initial_time="09:30"),
            sdk.DateTimePickerElement(action_id="6", initial_date_time=1_800_000_000),
            sdk.CheckboxesElement(action_id="7", options=OPTIONS, initial_options=OPTIONS[:1]),
            sdk.RadioButtonsElement(action_id="8", options=OPTIONS, initial_option=OPTIONS[0]),
            sdk.UserSelectElement(action_id="9", placeholder="p"),
            sdk.ConversationMultiSelectElement(
                action_id="10",
                placeholder="p",
                filter=sdk.ConversationFilter(include=["public"], exclude_bot_users=True),
            ),
        ]
    ),
    sdk.InputBlock(label="l", element=sdk.PlainTextInputElement(action_id="a", multiline=True)),
    sdk.InputBlock(label="l", element=sdk.EmailInputElement(action_id="a"), hint="h"),
    sdk.InputBlock(label="l", element=sdk.NumberInputElement(is_decimal_allowed=False)),
    sdk.InputBlock(label="l", element=FileInputElement(filetypes=["csv"], max_files=1)),
    sdk.RichTextBlock(
        elements=[
            sdk.RichTextSectionElement(
                elements=[
                    sdk.RichTextElementParts.Text(text="t", style={"bold": True}),
                    sdk.RichTextElementParts.User(user_id="U1"),
                    sdk.RichTextElementParts.Link(url="https://a.example", text="l"),
                ]
            )
        ]
    ),
    sdk.MarkdownBlock(text="**m**"),
    sdk.VideoBlock(
        alt_text="a", video_url="https://a.example", thumbnail_url="https://a.example", title="t"
    ),
    sdk.TableBlock(rows=[[sdk.RawTextObject(text="a")], [sdk.RawNumberObject(value=1, text="1")]]),
    sdk.TaskCardBlock(task_id="1", title="t", status="pending"),
    sdk.PlanBlock(title="p", tasks=[]),
    sdk.CardBlock(title="t", actions=[sdk.ButtonElement(text="b", action_id="a")]),
    sdk.CarouselBlock(elements=[sdk.CardBlock(title="t")]),
    sdk.ContainerBlock(title="t", child_blocks=[sdk.DividerBlock()]),
    sdk.ContextActionsBlock(
        elements=[
            sdk.FeedbackButtonsElement(
                action_id="f",
                positive_button=sdk.FeedbackButtonObject(text="Good", value="1"),
                negative_button=sdk.FeedbackButtonObject(text="Bad", value="0"),
            ),
            sdk.IconButtonElement(icon="trash", text="Delete", action_id="i"),
        ]
    ),
]


@pytest.mark.parametrize("block", BUILT, ids=lambda block: str(block.type))
def test_what_the_sdk_builds_is_accepted(block: sdk.Block) -> None:
    """Every block model of slack_sdk, as it is sent."""
    assert problems([block.to_dict()], "message") == []


def test_a_modal_that_the_sdk_builds_is_accepted() -> None:
    """With title, buttons and a question."""
    question = sdk.InputBlock(label="l", element=sdk.PlainTextInputElement(action_id="a"))
    view = View(type="modal", title="t", submit="s", close="c", blocks=[question])
    assert view_problems(view.to_dict()) == []


BROKEN: list[Callable[[], Any]] = [
    sdk.SectionBlock,
    lambda: sdk.SectionBlock(text="x" * 3001),
    lambda: sdk.SectionBlock(fields=["x"] * 11),
    lambda: sdk.SectionBlock(text="x", block_id="b" * 256),
    lambda: sdk.HeaderBlock(text="x" * 151),
    lambda: sdk.ActionsBlock(elements=[sdk.ButtonElement(text="b", action_id="a")] * 26),
    lambda: sdk.ActionsBlock(elements=[sdk.ButtonElement(text="x" * 76, action_id="a")]),
    lambda: sdk.ActionsBlock(elements=[sdk.ButtonElement(text="b", value="v" * 2001)]),
    lambda: sdk.ActionsBlock(elements=[sdk.OverflowMenuElement(options=OPTIONS * 3)]),
    lambda: sdk.ActionsBlock(elements=[sdk.DatePickerElement(initial_date="31.1.2026")]),
    lambda: sdk.ContextBlock(elements=[sdk.PlainTextObject(text="p")] * 11),
    lambda: sdk.ImageBlock(image_url="u", alt_text="a" * 2001),
    lambda: sdk.MarkdownBlock(text="x" * 12_001),
    lambda: sdk.VideoBlock(alt_text="a", video_url="v", thumbnail_url="t"),
    lambda: sdk.TaskCardBlock(task_id="1", title="t", status="lost"),
    lambda: sdk.CardBlock(subtitle="s"),
    lambda: sdk.ContainerBlock(title="t", child_blocks=[]),
]


def _sent_anyway(block: Any) -> dict[str, Any]:
    """Return the block as it would be sent if nobody checked it."""
    block.validate_json = lambda: None
    for element in getattr(block, "elements", None) or ():
        element.validate_json = lambda: None
    built: dict[str, Any] = block.to_dict()
    return built


@pytest.mark.parametrize("build", BROKEN)
def test_what_the_sdk_refuses_is_refused(build: Callable[[], Any]) -> None:
    """Both say no, ours with a pointer."""
    with pytest.raises(SlackObjectFormationError):
        build().to_dict()
    found = problems([_sent_anyway(build())], "message")
    assert found
    assert all("[json-pointer:/blocks/0" in said for said in found)
