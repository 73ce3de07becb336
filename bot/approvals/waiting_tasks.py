"""Tells tasks of the cards they wait for: implements `notifications.slack.delivery.TellsTasks`."""

import asyncio

import structlog
from temporalio.client import Client
from temporalio.service import RPCError

from workflows.messages.tasks import Waiting
from workflows.task.workflow import TaskWorkflow

log = structlog.get_logger()

SECONDS = 2.0


class WaitingTasks:
    """By a signal: a task that is over, or a server that is away, holds up no card."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def waiting(self, task: str, told: Waiting) -> None:
        """The same twice is told once; the next change of the card tells it again."""
        handle = self._client.get_workflow_handle(task)
        try:
            async with asyncio.timeout(SECONDS):
                await handle.signal(TaskWorkflow.waiting, told)
        except (RPCError, RuntimeError, TimeoutError) as error:  # a lazy client may not connect
            log.info("a task was not told who is waited for", error=type(error).__name__)
