"""Private answers of one approval: sent beside its own path, and worth nothing after minutes."""

import asyncio

from temporalio import workflow
from temporalio.exceptions import ActivityError

from workflows.activities import BRIEF, CardActivities, Notice
from workflows.messages.decisions import Place, Reply
from workflows.messages.requests import ApprovalRequest


class Replies:
    """The answers under way; all are given before the workflow ends."""

    def __init__(self, request: ApprovalRequest) -> None:
        self._request = request
        self._running: set[asyncio.Task[None]] = set()

    def give(self, to: str, place: Place | None, answer: Reply) -> None:
        """Answer one person, where they clicked."""
        notice = Notice(
            to=to,
            answer=answer,
            approval_id=self._request.id,
            title=self._request.title,
            place=self._near(place),
        )
        task = asyncio.create_task(self._send(notice))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def finished(self) -> None:
        """Wait until everything has been said."""
        await workflow.wait_condition(lambda: not self._running)

    async def _send(self, notice: Notice) -> None:
        try:
            await workflow.execute_activity_method(CardActivities.answer, notice, **BRIEF)
        except ActivityError:
            workflow.logger.warning("a private answer could not be delivered")

    def _near(self, place: Place | None) -> Place | None:
        """Where a private answer is seen by whoever clicked there: the thread, or the channel."""
        thread = self._request.thread
        if place is None or place.channel == thread.channel:
            return place and thread
        return Place(channel=place.channel)
