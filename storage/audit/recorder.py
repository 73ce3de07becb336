"""Writes the workflows' audit entries into the audit log: the activity of `AuditActivities`."""

from temporalio import activity

from storage.audit.log import AuditLog
from workflows.activities import AuditActivities
from workflows.messages.audit import AuditEntry


class AuditRecorder(AuditActivities):
    """Runs in the worker; entries that are there already are skipped by the log."""

    def __init__(self, audit: AuditLog) -> None:
        self._audit = audit

    @activity.defn(name="record")
    async def record(self, entries: tuple[AuditEntry, ...]) -> None:
        """Append in order."""
        await self._audit.append(*entries)
