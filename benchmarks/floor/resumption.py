"""When a workflow took a signal up, by its history: one measure for ours and for bare ones."""

from datetime import UTC
from typing import Any

from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowHandle


async def resumed_at(handle: WorkflowHandle[Any, Any], signal: str) -> float:
    """When the workflow task with that signal started, in seconds since 1970, by the server."""
    signalled = False
    async for event in handle.fetch_history_events():
        if event.event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED:
            name = event.workflow_execution_signaled_event_attributes.signal_name
            signalled = signalled or name == signal
        elif signalled and event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_STARTED:
            return event.event_time.ToDatetime(UTC).timestamp()
    raise LookupError(f"{handle.id} was never signalled with {signal}")
