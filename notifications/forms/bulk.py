"""Several approvals of low risk at once: a form to choose them, and one that lists them again."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from notifications.cards.buttons import ActionId, HomeCursor, Target
from notifications.forms.inputs import checkboxes, modal, ticked
from notifications.text.sanitize import clip, inert, mrkdwn
from notifications.views.approval_list import PendingLine
from notifications.views.blocks import Block, context, plain, section
from notifications.views.format import code, person
from workflows.messages.durations import words as duration

GROUP = 10
GROUPS = 4
MOST = 20
FIELD = "group_"


class Chosen(BaseModel):
    """The confirmation's private metadata: exactly what was listed.

    `home` is what Home showed where the form was opened, `listed` the address of a private list,
    `shown` when the confirmation was shown (epoch).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    targets: tuple[Target, ...] = ()
    home: HomeCursor | None = None
    listed: str = Field(default="", max_length=500)
    shown: float = 0.0


UNOPENED = Chosen()
_UNREAD = section("⚠️ This list had only just appeared. Read it, then approve again.") | {
    "block_id": "signoff_unread"
}


def choose_modal(lines: Sequence[PendingLine], now: datetime, opened: Chosen = UNOPENED) -> Block:
    """Up to 40 boxes, ten a group; only what is of low risk is offered."""
    shown = lines[: GROUP * GROUPS]
    blocks: list[Block] = [
        section("Tick what you want to approve. You see them once more before anything counts.")
    ]
    for start in range(0, len(shown), GROUP):
        options = [_option(line, now) for line in shown[start : start + GROUP]]
        name = f"{start + 1} to {start + len(options)}, most urgent first"
        blocks.append(checkboxes(f"{FIELD}{start // GROUP}", name, options))
    metadata = opened.model_dump_json(by_alias=True)
    return modal(ActionId.BULK_MODAL, "Approve several", blocks, submit="Next", metadata=metadata)


def chosen(view: dict[str, Any]) -> tuple[Target, ...]:
    """What was ticked."""
    values = [value for group in range(GROUPS) for value in ticked(view, f"{FIELD}{group}")]
    return tuple(Target.model_validate_json(value) for value in values)


def confirm_modal(lines: Sequence[PendingLine], now: datetime, opened: Chosen = UNOPENED) -> Block:
    """Lists what will be approved; each is decided on its own digest."""
    listed = [
        f"• *{mrkdwn(line.named())}* for {person(line.requester)} · {code(line.digest)}\n"
        f"“{clip(line.summary, 200, mrkdwn).shown}”"
        for line in lines
    ]
    targets = tuple(line.target() for line in lines)
    blocks = [section(f"You approve these {len(lines)}:"), *(section(text) for text in listed)]
    blocks.append(context("Each is decided on its own; what changed meanwhile is left out."))
    return _confirm(blocks, opened.model_copy(update={"targets": targets}), now)


def asked_again(view: dict[str, Any], value: Chosen, now: datetime) -> Block:
    """The same confirmation, for somebody who sent it before they can have read it."""
    listed = [block for block in view["blocks"] if block.get("block_id") != _UNREAD["block_id"]]
    return _confirm([_UNREAD, *listed], value, now)


def _confirm(blocks: Sequence[Block], value: Chosen, now: datetime) -> Block:
    shown = value.model_copy(update={"shown": now.timestamp()})
    return modal(
        ActionId.BULK_CONFIRM_MODAL,
        "Approve several",
        blocks,
        submit=f"Approve {len(value.targets)}",
        close="Cancel",
        metadata=shown.model_dump_json(by_alias=True),
    )


def _option(line: PendingLine, now: datetime) -> Block:
    about = f"{duration(line.deadline - now)} left: {clip(line.summary, 50, inert).shown}"
    return {
        "text": plain(clip(line.named(), 75, inert).shown),
        "description": plain(clip(about, 75).shown),
        "value": line.target().text(),
    }
