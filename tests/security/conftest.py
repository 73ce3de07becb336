"""All of Signoff, and somebody who reaches its Temporal server."""

from collections.abc import Sequence
from typing import Any

import pytest
from temporalio.api.common.v1 import Payload, WorkflowExecution
from temporalio.api.enums.v1 import EventType, WorkflowIdReusePolicy
from temporalio.api.workflowservice.v1 import (
    SignalWorkflowExecutionRequest,
    StartWorkflowExecutionRequest,
)
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter

from storage.audit.events import AuditRow
from storage.audit.log import AuditLog
from storage.database import create_engine
from tests.e2e.conftest import Office, office, offline_office, read_seconds, workspace

__all__ = ["office", "offline_office", "read_seconds", "workspace"]


class Outsider:
    """A client of the Temporal server without our keys; it may read every history."""

    def __init__(self, client: Client) -> None:
        self.client = client

    async def signal(self, workflow: str, name: str, payloads: Sequence[Payload]) -> None:
        """Send exactly these payloads."""
        request = SignalWorkflowExecutionRequest(
            namespace=self.client.namespace, signal_name=name, identity="outsider"
        )
        request.workflow_execution.CopyFrom(WorkflowExecution(workflow_id=workflow))
        request.input.payloads.extend(payloads)
        await self.client.workflow_service.signal_workflow_execution(request)

    async def start(
        self, workflow: str, kind: str, queue: str, payloads: Sequence[Payload]
    ) -> None:
        """Start a workflow with exactly these arguments."""
        request = StartWorkflowExecutionRequest(
            namespace=self.client.namespace,
            workflow_id=workflow,
            request_id=f"outsider-{workflow}",
            workflow_id_reuse_policy=WorkflowIdReusePolicy.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
        )
        request.workflow_type.name, request.task_queue.name = kind, queue
        request.input.payloads.extend(payloads)
        await self.client.workflow_service.start_workflow_execution(request)

    async def plain(self, *values: Any) -> list[Payload]:
        """What our own client would have sent before there were keys."""
        return await pydantic_data_converter.encode(values)

    async def sent(self, workflow: str, signal: str) -> list[Payload]:
        """The payloads of the first signal of this name, copied from the history."""
        async for event in self.client.get_workflow_handle(workflow).fetch_history_events():
            if event.event_type is EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED:
                attributes = event.workflow_execution_signaled_event_attributes
                if attributes.signal_name == signal:
                    return list(attributes.input.payloads)
        raise LookupError(signal)

    async def started_with(self, workflow: str) -> list[Payload]:
        """The arguments that this workflow was started with."""
        async for event in self.client.get_workflow_handle(workflow).fetch_history_events():
            return list(event.workflow_execution_started_event_attributes.input.payloads)
        raise LookupError(workflow)


@pytest.fixture
async def outsider(temporal_address: str) -> Outsider:
    """Somebody else on this machine."""
    return Outsider(await Client.connect(temporal_address, data_converter=pydantic_data_converter))


async def recorded(office: Office) -> list[AuditRow]:
    """The audit log, which has to be sound."""
    engine = create_engine(office.settings.database_url)
    try:
        log = AuditLog(engine)
        assert (await log.verify()).ok
        return [row async for row in log.rows()]
    finally:
        await engine.dispose()


async def refused(office: Office) -> list[str]:
    """What the audit log says of messages without proof: which, and why."""
    return [
        f"{row.detail['message']}: {row.detail['unverified']}"
        for row in await recorded(office)
        if "unverified" in row.detail
    ]
