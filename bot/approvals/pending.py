"""The approvals that wait, as the watch over Slack's events meets them: is there one, tell them."""

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime

from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from bot.config.errors import UnavailableError
from workflows.approval import search_attributes
from workflows.approval.workflow import ApprovalWorkflow
from workflows.messages.outage import Outage

AT_ONCE = 20
MOST = 10_000


class PendingInTemporal:
    """Found by Temporal's visibility. Every method raises UnavailableError without Temporal."""

    def __init__(self, client: Client, task_queue: str) -> None:
        self._client = client
        self._query = search_attributes.pending(queue=task_queue)

    async def any_waits(self) -> bool:
        """Whether there is one."""
        try:
            return (await self._client.count_workflows(self._query)).count > 0
        except (RPCError, RuntimeError) as error:
            raise _unavailable(error) from None

    async def bridge(self, outage: Outage, raised_before: datetime, told: set[str]) -> set[str]:
        """Tell every one raised before this moment, except those told already; who was told."""
        before = raised_before.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        query = f"{self._query} AND StartTime < '{before}'"
        try:
            found = [one.id async for one in self._client.list_workflows(query, limit=MOST)]
        except (RPCError, RuntimeError) as error:
            raise _unavailable(error) from None
        return await self.end(outage, [one for one in found if one not in told])

    async def end(self, outage: Outage, approvals: Iterable[str]) -> set[str]:
        """Tell exactly these, as far as they still wait; who was told."""
        gate = asyncio.Semaphore(AT_ONCE)

        async def tell(approval: str) -> str:
            async with gate:
                return await self._signal(approval, outage)

        return set(filter(None, await asyncio.gather(*map(tell, approvals))))

    async def _signal(self, approval: str, outage: Outage) -> str:
        """The id, or nothing when Temporal did not take it and it has to be told again."""
        handle = self._client.get_workflow_handle(approval)
        try:
            await handle.signal(ApprovalWorkflow.bridge, outage)
        except RPCError as error:
            return approval if error.status is RPCStatusCode.NOT_FOUND else ""
        return approval


def _unavailable(error: Exception) -> UnavailableError:
    return UnavailableError(f"Temporal does not answer just now ({type(error).__name__}).")
