"""What the audit log is told: one entry per event, each with an id so that retries add nothing."""

from enum import StrEnum
from typing import Any

from pydantic import AwareDatetime

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
    SIGNING_STARTED = "signing_started"
    SIGNING_KEY_CHANGED = "signing_key_changed"


class AuditEntry(Frozen):
    """One event. The same `id` twice is one row of the log: the first stays.

    `actor` is a user id or ''; `via` is how it came: slack, cli, email, a2a, ... `detail` may hold
    anything; what JSON cannot hold is marked, see `storage/audit/canonical.py`. These keys of
    `detail` are read again by the export: on `raised` `step`, `agent`, `input`, `result`; on
    `decided` `verdict`, `comment`, `edit`; on `settled` `outcome`.
    """

    id: str
    at: AwareDatetime
    kind: AuditKind
    workflow_id: str = ""
    run_id: str = ""
    task_id: str = ""
    approval_id: str = ""
    revision: int = 0
    actor: str = ""
    via: str = ""
    detail: dict[str, Any] = {}
