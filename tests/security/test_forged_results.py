"""What an activity or a child did is told by the one that did it, and by nobody else."""

from collections.abc import Awaitable, Callable, Sequence

import pytest
from temporalio.api.common.v1 import Payload
from temporalio.api.enums.v1 import EventType, WorkflowTaskFailedCause
from temporalio.api.failure.v1 import Failure
from temporalio.api.workflowservice.v1 import (
    PollActivityTaskQueueResponse,
    RespondActivityTaskFailedRequest,
)
from temporalio.service import RPCError

from bot.processes import bootstrap
from bot.temporal import client as temporal
from notifications.cards.buttons import ActionId
from storage.payloads.mac_codec import MAC, NO_MAC, WRONG_MAC
from tests.e2e.conftest import Office
from tests.e2e.gestures import approval_of, first_card
from tests.e2e.security.test_encryption import running
from tests.security.conftest import Outsider, refused
from tests.security.test_forged_messages import until, view_of
from tests.security.test_keys_in_flight import office, replays
from tests.security.thief import answers_activities

__all__ = ["office"]
Task = PollActivityTaskQueueResponse
Lie = Callable[[Outsider, Task], Awaitable[Sequence[Payload] | Failure]]


async def nothing(_: Outsider, task: Task) -> Sequence[Payload]:
    """Done, without a result."""
    return []


async def argument(_: Outsider, task: Task) -> Sequence[Payload]:
    """What the activity was given, which we have signed."""
    return task.input.payloads[:1]


async def other_result(outsider: Outsider, task: Task) -> Sequence[Payload]:
    """What another activity of the same workflow answered, which we have signed."""
    workflow = outsider.client.get_workflow_handle(task.workflow_execution.workflow_id)
    async for event in workflow.fetch_history_events():
        if event.event_type is EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED:
            [found] = event.activity_task_completed_event_attributes.result.payloads
            if MAC in found.metadata:
                return [found]
    raise LookupError(workflow.id)


async def failed(_: Outsider, task: Task) -> Failure:
    """It cannot be done, and need not be tried again."""
    failure = Failure(message="Nobody may decide this.")
    failure.application_failure_info.non_retryable = True
    return failure


async def failed_with_an_argument(outsider: Outsider, task: Task) -> Failure:
    """The same, with something we have signed as its proof."""
    failure = await failed(outsider, task)
    failure.encoded_attributes.CopyFrom(task.input.payloads[0])
    return failure


LIES = {
    "nothing": (nothing, "without a result"),
    "argument": (argument, "made for another message"),
    "another result": (other_result, WRONG_MAC),
    "failed": (failed, NO_MAC),
    "failed with an argument": (failed_with_an_argument, "made for another message"),
}


@pytest.mark.parametrize(("lie", "problem"), LIES.values(), ids=LIES)
async def test_only_its_own_result_answers_an_activity(
    office: Office, outsider: Outsider, lie: Lie, problem: str
) -> None:
    """Whatever else we have signed for the same workflow is asked for again, and jams nothing."""
    thread, taken = await _lied_to(office, outsider, lie)
    async with running(office, office.settings):
        await office.decided(thread, "analysis")
        card = await office.card(thread, "strategy")
        assert (await view_of(office, approval_of(card))).ballot.outcome is None

        async def told() -> None:
            what = "failure" if lie in (failed, failed_with_an_argument) else "result"
            if missing := {f"{what} of {name}: {problem}" for name in taken} - set(
                await refused(office)
            ):
                raise LookupError(missing)

        await until(told)
    assert await _jammed(office, outsider) == []
    assert await replays(office) >= 2


async def _lied_to(office: Office, outsider: Outsider, lie: Lie) -> tuple[str, list[str]]:
    """Grace approves while an outsider answers activities; the thread, and which were answered."""
    await bootstrap.prepare(office.settings)
    settings, queue = office.settings, office.settings.temporal.task_queue
    without_activities = await bootstrap.connect(settings)

    async def answer(task: Task) -> Sequence[Payload] | Failure:
        return await lie(outsider, task)

    async def two_taken() -> None:
        if len(taken) < 2:
            raise LookupError(taken)

    async with bootstrap.bot(settings):
        async with bootstrap.worker(settings, office.agent):
            thread, card = await first_card(office)
            await view_of(office, approval_of(card))
        async with (
            temporal.worker(without_activities, settings.temporal),
            answers_activities(outsider.client, queue, answer) as taken,
        ):
            await office.grace.click(card, ActionId.APPROVE)
            await until(two_taken)
    return thread, taken


async def _jammed(office: Office, outsider: Outsider) -> list[str]:
    """Why workflow tasks failed, but for those that only came too late for a message."""
    late = WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_UNHANDLED_COMMAND
    queue = f"TaskQueue = '{office.settings.temporal.task_queue}'"
    return [
        event.workflow_task_failed_event_attributes.failure.message
        async for found in outsider.client.list_workflows(queue)
        async for event in outsider.client.get_workflow_handle(found.id).fetch_history_events()
        if event.event_type is EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED
        and event.workflow_task_failed_event_attributes.cause != late
    ]


@pytest.mark.parametrize("kind", ["timeout", "server", "canceled", "terminated", "activity"])
async def test_what_only_the_server_says_the_server_takes_from_nobody(
    office: Office, outsider: Outsider, kind: str
) -> None:
    """A worker that tells of a time-out, as the server does, is refused by the server."""
    refusals: list[str] = []

    async def lie(_: Outsider, task: Task) -> Failure:
        failure = Failure(message="No answer in time.")
        getattr(failure, f"{kind}_failure_info").SetInParent()
        request = RespondActivityTaskFailedRequest(
            namespace=outsider.client.namespace, task_token=task.task_token, failure=failure
        )
        try:
            await outsider.client.workflow_service.respond_activity_task_failed(request)
        except RPCError as error:
            refusals.append(error.message)
        return await failed(outsider, task)

    await _lied_to(office, outsider, lie)
    assert refusals
    assert all("ApplicationFailureInfo" in said for said in refusals)
