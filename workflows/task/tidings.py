"""What the requester of a task is told beside its own path: a failure that waits, and the end."""

import asyncio
from collections.abc import Callable

from temporalio import workflow

from workflows.activities import PATIENT, CardActivities
from workflows.messages.tasks import TaskView


class Tidings:
    """One message for each failure and one for the end; `view` gives the task as it stands."""

    def __init__(self, view: Callable[[], TaskView]) -> None:
        self._view = view
        self._failure: asyncio.Task[None] | None = None

    def failed(self) -> None:
        """Tell of the failure, as soon as Slack takes it."""
        self._failure = asyncio.create_task(self._tell(self._view()))

    def take_back(self) -> None:
        """Somebody helped already: what could not be told until now needs not be told any more."""
        if self._failure is not None:
            self._failure.cancel()
            self._failure = None

    async def ended(self, ready: Callable[[], bool]) -> None:
        """Tell of the end, once it is `ready`: the message that it links to stands by then."""
        await workflow.wait_condition(ready)
        await self._tell(self._view())

    async def _tell(self, view: TaskView) -> None:
        await workflow.execute_activity_method(CardActivities.tell_requester, view, **PATIENT)
