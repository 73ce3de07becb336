"""Follows the events of an A2A task to where it ends or asks, and says how."""

import math
from collections.abc import AsyncIterator, Callable, MutableSequence

from a2a.types.a2a_pb2 import Part, StreamResponse, Task, TaskState
from google.protobuf.json_format import MessageToDict

from agents.a2a.codec import (
    INPUT_REQUIRED,
    outcome_of,
    outcome_of_message,
    status_text,
    until_failure,
)
from agents.errors import (
    LONGEST_WAIT,
    AgentError,
    AgentFailed,
    AgentRefused,
    AgentUnreachable,
    BadAnswer,
    BudgetUsedUp,
    UnusableInput,
    WrongVersion,
)
from agents.turn.progress import tell
from workflows.messages.turns import Progress, TurnOutcome

MOST_EVENTS = 10_000
_DONE = TaskState.TASK_STATE_COMPLETED
_FAILED = TaskState.TASK_STATE_FAILED
_WORKING = TaskState.TASK_STATE_WORKING

_ENDS = (_FAILED, TaskState.TASK_STATE_REJECTED, TaskState.TASK_STATE_CANCELED)

Opens = Callable[[list[Part]], list[Part]]
"""Decrypts the parts of a message or of an artifact; raises BadAnswer."""
Hears = Callable[[list[Part]], Progress | None]
"""What an agent of ours says in the parts of a message while it works; nothing for others."""


class RunningTask:
    """The id of the task that a stream of events is about, once it is known.

    What its agent does meanwhile is told to whoever listens; `hears` reads it.
    """

    def __init__(self, hears: Hears) -> None:
        self.id = ""
        self._hears = hears

    async def of(self, events: AsyncIterator[StreamResponse]) -> AsyncIterator[StreamResponse]:
        """The events as they are."""
        async for event in events:
            if event.HasField("task"):
                self.id = event.task.id
            if event.status_update.status.state == _WORKING:
                progress = self._hears(list(event.status_update.status.message.parts))
                if progress is not None:
                    tell(progress)
            yield event


async def read_outcome(
    events: AsyncIterator[StreamResponse], agent: str, opens: Opens
) -> TurnOutcome:
    """The outcome of one task; raises an AgentError."""
    task = Task()
    count = 0
    async for event in events:
        count += 1
        if count > MOST_EVENTS:
            raise BadAnswer(f"{agent} sends progress without end.", retryable=False)
        if event.HasField("message"):
            _open(event.message.parts, opens)
            return outcome_of_message(event.message, agent)
        _apply(task, event)
        if task.status.state == _DONE or task.status.state in INPUT_REQUIRED:
            _open_task(task, opens)
            return outcome_of(task, agent)
        _raise_ended(task, agent, opens)
    if task.status.state == TaskState.TASK_STATE_UNSPECIFIED:
        raise BadAnswer(f"The answer of {agent} holds no task and no message.")
    raise AgentUnreachable(f"The connection to {agent} broke off before its answer.")


def _apply(task: Task, event: StreamResponse) -> None:
    if event.HasField("task"):
        task.CopyFrom(event.task)
    elif event.HasField("status_update"):
        task.status.CopyFrom(event.status_update.status)
        task.id = event.status_update.task_id
        task.context_id = event.status_update.context_id
    elif event.HasField("artifact_update"):
        update = event.artifact_update
        there = [a for a in task.artifacts if a.artifact_id == update.artifact.artifact_id]
        if update.append and there:
            there[0].parts.extend(update.artifact.parts)
        else:
            task.artifacts.append(update.artifact)


def _open_task(task: Task, opens: Opens) -> None:
    for artifact in task.artifacts:
        _open(artifact.parts, opens)
    _open(task.status.message.parts, opens)


def _open(parts: MutableSequence[Part], opens: Opens) -> None:
    if parts:
        opened = opens(list(parts))
        del parts[:]
        parts.extend(opened)


def _pause(said: object) -> float:
    """Seconds; nonsense counts as nothing."""
    if not isinstance(said, int | float) or not 0 < said < math.inf:
        return 0
    return min(float(said), LONGEST_WAIT)


def _raise_ended(task: Task, agent: str, opens: Opens) -> None:
    state = task.status.state
    if state not in _ENDS:
        return
    _open(task.status.message.parts, opens)
    said = status_text(task)
    if state == _FAILED:
        metadata = MessageToDict(task.status.message.metadata)
        sentence = said or f"{agent} says that it failed, and not why."
        error: AgentError = AgentFailed(
            sentence,
            retryable=bool(metadata.get("retryable", True)),
            retry_after=_pause(metadata.get("retry_after")),
        )
        if metadata.get("kind") == UnusableInput.__name__:
            error = UnusableInput(said)
        for final in (BudgetUsedUp, WrongVersion):
            if metadata.get("kind") == final.__name__:
                error = final(sentence)
        raise error.after(*until_failure(task))
    if state == TaskState.TASK_STATE_REJECTED:
        raise AgentRefused(f"{agent} rejected the task. {said}".strip())
    raise AgentRefused(f"{agent} says that the task was canceled. {said}".strip())
