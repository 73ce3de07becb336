"""The form "Edit and resubmit": what may be changed, filled in, and what came back changed.

Tool calls are edited argument by argument, a text in its parts; a long one in several fields.
Hidden characters are made visible before they go into a field. The form remembers a digest of each
text it was filled with, so a field that comes back as it was leaves the original untouched.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from pydantic import ValidationError

from notifications.cards.buttons import ActionId, ModalValue
from notifications.cards.details import head
from notifications.forms.argument_fields import argument_fields, typed
from notifications.forms.decide import COMMENT, CONFIRMATION, MOST_BLOCKS, confirmation
from notifications.forms.inputs import MOST_CHARACTERS, entered, modal, text_input
from notifications.text.sanitize import clip, visible
from notifications.views.blocks import Block, context
from workflows.content.text_parts import MOST_PARTS, parts
from workflows.content.wrong_value import problem
from workflows.messages.content_hash import digest
from workflows.messages.decisions import Edit
from workflows.messages.policy import Risk
from workflows.messages.requests import CardView
from workflows.messages.results import SUMMARY_CHARACTERS, AgentResult

SUMMARY = "summary"
FINDINGS = "findings"
FULL_TEXT = "full_text"
PART = "part_"
PRINT = 12
_LABELS = {SUMMARY: "Summary", FINDINGS: "Findings, one a line"}


class Edited(NamedTuple):
    """What came back: an edit, or a sentence per field that is wrong with it."""

    edit: Edit | None
    errors: dict[str, str]


def edit_modal(value: ModalValue, view: CardView, result: AgentResult) -> Block:
    """The form; what cannot be edited in it is named, and so is that it stays as it is."""
    blocks, last = head(view), _last(view, result)
    settles = view.request.policy.edit_settles()
    if result.calls:
        value = value.model_copy(update={"phrase": ""})  # only the edited calls tell
        blocks += argument_fields(result.calls, MOST_BLOCKS - len(blocks) - len(last))
    else:
        texts = _texts(result)
        editable = {name: text for name, text in texts.items() if clip(text, _most(name)).whole}
        value = value.model_copy(update={"shown": {n: _print(t) for n, t in editable.items()}})
        blocks += [_field(name, text, result) for name, text in editable.items()]
        blocks += _left_out(texts, editable, result)
    return modal(
        ActionId.EDIT_MODAL,
        "Approve with edits" if settles else "Edit and resubmit",
        [*blocks, *last],
        submit="Approve" if settles else "Submit for approval",
        close="Cancel",
        metadata=value.model_dump_json(),
    )


def edited(view: dict[str, Any], value: ModalValue) -> Edited:
    """What was changed in the form."""
    found = typed(view)
    if found.errors:
        return Edited(None, found.errors)
    changed = dict(_changed(view, value))
    if found.arguments:
        changed["arguments"] = found.arguments
    if not changed:
        first = next((name for name in view["state"]["values"] if name != CONFIRMATION), COMMENT)
        return Edited(None, {first: _NOTHING})
    try:
        return Edited(Edit.model_validate(changed), {})
    except ValidationError as error:
        return Edited(None, {str(one["loc"][0]): _said(problem(one)) for one in error.errors()})


_NOTHING = "Nothing changed: edit something, or go back and approve it as it is."


def _last(view: CardView, result: AgentResult) -> list[Block]:
    """Comment, what high risk has to type, and what becomes of the edit."""
    settles = view.request.policy.edit_settles()
    blocks = [text_input(COMMENT, "Comment", multiline=True, optional=True)]
    if view.request.policy.risk is Risk.HIGH and (settles or not result.calls):
        blocks.append(confirmation(view, edited=bool(result.calls)))
    what = "becomes the approved result" if settles else "is the next version, which somebody else "
    what += "" if settles else "approves"
    blocks.append(context(f"What you send in {what}. You are named as its editor."))
    return blocks


def _changed(view: dict[str, Any], value: ModalValue) -> Iterator[tuple[str, object]]:
    long: dict[int, str] = {}
    for name, shown in value.shown.items():
        text = entered(view, name)
        if _print(text) == shown:
            continue
        if name.startswith(PART):
            long[int(name.removeprefix(PART))] = text
        else:
            yield name, _lines(text) if name == FINDINGS else text.strip()
    if long:
        yield "full_text_parts", long


def _texts(result: AgentResult) -> dict[str, str]:
    """What may go into a field, by the field's name; the full text in one field or several."""
    findings = "\n".join(" ".join(text.split()) for text in result.findings)
    texts = {SUMMARY: result.summary, FINDINGS: findings}
    if result.full_text:
        cut = parts(result.full_text)
        one = {FULL_TEXT: result.full_text} if len(cut) == 1 else {}
        texts |= one or {f"{PART}{number}": part.strip() for number, part in enumerate(cut)}
    return {name: visible(text) for name, text in texts.items()}


def _left_out(texts: dict[str, str], editable: dict[str, str], result: AgentResult) -> list[Block]:
    """What has no field here; nobody may think that they edited all there is."""
    missing = [name for name in texts if name not in editable]
    blocks = [
        context(f"✂️ {_LABELS[name].partition(',')[0]}: too long to be edited here; it stays.")
        for name in missing
        if name in _LABELS
    ]
    if any(name not in _LABELS for name in missing):
        blocks.append(
            context(
                f"✂️ The full text ({len(result.full_text):,} characters) is too long to be edited "
                "here as a whole. What has no field stays as the agent wrote it, and the next card "
                "says whether the full text was changed."
            )
        )
    return blocks


def _most(name: str) -> int:
    """How long a text may be to be edited; of a very long text only the first parts are."""
    if name.startswith(PART) and int(name.removeprefix(PART)) >= MOST_PARTS:
        return 0
    return SUMMARY_CHARACTERS if name == SUMMARY else MOST_CHARACTERS


def _field(name: str, text: str, result: AgentResult) -> Block:
    label = _LABELS.get(name, "Full text")
    if name.startswith(PART):
        number = int(name.removeprefix(PART)) + 1
        label = f"Full text, part {number} of {len(parts(result.full_text))}"
    return text_input(
        name,
        label,
        multiline=True,
        optional=name != SUMMARY,
        initial=text,
        most=_most(name),
    )


def _lines(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.splitlines() if line.strip())


def _print(text: str) -> str:
    """The same for a text that only went through a form and back."""
    return digest("\n".join(line.rstrip() for line in text.strip().splitlines()))[:PRINT]


def _said(message: str) -> str:
    return message[0].upper() + message[1:] + "."
