"""Takes activities off a task queue before the worker can, and answers them as it likes."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

from temporalio.api.common.v1 import Payload, Payloads
from temporalio.api.failure.v1 import Failure
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import (
    PollActivityTaskQueueRequest,
    PollActivityTaskQueueResponse,
    RespondActivityTaskCompletedRequest,
    RespondActivityTaskFailedRequest,
)
from temporalio.client import Client

POLLERS = 20
NONSENSE = Payload(metadata={"encoding": b"json/plain"}, data=b'{"forged": true}')
Answer = Callable[[PollActivityTaskQueueResponse], Awaitable[Sequence[Payload] | Failure]]


async def nonsense(task: PollActivityTaskQueueResponse) -> Sequence[Payload]:
    """A plain value."""
    return [NONSENSE]


@contextlib.asynccontextmanager
async def answers_activities(
    client: Client, queue: str, answer: Answer = nonsense
) -> AsyncIterator[list[str]]:
    """While the block lasts; the names of the activities taken."""
    taken: list[str] = []
    thieves = [asyncio.create_task(_steal(client, queue, taken, answer)) for _ in range(POLLERS)]
    try:
        yield taken
    finally:
        for thief in thieves:
            thief.cancel()
        await asyncio.gather(*thieves, return_exceptions=True)


async def _steal(client: Client, queue: str, taken: list[str], answer: Answer) -> None:
    service = client.workflow_service
    while True:
        task = await service.poll_activity_task_queue(
            PollActivityTaskQueueRequest(
                namespace=client.namespace, task_queue=TaskQueue(name=queue), identity="thief"
            )
        )
        if not task.task_token:
            continue
        said = await answer(task)
        if isinstance(said, Failure):
            await service.respond_activity_task_failed(
                RespondActivityTaskFailedRequest(
                    namespace=client.namespace, task_token=task.task_token, failure=said
                )
            )
        else:
            done = RespondActivityTaskCompletedRequest(
                namespace=client.namespace, task_token=task.task_token
            )
            if said:
                done.result.CopyFrom(Payloads(payloads=said))
            await service.respond_activity_task_completed(done)
        taken.append(task.activity_type.name)
