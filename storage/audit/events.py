"""What the audit log keeps of an event."""

from datetime import datetime
from typing import Any

from workflows.messages.audit import AuditKind
from workflows.messages.base import Frozen


class AuditRow(Frozen):
    """An event as it was kept: `detail` is plain JSON, `hash` chains it to the row before.

    `channel` is the entry's `via`.
    """

    seq: int
    id: str
    at: datetime
    kind: AuditKind
    task_id: str
    approval_id: str
    revision: int
    workflow_id: str
    run_id: str
    actor: str
    channel: str
    detail: dict[str, Any]
    previous: str
    hash: str
    mac: str


class Head(Frozen):
    """The end of the chain: the newest row's sequence and hash. Sequence 0 is an empty log."""

    seq: int
    hash: str
    mac: str = ""
