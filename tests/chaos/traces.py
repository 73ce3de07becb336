"""Evidence made by hand: one approval that went well, which tests then spoil."""

import copy
import json
from typing import Any

from benchmarks.chaos.checks.evidence import Evidence, rows
from benchmarks.chaos.people.card import APPROVE, EVENT, TASK_EVENT
from benchmarks.chaos.people.crowd import APPROVERS, CHANNEL, REQUESTERS, TEAM
from benchmarks.chaos.people.gesture import gestures

Json = dict[str, Any]

TASK, APPROVAL = "t-abcdefgh", "t-abcdefgh.analysis.v1"
REQUESTER, DECIDER, OTHER = REQUESTERS[0], APPROVERS[5], APPROVERS[6]
PLACE = [CHANNEL, "10.000100"]
DIGEST = "0123456789abcdef"
VALUE = f'{{"a":"{APPROVAL}","r":1,"d":"{DIGEST}","v":"approve"}}'
BUTTON = {"type": "button", "action_id": APPROVE, "value": VALUE}


class Trace:
    """One approval: asked for, shown, approved by one click, refused to a later one."""

    def __init__(self) -> None:
        self.started = {TASK: REQUESTER}
        self.chain = ""
        self.forged: frozenset[str] = frozenset()
        self.targets: frozenset[str] = frozenset()
        self.deliveries = [click(DECIDER, "20.000001"), click(OTHER, "21.000001")]
        self.calls = [_posted()]
        self.rows = [
            row("task_started", REQUESTER, 9, approval=""),
            row("raised", REQUESTER, 9),
            row("decided", DECIDER, 20, id=f"{TEAM}:{DECIDER}:20.000001", verdict="approve"),
            row("settled", DECIDER, 20, outcome="approved"),
            row("refused", OTHER, 21, id=f"{TEAM}:{OTHER}:21.000001", verdict="approve"),
            row("task_ended", "", 22, approval="", status="completed"),
        ]
        self.messages = [
            _message(TASK_EVENT, {"task": TASK}, f"Task {TASK} (review of input.csv) completed: x"),
            _message(EVENT, {"approval": APPROVAL}, "Approved: analysis of input.csv"),
        ]

    def evidence(self) -> Evidence:
        """As a run would hand it over."""
        numbered = [{**one, "seq": number} for number, one in enumerate(self.rows, 1)]
        return Evidence(
            gestures=tuple(gestures(self.deliveries)),
            calls=tuple(self.calls),
            rows=rows(copy.deepcopy(numbered)),
            messages=tuple(self.messages),
            started=self.started,
            chain=self.chain,
            forged=self.forged,
            targets=self.targets,
        )


def click(user: str, moment: str, *, team: str = TEAM, value: str = VALUE) -> Json:
    """An acknowledged click on Approve, as the recorder keeps it."""
    return {
        "type": "block_actions",
        "at": float(moment),
        "user": user,
        "team": team,
        "action": {"action_id": APPROVE, "action_ts": moment, "value": value},
        "place": PLACE,
        "acked_after_ms": 20.0,
        "error": None,
    }


def row(kind: str, actor: str, second: int, approval: str = APPROVAL, **detail: Any) -> Json:
    """A row of the audit log."""
    return {
        "kind": kind,
        "at": f"1970-01-01T00:00:{second:02}+00:00",
        "approval_id": approval,
        "task_id": TASK,
        "actor": actor,
        "detail": detail,
    }


def with_buttons(message: Json) -> Json:
    """The same message, as if it waited still."""
    return message | {"blocks": [{"type": "actions", "elements": [BUTTON]}]}


def restated(value: str, **changed: object) -> str:
    """A button's value with something else in it."""
    return json.dumps({**json.loads(value), **changed}, separators=(",", ":"))


def _posted() -> Json:
    return {
        "method": "chat.postMessage",
        "at": 10.0,
        "place": PLACE,
        "thread": "9.000100",
        "user": None,
        "event": EVENT,
        "about": {"approval": APPROVAL},
        "text": "Approval wanted",
        "values": [VALUE],
    }


def _message(event: str, about: Json, text: str) -> Json:
    metadata = {"event_type": event, "event_payload": about}
    return {"channel": CHANNEL, "ts": "1.1", "text": text, "metadata": metadata, "blocks": []}
