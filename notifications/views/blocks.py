"""The small blocks that every surface is made of. Text comes in ready: escaped or inert."""

from typing import Any

from notifications.cards.buttons import ActionId
from notifications.text.sanitize import clip, inert, visible

Block = dict[str, Any]

LABEL = 75


def plain(text: str) -> Block:
    """A plain text object."""
    return {"type": "plain_text", "text": text, "emoji": False}


def header(text: str) -> Block:
    """A heading of at most 150 characters."""
    return {"type": "header", "text": plain(clip(text, 150).shown or "-")}


def section(text: str) -> Block:
    """Ready mrkdwn in a section."""
    return {"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}}


def fields(texts: list[str]) -> Block:
    """Up to ten short facts, in two columns."""
    return {"type": "section", "fields": [{"type": "mrkdwn", "text": text} for text in texts[:10]]}


def context(text: str) -> Block:
    """Small print, ready mrkdwn."""
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": clip(text, 2_000).shown}]}


def quote(text: str) -> Block:
    """Somebody's words as a rich text quote; `text` is inert."""
    return {
        "type": "rich_text",
        "elements": [
            {"type": "rich_text_quote", "elements": [{"type": "text", "text": text or "-"}]}
        ],
    }


def actions(block_id: str, elements: list[Block]) -> Block:
    """Buttons and menus in a row."""
    return {"type": "actions", "block_id": block_id, "elements": elements}


def button(action: ActionId, text: str, value: str, *, label: str = "", style: str = "") -> Block:
    """A button; `label` is what a screen reader says, at most 75 characters of it."""
    made: Block = {
        "type": "button",
        "action_id": action,
        "text": plain(text),
        "value": value,
        "accessibility_label": clip(label or text, LABEL, inert).shown,
    }
    return made | ({"style": style} if style else {})


def option(text: str, value: str) -> Block:
    """One choice of a menu; `text` is cut to 75 characters."""
    return {"text": plain(clip(text, LABEL, visible).shown or "-"), "value": value}


def divider() -> Block:
    """A line."""
    return {"type": "divider"}


def shown(blocks: list[Block]) -> str:
    """The mrkdwn of sections and small print, one below the other: for clients without blocks."""
    texts = (block.get("text") or block["elements"][0] for block in blocks)
    return "\n".join(str(text["text"]) for text in texts)
