"""Search attributes: how pending approvals and running tasks are listed. Registered at start-up."""

from collections.abc import Iterable
from typing import Any

from temporalio.common import SearchAttributeKey

STATUS = SearchAttributeKey.for_keyword("SignoffStatus")
REQUESTER = SearchAttributeKey.for_keyword("SignoffRequester")
APPROVERS = SearchAttributeKey.for_keyword_list("SignoffApprovers")
DEADLINE = SearchAttributeKey.for_datetime("SignoffDeadline")
NEXT_RUNG = SearchAttributeKey.for_datetime("SignoffNextRung")
RUNG = SearchAttributeKey.for_keyword("SignoffRung")
TASK = SearchAttributeKey.for_keyword("SignoffTask")
RISK = SearchAttributeKey.for_keyword("SignoffRisk")
PIPELINE = SearchAttributeKey.for_keyword("SignoffPipeline")
PROGRAM = SearchAttributeKey.for_keyword("SignoffProgram")

ALL: tuple[SearchAttributeKey[Any], ...] = (
    STATUS,
    REQUESTER,
    APPROVERS,
    DEADLINE,
    NEXT_RUNG,
    RUNG,
    TASK,
    RISK,
    PIPELINE,
    PROGRAM,
)

PENDING = "pending"
RUNNING = "running"
STUCK = "stuck"
WAITING = "waiting"
"""Of a running task in a list: one of its approvals is pending."""


def equals(key: SearchAttributeKey[Any], value: str) -> str:
    """A condition of a visibility query; none for an empty value."""
    return f"{key.name} = '{quotable(value)}'" if value else ""


def query(kind: str, *conditions: str, queue: str = "", status: str = "Running") -> str:
    """A visibility query: workflows of this kind and status, on this task queue or on any."""
    known = {"WorkflowType": kind, "ExecutionStatus": status, "TaskQueue": quotable(queue)}
    fixed = (f"{name} = '{value}'" for name, value in known.items() if value)
    return " AND ".join((*fixed, *filter(None, conditions)))


def pending(*conditions: str, queue: str = "") -> str:
    """A visibility query: approvals that wait."""
    return query("ApprovalWorkflow", equals(STATUS, PENDING), *conditions, queue=queue)


def one_of(key: SearchAttributeKey[Any], values: Iterable[str]) -> str:
    """A condition: any of these values; there has to be one."""
    quoted = ", ".join(f"'{quotable(value)}'" for value in values)
    return f"{key.name} IN ({quoted})"


def quotable(value: str) -> str:
    """Ids, addresses and names hold none of the characters left out."""
    return "".join(c for c in value if c.isalnum() or c in "@._+-")
