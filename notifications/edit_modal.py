"""The form "Approve with edits": what may be changed, filled in, and what came back changed.

Hidden characters are made visible before they go into a field. The form remembers a digest of each
text it was filled with, so a field that comes back as it was leaves the original untouched.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from pydantic import ValidationError

from notifications.blocks import Block, context
from notifications.buttons import ActionId, ModalValue
from notifications.cards import body
from notifications.inputs import MOST_CHARACTERS, entered, modal, text_input
from notifications.modals import COMMENT, confirmation
from notifications.text import clip, visible
from workflows.decisions import Edit
from workflows.digest import digest
from workflows.policy import Risk
from workflows.requests import CardView
from workflows.results import SUMMARY_CHARACTERS, AgentResult

SUMMARY = "summary"
FINDINGS = "findings"
FULL_TEXT = "full_text"
_LABELS = {
    SUMMARY: "Summary",
    FINDINGS: "Findings, one a line",
    FULL_TEXT: "Full text",
}
_MOST = {SUMMARY: SUMMARY_CHARACTERS, FINDINGS: MOST_CHARACTERS, FULL_TEXT: MOST_CHARACTERS}


class Edited(NamedTuple):
    """What came back: an edit, or a sentence per field that is wrong with it."""

    edit: Edit | None
    errors: dict[str, str]


def edit_modal(value: ModalValue, view: CardView, result: AgentResult) -> Block:
    """The form; a text that does not fit into a field is left out, and that is said."""
    texts = _texts(result)
    editable = {name: text for name, text in texts.items() if clip(text, _MOST[name]).whole}
    value = value.model_copy(update={"shown": {n: _print(t) for n, t in editable.items()}})
    blocks = body(view)[:2]
    blocks += [_field(name, text) for name, text in editable.items()]
    for name in texts.keys() - editable.keys():
        label = _LABELS[name].partition(",")[0]
        blocks.append(context(f"✂️ {label}: too long to be edited here; it stays as it is."))
    blocks.append(text_input(COMMENT, "Comment", multiline=True, optional=True))
    if view.request.policy.risk is Risk.HIGH:
        blocks.append(confirmation(view))
    what = "becomes the approved result" if view.request.policy.edit_settles() else "is the next "
    what += "" if view.request.policy.edit_settles() else "version, which somebody else approves"
    blocks.append(context(f"What you send in {what}. You are named as its editor."))
    return modal(
        ActionId.EDIT_MODAL,
        "Approve with edits",
        blocks,
        submit="Send in",
        close="Back",
        metadata=value.model_dump_json(),
    )


def edited(view: dict[str, Any], value: ModalValue) -> Edited:
    """What was changed in the form."""
    changed = dict(_changed(view, value))
    if not changed:
        return Edited(None, {next(iter(value.shown), COMMENT): _NOTHING})
    try:
        return Edited(Edit.model_validate(changed), {})
    except ValidationError as error:
        return Edited(None, {str(one["loc"][0]): _problem(one["msg"]) for one in error.errors()})


_NOTHING = "Nothing changed: edit something, or go back and approve it as it is."


def _changed(view: dict[str, Any], value: ModalValue) -> Iterator[tuple[str, object]]:
    for name, shown in value.shown.items():
        text = entered(view, name)
        if _print(text) != shown:
            yield name, _lines(text) if name == FINDINGS else text.strip()


def _texts(result: AgentResult) -> dict[str, str]:
    findings = "\n".join(" ".join(text.split()) for text in result.findings)
    texts = {SUMMARY: result.summary, FINDINGS: findings, FULL_TEXT: result.full_text}
    return {name: visible(text) for name, text in texts.items() if text or name != FULL_TEXT}


def _field(name: str, text: str) -> Block:
    return text_input(
        name,
        _LABELS[name],
        multiline=True,
        optional=name != SUMMARY,
        initial=text,
        most=_MOST[name],
    )


def _lines(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.splitlines() if line.strip())


def _print(text: str) -> str:
    """The same for a text that only went through a form and back."""
    return digest("\n".join(line.rstrip() for line in text.strip().splitlines()))[:16]


def _problem(message: str) -> str:
    return message[0].upper() + message[1:] + "."
