"""With a deployment, work goes to the release that was made current, also what waits for weeks."""

import asyncio
import uuid
from typing import Any

import pytest
from temporalio import workflow
from temporalio.api.workflowservice.v1 import SetWorkerDeploymentCurrentVersionRequest
from temporalio.client import Client, WorkflowHandle
from temporalio.plugin import SimplePlugin
from temporalio.service import RPCError

from bot.config.sections.temporal import TemporalSettings
from bot.temporal import client as temporal


@workflow.defn
class Idle:
    """Ends with the first click."""

    def __init__(self) -> None:
        self._click = ""

    @workflow.run
    async def run(self) -> str:
        """The click's name."""
        await workflow.wait_condition(lambda: bool(self._click))
        return self._click

    @workflow.signal
    def click(self, name: str) -> None:
        """Ends it."""
        self._click = name


async def make_current(client: Client, deployment: str, build: str) -> None:
    """What `temporal worker deployment set-current-version` does, once the worker is known."""
    request = SetWorkerDeploymentCurrentVersionRequest(
        namespace=client.namespace, deployment_name=deployment, build_id=build
    )
    async with asyncio.timeout(30):
        while True:
            try:
                await client.workflow_service.set_worker_deployment_current_version(request)
            except RPCError:
                await asyncio.sleep(0.1)
            else:
                return


async def builds(waiting: WorkflowHandle[Any, Any]) -> list[str]:
    """Which release did each workflow task, in order."""
    return [
        event.workflow_task_completed_event_attributes.deployment_version.build_id
        for event in (await waiting.fetch_history()).events
        if event.HasField("workflow_task_completed_event_attributes")
    ]


@pytest.mark.timeout(90)
async def test_an_approval_is_carried_on_by_the_release_made_current(
    temporal_address: str,
) -> None:
    """It began under the old one, whose workers are gone when the click comes."""
    ours = SimplePlugin("waiting", workflows=[Idle])
    client = await Client.connect(temporal_address, plugins=[ours])
    name = f"waiting-{uuid.uuid4().hex[:8]}"
    settings = TemporalSettings(task_queue=name, deployment=name)
    old = temporal.worker(client, settings, "0.1.0")
    async with old:
        await make_current(client, name, "0.1.0")
        waiting = await client.start_workflow(Idle.run, id=name, task_queue=name)
        async with asyncio.timeout(30):
            while not await builds(waiting):  # noqa: ASYNC110 - the server has a pace of its own
                await asyncio.sleep(0.05)
        async with temporal.worker(client, settings, "0.2.0"):
            await make_current(client, name, "0.2.0")
            await old.shutdown()
            await waiting.signal(Idle.click, "approved")
            async with asyncio.timeout(30):
                assert await waiting.result() == "approved"
            carried = await builds(waiting)
            assert (carried[0], carried[-1]) == ("0.1.0", "0.2.0")
