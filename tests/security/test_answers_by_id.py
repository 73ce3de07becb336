"""What an outsider answers for an activity: an earlier run's result, or a failure."""

import uuid
from datetime import timedelta
from pathlib import Path

import pytest
from temporalio import activity, workflow
from temporalio.api.common.v1 import Payloads
from temporalio.api.failure.v1 import Failure
from temporalio.api.workflowservice.v1 import (
    RespondActivityTaskCompletedByIdRequest,
    RespondActivityTaskFailedByIdRequest,
)
from temporalio.client import Client
from temporalio.exceptions import ActivityError, ApplicationError
from temporalio.worker import Worker

from bot.temporal.data_converter import data_converter
from bot.temporal.verified_calls import Purposes, VerifiedActivities
from bot.temporal.verified_workflows import VerifyingRunner
from storage.payloads.codec import AesGcmCodec
from storage.payloads.files import PayloadFiles
from storage.payloads.mac_codec import MacCodec
from storage.payloads.mac_keys import MacKeyFile
from tests.security.conftest import Outsider
from tests.security.thief import NONSENSE
from workflows.messages.audit import AuditEntry


@workflow.defn
class Renewed:
    """Asks once in each of two runs."""

    @workflow.run
    async def run(self, number: int) -> int:
        said: int = await workflow.execute_activity(
            "say", number, result_type=int, start_to_close_timeout=timedelta(seconds=20)
        )
        if number == 1:
            workflow.continue_as_new(2)
        return said


class Says:
    """Says its number; in the second run an outsider is faster, with what the first run signed."""

    def __init__(self, outsider: Outsider, first: str) -> None:
        self._outsider, self._first = outsider, first
        self.asked: list[int] = []

    @activity.defn(name="say")
    async def say(self, number: int) -> int:
        self.asked.append(number)
        if self.asked == [1, 2]:
            await self._forge(activity.info().activity_id)
        return number

    async def _forge(self, number: str) -> None:
        client, workflow = self._outsider.client, activity.info().workflow_id
        assert workflow is not None
        old = [
            event.activity_task_completed_event_attributes.result.payloads[0]
            async for event in client.get_workflow_handle(
                workflow, run_id=self._first
            ).fetch_history_events()
            if event.HasField("activity_task_completed_event_attributes")
        ]
        await client.workflow_service.respond_activity_task_completed_by_id(
            RespondActivityTaskCompletedByIdRequest(
                namespace=client.namespace,
                workflow_id=workflow,
                activity_id=number,
                result=Payloads(payloads=old),
            )
        )


async def test_a_result_of_an_earlier_run_is_asked_for_again(
    temporal_address: str, outsider: Outsider, tmp_path: Path
) -> None:
    """It has the same workflow, activity and number."""
    codec = MacCodec(MacKeyFile.kept(tmp_path / "payload-mac.json"))
    client = await Client.connect(
        temporal_address,
        data_converter=data_converter(PayloadFiles(tmp_path / "files"), codec),
        interceptors=[Purposes()],
    )
    name, refused = f"renewed-{uuid.uuid4().hex}", list[AuditEntry]()
    handle = await client.start_workflow(Renewed.run, 1, id=name, task_queue=name)
    assert handle.first_execution_run_id is not None
    says = Says(outsider, handle.first_execution_run_id)
    async with Worker(
        client,
        task_queue=name,
        workflows=[Renewed],
        activities=[says.say],
        interceptors=[VerifiedActivities()],
        workflow_runner=VerifyingRunner(refused.append),
        max_cached_workflows=0,
    ):
        assert await handle.result() == 2
    assert says.asked == [1, 2, 2]
    assert {entry.detail["unverified"] for entry in refused} == {"made for another message"}


@workflow.defn
class Unlucky:
    """Tells what it was told of a failure."""

    @workflow.run
    async def run(self, number: int) -> list[str]:
        try:
            await workflow.execute_activity(
                "fail", number, start_to_close_timeout=timedelta(seconds=20)
            )
        except ActivityError as error:
            return [str(detail) for detail in getattr(error.cause, "details", ())]
        return []


@pytest.mark.parametrize("encrypted", [False, True])
async def test_a_forged_failure_is_asked_for_again_and_our_own_comes_whole(
    temporal_address: str, outsider: Outsider, tmp_path: Path, encrypted: bool
) -> None:
    """The forged one with a bare cause, then ours, whose words only we read where we encrypt."""
    asked: list[str] = []

    @activity.defn(name="fail")
    async def fail(number: int) -> None:
        info = activity.info()
        asked.append(info.activity_id)
        if len(asked) > 1:
            raise ApplicationError("a secret reason", {"own": True}, non_retryable=True)
        failure = Failure(message="made up")
        failure.application_failure_info.non_retryable = True
        failure.application_failure_info.details.payloads.append(NONSENSE)
        await outsider.client.workflow_service.respond_activity_task_failed_by_id(
            RespondActivityTaskFailedByIdRequest(
                namespace=outsider.client.namespace,
                workflow_id=info.workflow_id or "",
                activity_id=info.activity_id,
                failure=failure,
            )
        )

    inner = AesGcmCodec({"k": b"k" * 32}, "k", read_plain=False) if encrypted else None
    codec = MacCodec(MacKeyFile.kept(tmp_path / "payload-mac.json"), inner)
    client = await Client.connect(
        temporal_address,
        data_converter=data_converter(PayloadFiles(tmp_path / "files"), codec),
        interceptors=[Purposes()],
    )
    refused: list[AuditEntry] = []
    name = f"unlucky-{uuid.uuid4().hex}"
    async with Worker(
        client,
        task_queue=name,
        workflows=[Unlucky],
        activities=[fail],
        interceptors=[VerifiedActivities()],
        workflow_runner=VerifyingRunner(refused.append),
    ):
        told = await client.execute_workflow(Unlucky.run, 1, id=name, task_queue=name)
    assert told == ["{'own': True}"]
    assert len(asked) == 2
    assert {entry.detail["message"] for entry in refused} == {"failure of fail"}
    history = (await client.get_workflow_handle(name).fetch_history()).to_json()
    assert ("a secret reason" in history) == (inner is None)
