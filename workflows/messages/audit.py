"""What the audit log is told: one entry per event, each with an id so that retries add nothing."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from workflows.messages.base import Frozen


class AuditKind(StrEnum):
    """The kinds of events."""

    TASK_STARTED = "task_started"
    TASK_ENDED = "task_ended"
    AGENT_CALLED = "agent_called"
    RAISED = "raised"
    SHOWN = "shown"
    REMINDED = "reminded"
    DECIDED = "decided"
    REFUSED = "refused"
    EDITED = "edited"
    DELEGATED = "delegated"
    BYPASSED = "bypassed"
    COMMENTED = "commented"
    ESCALATED = "escalated"
    MAILED = "mailed"
    SETTLED = "settled"
    TOOL_RAN = "tool_ran"
    FAILED = "failed"
    RETRIED = "retried"


class AuditEntry(Frozen):
    """One event. `detail` is a JSON object; `via` the path it came by; `actor` a user id or ''."""

    id: str
    at: datetime
    kind: AuditKind
    workflow_id: str
    run_id: str
    task_id: str = ""
    approval_id: str = ""
    revision: int = 0
    actor: str = ""
    via: str = ""
    detail: dict[str, Any] = {}
