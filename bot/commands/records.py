"""What `--json` writes: shapes for scripts, in plain ASCII; docs/reference/commands.md has them."""

import json
from typing import Any

from rich.console import Console

from notifications.views.approval_list import PendingLine
from notifications.views.home import TaskLine
from workflows.messages.requests import CardView
from workflows.messages.tasks import TaskView

Record = dict[str, Any]


def write_json(say: Console, record: Record) -> None:
    """One object, indented; what is not ASCII is escaped."""
    say.print(json.dumps(record, indent=2), markup=False, emoji=False, soft_wrap=True)


def line_record(line: PendingLine) -> Record:
    """A pending approval as a list knows it; `digest` is the beginning that `decide` takes."""
    return {
        "id": line.id,
        "title": line.title,
        "revision": line.revision,
        "digest": line.digest,
        "risk": line.risk,
        "requester": line.requester,
        "approvers": list(line.approvers),
        "deadline": line.deadline.isoformat(),
        "pipeline": line.pipeline,
        "task": line.task,
        "channel": line.channel,
    }


def task_line(task: TaskLine) -> Record:
    """A running task as a list knows it."""
    return task.model_dump()


def card_record(view: CardView) -> Record:
    """An approval in full; `outcome` is null while it waits."""
    request, ballot = view.request, view.ballot
    people = ballot.electorate.people if ballot.electorate else ()
    return {
        "id": request.id,
        "title": request.title,
        "revision": request.revision,
        "digest": ballot.digest,
        "risk": request.policy.risk.value,
        "requester": request.requester,
        "outcome": ballot.outcome.value if ballot.outcome else None,
        "deadline": ballot.deadline.isoformat() if ballot.deadline else None,
        "approvers": [
            {"id": one.id, "name": one.name} for one in people if one.id in ballot.deciders()
        ],
        "decisions": [
            {
                "by": decision.by,
                "verdict": decision.verdict.value,
                "comment": decision.comment,
                "at": decision.at.isoformat(),
            }
            for decision in ballot.counted
        ],
        "pipeline": request.pipeline,
        "task": request.task_id,
        "channel": request.thread.channel,
        "result": request.result.model_dump(mode="json"),
    }


def task_record(view: TaskView) -> Record:
    """A task in full; `problem` is empty unless it waits for help."""
    return {
        "id": view.id,
        "pipeline": view.pipeline,
        "sources": list(view.sources),
        "status": view.status,
        "requester": view.requester,
        "started_at": view.started_at.isoformat(),
        "ended_at": view.ended_at.isoformat() if view.ended_at else None,
        "steps": [
            {"name": step.name, "state": step.state.value, "approval": step.approval_id}
            for step in view.steps
        ],
        "problem": view.problem,
        "channel": view.place.channel,
    }
