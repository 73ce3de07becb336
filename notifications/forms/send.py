"""The form "Send for approval": a message becomes an approval with chosen approvers."""

from typing import Any

from pydantic import BaseModel, ConfigDict

from notifications.cards.buttons import ActionId
from notifications.forms.inputs import entered, modal, people_select, radio, text_input, ticked
from notifications.text.sanitize import clip, inert, mrkdwn
from notifications.views.blocks import Block, context, quote
from notifications.views.format import person
from workflows.messages.base import Frozen

TITLE = "title"
APPROVERS = "approvers"
QUORUM = "quorum"
REASON = "reason"
MOST_APPROVERS = 10
ALL = "all"


class Sent(BaseModel):
    """The form's private metadata: the message it is about."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    channel: str
    ts: str
    thread: str
    author: str = ""


class MessageDraft(Frozen):
    """What the form said."""

    title: str
    approvers: tuple[str, ...]
    quorum: int
    reason: str


def send_form(sent: Sent, text: str, files: list[str]) -> Block:
    """The message as it will be shown, who may decide, and why."""
    first = " ".join(text.split()) or ", ".join(files) or "A message"
    name = f"of {person(sent.author)}" if sent.author else ""
    blocks: list[Block] = [
        context(f"📎 The message {name} that is to be decided, up to the next field:"),
        quote(clip(text, 600, inert).shown),
    ]
    if files:
        names = clip(", ".join(files), 600, mrkdwn).shown
        blocks.append(context(f"With {names}"))
    blocks += [
        text_input(TITLE, "What is to be decided?", initial=clip(first, 140).shown, most=140),
        people_select(APPROVERS, "Who may decide?", MOST_APPROVERS),
        radio(QUORUM, "How many have to approve?", [("one of them", "one"), ("all of them", ALL)]),
        text_input(REASON, "Why, or what to look at", multiline=True, optional=True, most=600),
    ]
    return modal(
        ActionId.SEND_MODAL,
        "Send for approval",
        blocks,
        submit="Send",
        metadata=sent.model_dump_json(),
    )


def draft(view: dict[str, Any]) -> MessageDraft:
    """What was filled in."""
    approvers = tuple(dict.fromkeys(ticked(view, APPROVERS)))
    return MessageDraft(
        title=entered(view, TITLE).strip() or "A message",
        approvers=approvers,
        quorum=max(len(approvers), 1) if entered(view, QUORUM) == ALL else 1,
        reason=entered(view, REASON).strip(),
    )
