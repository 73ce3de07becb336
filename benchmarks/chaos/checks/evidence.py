"""What is left of a run, and nothing that the product says of itself in passing."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from benchmarks.chaos.people.card import EVENT, TASK_EVENT, buttons, event_of
from benchmarks.chaos.people.gesture import Gesture

Json = dict[str, Any]
Place = tuple[str, str]


@dataclass(frozen=True)
class Row:
    """One row of the audit log, as far as it is judged."""

    seq: int
    kind: str
    at: float
    approval: str
    task: str
    actor: str
    detail: Json


@dataclass(frozen=True)
class Evidence:
    """`calls` are the bot's calls that succeeded, `messages` what stands in the workspace at the
    end, `started` the tasks that were promised, with whoever asked, `chain` what the verifier of
    the audit log has to say against it. `forged` are the ids of decisions made up in Temporal,
    `targets` the workflows that got such messages, `forgeries` how many of each kind.
    """

    gestures: tuple[Gesture, ...]
    calls: tuple[Json, ...]
    rows: tuple[Row, ...]
    messages: tuple[Json, ...]
    started: dict[str, str]
    chain: str = ""
    forged: frozenset[str] = frozenset()
    targets: frozenset[str] = frozenset()
    forgeries: Mapping[str, int] = field(default_factory=dict)
    by_approval: dict[str, list[Row]] = field(init=False)
    posted: dict[str, list[Json]] = field(init=False)

    def __post_init__(self) -> None:
        by_approval: dict[str, list[Row]] = defaultdict(list)
        for row in self.rows:
            if row.approval:
                by_approval[row.approval].append(row)
        posted: dict[str, list[Json]] = defaultdict(list)
        for call in self.calls:
            if call["method"] == "chat.postMessage" and call["event"] == EVENT:
                posted[call["about"]["approval"]].append(call)
        object.__setattr__(self, "by_approval", by_approval)
        object.__setattr__(self, "posted", posted)

    def of(self, approval: str, kind: str) -> list[Row]:
        """The rows of this kind."""
        return [row for row in self.by_approval.get(approval, []) if row.kind == kind]

    def approvals(self) -> list[str]:
        """Every approval that was raised, or shown."""
        raised = [row.approval for row in self.rows if row.kind == "raised"]
        return list(dict.fromkeys([*raised, *self.posted]))

    def requester(self, task: str) -> str:
        """Who asked for a task: whom it was promised, else what the log says."""
        logged = (row.actor for row in self.rows if row.task == task and row.kind == "task_started")
        return self.started.get(task) or next(logged, "")

    def cards(self, approval: str) -> list[Json]:
        """What is left of the messages of this approval's card."""
        return [
            m
            for m in self.messages
            if event_of(m)[0] == EVENT and event_of(m)[1].get("approval") == approval
        ]

    def roots(self, task: str) -> list[Json]:
        """What is left of the messages of this task."""
        return [
            m
            for m in self.messages
            if event_of(m)[0] == TASK_EVENT and event_of(m)[1].get("task") == task
        ]

    def alive(self) -> list[Json]:
        """Messages that still have buttons."""
        return [message for message in self.messages if buttons(message)]


def rows(audit: Iterable[Json]) -> tuple[Row, ...]:
    """The rows of the audit log; messages without proof are `unverified`, and nobody's clicks."""
    return tuple(
        Row(
            seq=row["seq"],
            kind="unverified" if "unverified" in row["detail"] else row["kind"],
            at=datetime.fromisoformat(row["at"]).timestamp(),
            approval=row["approval_id"],
            task=row["task_id"],
            actor=row["actor"],
            detail=row["detail"],
        )
        for row in audit
    )
