"""Takes activities off a task queue before the worker can, and answers them with nonsense."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from temporalio.api.common.v1 import Payload, Payloads
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import (
    PollActivityTaskQueueRequest,
    RespondActivityTaskCompletedRequest,
)
from temporalio.client import Client

POLLERS = 20
NONSENSE = Payload(metadata={"encoding": b"json/plain"}, data=b'{"forged": true}')


@contextlib.asynccontextmanager
async def answers_activities(client: Client, queue: str) -> AsyncIterator[list[str]]:
    """While the block lasts; the names of the activities taken."""
    taken: list[str] = []
    thieves = [asyncio.create_task(_steal(client, queue, taken)) for _ in range(POLLERS)]
    try:
        yield taken
    finally:
        for thief in thieves:
            thief.cancel()
        await asyncio.gather(*thieves, return_exceptions=True)


async def _steal(client: Client, queue: str, taken: list[str]) -> None:
    service = client.workflow_service
    while True:
        task = await service.poll_activity_task_queue(
            PollActivityTaskQueueRequest(
                namespace=client.namespace, task_queue=TaskQueue(name=queue), identity="thief"
            )
        )
        if task.task_token:
            taken.append(task.activity_type.name)
            await service.respond_activity_task_completed(
                RespondActivityTaskCompletedRequest(
                    namespace=client.namespace,
                    task_token=task.task_token,
                    result=Payloads(payloads=[NONSENSE]),
                )
            )
