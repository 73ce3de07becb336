"""Collects a workflow's audit entries and writes them in batches, beside its own path."""

from typing import Any

from temporalio import workflow

from workflows.activities import PATIENT, AuditActivities
from workflows.background import BackgroundUpdate
from workflows.messages.audit import AuditEntry, AuditKind


class AuditBuffer:
    """The audit entries of one workflow run, numbered, so that a retried batch adds nothing."""

    def __init__(self, task_id: str, approval_id: str = "", revision: int = 0) -> None:
        self._about = {"task_id": task_id, "approval_id": approval_id, "revision": revision}
        self._waiting: list[AuditEntry] = []
        self._count = 0
        self.mirror = BackgroundUpdate(self._write)

    def note(self, kind: AuditKind, actor: str = "", via: str = "", **detail: Any) -> None:
        """Add one entry, stamped with the workflow's time, and write."""
        self.add(self.entry(kind, actor, via, **detail))
        self.mirror.touch()

    def entry(self, kind: AuditKind, actor: str = "", via: str = "", **detail: Any) -> AuditEntry:
        """One entry, stamped with the workflow's time, for whoever writes it."""
        info = workflow.info()
        self._count += 1
        return AuditEntry(
            id=f"{info.run_id}:{self._count}",
            at=workflow.now(),
            kind=kind,
            workflow_id=info.workflow_id,
            run_id=info.run_id,
            actor=actor,
            via=via,
            detail=detail,
            **self._about,
        )

    def add(self, entry: AuditEntry) -> None:
        """To be written with the next that is noted."""
        self._waiting.append(entry)

    def waiting(self) -> tuple[AuditEntry, ...]:
        """What is not written yet."""
        return tuple(self._waiting)

    def written(self, entries: tuple[AuditEntry, ...]) -> None:
        """Somebody else wrote these."""
        self._waiting = [entry for entry in self._waiting if entry not in entries]

    async def flush(self) -> None:
        """Write what was noted after the mirror was closed."""
        if self._waiting:
            await self._write()

    async def _write(self) -> None:
        batch, self._waiting = tuple(self._waiting), []
        await workflow.execute_activity_method(AuditActivities.record, batch, **PATIENT)
