"""An approval as an A2A task: which state it has, what is said with it, what hangs on it.

    pending             AUTH_REQUIRED (A2A 1.0, section 7.6)
    approved            COMPLETED
    rejected            REJECTED
    changes requested   INPUT_REQUIRED, with the feedback
    expired             FAILED, with a sentence
    withdrawn           CANCELED

Whatever ended it has a signed statement as an artifact of two parts: the JSON, and the token.
"""

import uuid
from datetime import UTC, datetime

from a2a.types.a2a_pb2 import Artifact, Message, Part, Role, Task, TaskState, TaskStatus

from agents.http.signature import SigningKey, sign
from agents.programs.message import JSON
from agents.programs.port import ApprovalStanding, State
from agents.programs.statement import statement
from workflows.messages.content_hash import canonical
from workflows.messages.decisions import Outcome

JOSE = "application/jose"
APPROVAL = "approval"
ASKED = "People are being asked in Slack."
PENDING = TaskState.TASK_STATE_AUTH_REQUIRED
CHANGES = TaskState.TASK_STATE_INPUT_REQUIRED
CANCELED = TaskState.TASK_STATE_CANCELED
FAILED = TaskState.TASK_STATE_FAILED
_STATES = {
    Outcome.APPROVED: TaskState.TASK_STATE_COMPLETED,
    Outcome.REJECTED: TaskState.TASK_STATE_REJECTED,
    Outcome.CHANGES_REQUESTED: CHANGES,
    Outcome.EXPIRED: FAILED,
    Outcome.WITHDRAWN: CANCELED,
}
_SENTENCES = {
    Outcome.APPROVED: "Approved by {who}.",
    Outcome.REJECTED: "Rejected by {who}: {reason}",
    Outcome.CHANGES_REQUESTED: "{who} asked for changes: {feedback}",
    Outcome.EXPIRED: "Nobody decided in time, so this is neither approved nor rejected. Ask again.",
    Outcome.WITHDRAWN: "Withdrawn. {reason}",
}


def add_version(task: Task, message: Message) -> None:
    """One more message of the program, and the approval it stands for."""
    kept = Message()
    kept.CopyFrom(message)
    kept.task_id, kept.context_id = task.id, task.context_id
    task.history.append(kept)
    task.metadata.update({APPROVAL: _approval_id(task, len(task.history))})
    set_status(task, PENDING, ASKED)


def approval_of(task: Task) -> str:
    """The id of the task's present approval."""
    return str(task.metadata.fields[APPROVAL].string_value)


def previous_of(task: Task) -> str:
    """The id of the approval before; empty for the first."""
    revision = len(task.history)
    return _approval_id(task, revision - 1) if revision > 1 else ""


def show(task: Task, standing: ApprovalStanding, program: str, key: SigningKey) -> bool:
    """Bring the task up to date; whether anything changed."""
    if standing.state is State.PENDING:
        text = _waiting(standing)
        if task.status.message.parts[0].text == text:
            return False
        set_status(task, PENDING, text)
    elif standing.state is State.BROKEN:
        set_status(task, FAILED, standing.problem)
    else:
        assert standing.outcome is not None
        task.artifacts.append(_decision(task, standing, program, key))
        set_status(task, _STATES[standing.outcome], sentence(standing))
    return True


def set_status(task: Task, state: TaskState, text: str = "") -> None:
    """The new state, as of now, with one sentence."""
    status = TaskStatus(state=state)
    status.timestamp.FromDatetime(datetime.now(UTC).replace(tzinfo=None))
    if text:
        status.message.CopyFrom(
            Message(
                message_id=str(uuid.uuid4()),
                role=Role.ROLE_AGENT,
                task_id=task.id,
                context_id=task.context_id,
                parts=[Part(text=text, media_type="text/plain")],
            )
        )
    task.status.CopyFrom(status)


def sentence(standing: ApprovalStanding) -> str:
    """How it ended, in words."""
    settlement = standing.settlement
    assert settlement is not None
    names = {d.by: d.name for d in settlement.decisions if d.name} | dict(standing.names)
    who = [names.get(by) or by for by in settlement.settled_by()]
    said = _SENTENCES[settlement.outcome].format(
        who=", ".join(who) or "the policy",
        reason=settlement.reason,
        feedback=standing.feedback or "see the edited result.",
    )
    return said.strip()


def _approval_id(task: Task, revision: int) -> str:
    return f"x-{task.id.replace('-', '')[:16]}.approve.v{revision}"


def _waiting(standing: ApprovalStanding) -> str:
    people = ", ".join(standing.approvers)
    if not people:
        return ASKED
    until = f" until {standing.deadline:%Y-%m-%d %H:%M} UTC" if standing.deadline else ""
    return f"Waits for a decision in Slack{until}; may decide: {people}."


def _decision(task: Task, standing: ApprovalStanding, program: str, key: SigningKey) -> Artifact:
    said = statement(standing, program, len(task.history))
    return Artifact(
        artifact_id=f"decision-v{len(task.history)}",
        name="decision",
        description="Who decided what, and the same signed (JWS).",
        parts=[
            Part(text=canonical(said).decode(), media_type=JSON, filename="decision.json"),
            Part(text=sign(said, key), media_type=JOSE, filename="decision.jws"),
        ],
    )
