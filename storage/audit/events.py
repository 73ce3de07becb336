"""What is written to the audit log."""

from enum import StrEnum
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime

from workflows.messages.base import Frozen

LONGEST_NAME = 1_000


class EventKind(StrEnum):
    """What happened."""

    RAISED = "raised"
    SHOWN = "shown"
    REMINDED = "reminded"
    ESCALATED = "escalated"
    MAILED = "mailed"
    DECIDED = "decided"
    REFUSED = "refused"
    COMMENTED = "commented"
    DELEGATED = "delegated"
    EDITED = "edited"
    BYPASSED = "bypassed"
    SETTLED = "settled"
    TASK_STARTED = "task_started"
    TASK_ENDED = "task_ended"
    AGENT_CALLED = "agent_called"
    TOOL_RAN = "tool_ran"
    FAILED = "failed"
    RETRIED = "retried"


def _storable(name: str) -> str:
    """Any database can hold it: controls and lone surrogates as `\\u....`, at most 1,000 long."""
    if len(name) > LONGEST_NAME:
        name = f"{name[:LONGEST_NAME]}...({len(name)})"
    if name.isprintable():
        return name
    return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in name)


Name = Annotated[str, AfterValidator(_storable)]


class AuditEvent(Frozen):
    """One thing that happened. The same `id` twice is one row: the first stays.

    `at` needs a time zone. `channel` is how it came: slack, cli, email, a2a, ... `detail` may hold
    anything; what JSON cannot hold is marked, see `storage/audit/canonical.py`. These keys of
    `detail` are read again by the export: on `raised` `step`, `agent`, `input`, `result`; on
    `decided` `verdict`, `comment`, `edit`; on `settled` `outcome`.
    """

    id: Name
    at: AwareDatetime
    kind: EventKind
    task_id: Name = ""
    approval_id: Name = ""
    revision: int = 0
    workflow_id: Name = ""
    run_id: Name = ""
    actor: Name = ""
    channel: Name = ""
    detail: dict[str, Any] = {}


class AuditRow(AuditEvent):
    """An event as it was kept: `detail` is plain JSON, `hash` chains it to the row before."""

    seq: int
    previous: str
    hash: str
    mac: str = ""


class Head(Frozen):
    """The end of the chain: the newest row's sequence and hash. Sequence 0 is an empty log."""

    seq: int
    hash: str
    mac: str = ""
