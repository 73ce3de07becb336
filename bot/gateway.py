"""Hands decisions to Temporal, or keeps them: after `decide` returns, a click cannot be lost.

A signal needs no worker. When Temporal does not take it within the budget, the click goes into the
inbox (fsync) and is delivered later, in order. While Temporal is known to be down, clicks go
straight to the inbox, so that Slack's three seconds are never at risk.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from enum import StrEnum

import structlog
from temporalio.client import Client, WorkflowHandle
from temporalio.service import RPCError, RPCStatusCode

from storage.inbox import ClickInbox
from workflows.approval import ApprovalWorkflow
from workflows.decisions import Answer, Decision, Reply, Settlement
from workflows.frozen import Frozen

log = structlog.get_logger()

BUDGET = 1.0
PAUSE = 2.0
DRAIN_EVERY = 1.0
QUERY_SECONDS = 10.0

LateAnswer = Callable[[str, Decision], Awaitable[None]]
"""Tells the clicker what his kept click met; called when its approval had ended meanwhile."""


class Taken(StrEnum):
    """What became of a click at the door."""

    DELIVERED = "delivered"
    KEPT = "kept"
    CLOSED = "closed"


class KeptDecision(Frozen):
    """A decision in the inbox, with the approval it is for."""

    approval_id: str
    decision: Decision


class Gateway:
    """The one door between clicks and workflows."""

    def __init__(self, client: Client, inbox: ClickInbox) -> None:
        self._client = client
        self._inbox = inbox
        self._down_until = 0.0

    async def decide(self, approval_id: str, decision: Decision) -> Taken:
        """Deliver or keep; safe to acknowledge once this returns. Raises only if neither works."""
        if time.monotonic() >= self._down_until and not await self._inbox.count():
            taken = await self._signal(approval_id, decision)
            if taken is not None:
                return taken
        kept = KeptDecision(approval_id=approval_id, decision=decision)
        await self._inbox.put(decision.id, kept.model_dump_json().encode())
        return Taken.KEPT

    async def _signal(self, approval_id: str, decision: Decision) -> Taken | None:
        """None when Temporal did not take it; the same signal twice does no harm."""
        try:
            await asyncio.wait_for(
                self._handle(approval_id).signal(ApprovalWorkflow.decide, decision), BUDGET
            )
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return Taken.CLOSED
            log.warning("temporal refused a click", status=str(error.status))
        except TimeoutError:
            log.warning("temporal did not take a click in time")
        else:
            return Taken.DELIVERED
        self._down_until = time.monotonic() + PAUSE
        return None

    async def late_answer(self, approval_id: str, decision: Decision) -> Answer:
        """What somebody is told who clicks after the end; the closed workflow knows."""
        try:
            return await asyncio.wait_for(
                self._handle(approval_id).query(ApprovalWorkflow.reply_to, decision), QUERY_SECONDS
            )
        except (RPCError, TimeoutError):
            return Answer(reply=Reply.UNKNOWN)

    def _handle(self, approval_id: str) -> WorkflowHandle[ApprovalWorkflow, Settlement]:
        return self._client.get_workflow_handle_for(ApprovalWorkflow.run, approval_id)

    async def drain(self, answer_late: LateAnswer) -> None:
        """Deliver what was kept, in order, for ever; whoever came too late is told."""
        while True:
            await asyncio.sleep(DRAIN_EVERY)
            for click in await self._inbox.pending():
                kept = KeptDecision.model_validate_json(click.payload)
                taken = await self._signal(kept.approval_id, kept.decision)
                if taken is None:
                    break
                if taken is Taken.CLOSED:
                    await answer_late(kept.approval_id, kept.decision)
                await self._inbox.done(click.id, taken)
