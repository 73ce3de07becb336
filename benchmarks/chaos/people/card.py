"""A card as a person sees it: which approval, where, and what its buttons carry."""

import json
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]

APPROVE, REJECT, DECIDE_FORM = "signoff_approve", "signoff_reject", "signoff_decide"
EVENT, TASK_EVENT = "signoff_card", "signoff_task"
WAY_HOME = "signoff_open_home"


@dataclass(frozen=True)
class Card:
    """A message with an Approve button."""

    approval: str
    channel: str
    ts: str
    thread: str
    approve: Json
    message: Json


def read_card(message: Json) -> Card | None:
    """The card in this message; None for anything else, and for a decided one."""
    approve = next((e for e in buttons(message) if e.get("action_id") == APPROVE), None)
    if event_of(message)[0] != EVENT or approve is None:
        return None
    return Card(
        approval=str(json.loads(approve["value"])["a"]),
        channel=str(message["channel"]),
        ts=str(message["ts"]),
        thread=str(message.get("thread_ts") or message["ts"]),
        approve=approve,
        message=message,
    )


def event_of(message: Json) -> tuple[str, Json]:
    """The metadata's type and payload."""
    metadata = message.get("metadata") or {}
    if isinstance(metadata, str):
        metadata = json.loads(metadata)
    return str(metadata.get("event_type", "")), metadata.get("event_payload") or {}


def blocks(message: Json) -> list[Json]:
    """What people see of it."""
    found = message.get("blocks") or []
    return json.loads(found) if isinstance(found, str) else found


def buttons(message: Json) -> list[Json]:
    """Everything in the message that can be used, but for the way to Home."""
    return [
        element
        for block in blocks(message)
        if block["type"] == "actions"
        for element in block["elements"]
        if element["action_id"] != WAY_HOME
    ]
