"""The forms: a decision with words, a new task."""

from collections.abc import Sequence
from typing import Any

from notifications.buttons import ActionId, ModalValue
from notifications.text import clip, visible
from workflows.decisions import Verdict

Block = dict[str, Any]

COMMENT = "comment"
CONFIRMATION = "confirmation"
PIPELINE = "pipeline"
FILE = "file"
LINK = "link"
TEXT = "text"
MOST_CHARACTERS = 3_000

_TITLES = {
    Verdict.APPROVE: "Approve",
    Verdict.REJECT: "Reject",
    Verdict.REQUEST_CHANGES: "Request changes",
}
_QUESTIONS = {
    Verdict.APPROVE: "Comment",
    Verdict.REJECT: "Why not?",
    Verdict.REQUEST_CHANGES: "What should be different?",
}


def decide_modal(value: ModalValue, title: str, phrase: str = "") -> Block:
    """Asks for the words a verdict needs; `phrase` has to be typed where the risk is high."""
    verdict = value.button.verdict
    head = clip(title, 2_900, visible).shown
    blocks: list[Block] = [
        {"type": "section", "text": {"type": "plain_text", "text": head, "emoji": False}}
    ]
    if phrase:
        blocks.append(_input(CONFIRMATION, f"Type {phrase} to approve", multiline=False))
    blocks.append(
        _input(COMMENT, _QUESTIONS[verdict], multiline=True, optional=verdict is Verdict.APPROVE)
    )
    return {
        "type": "modal",
        "callback_id": ActionId.DECIDE_MODAL,
        "title": _plain(_TITLES[verdict]),
        "submit": _plain(_TITLES[verdict]),
        "close": _plain("Back"),
        "private_metadata": value.model_dump_json(),
        "blocks": blocks,
    }


def task_modal(pipelines: Sequence[tuple[str, str]], files: Sequence[str], channel: str) -> Block:
    """A new task: a pipeline, and one input of whatever kind."""
    blocks = [
        _choice(
            PIPELINE, "What should be done?", [(name, text or name) for name, text in pipelines]
        ),
        _input(LINK, "A public web address", multiline=False, optional=True),
        _input(TEXT, "Or paste a text", multiline=True, optional=True),
    ]
    if files:
        chosen = _choice(FILE, "A file", [(name, name) for name in files[:100]], optional=True)
        blocks.insert(1, chosen)
    return {
        "type": "modal",
        "callback_id": ActionId.TASK_MODAL,
        "title": _plain("New task"),
        "submit": _plain("Start"),
        "close": _plain("Cancel"),
        "private_metadata": channel,
        "blocks": blocks,
    }


def _plain(text: str) -> Block:
    return {"type": "plain_text", "text": text}


def _input(name: str, label: str, *, multiline: bool, optional: bool = False) -> Block:
    element = {
        "type": "plain_text_input",
        "action_id": name,
        "multiline": multiline,
        "max_length": MOST_CHARACTERS,
    }
    return {
        "type": "input",
        "block_id": name,
        "label": _plain(label[:2_000]),
        "optional": optional,
        "element": element,
    }


def _choice(
    name: str, label: str, options: Sequence[tuple[str, str]], *, optional: bool = False
) -> Block:
    choices = [
        {"text": _plain(clip(text, 75, visible).shown), "value": value[:150]}
        for value, text in options
    ]
    element: Block = {"type": "static_select", "action_id": name, "options": choices}
    if not optional:
        element["initial_option"] = choices[0]
    return {
        "type": "input",
        "block_id": name,
        "label": _plain(label),
        "optional": optional,
        "element": element,
    }
