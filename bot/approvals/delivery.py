"""Hands gestures to Temporal, or keeps them: after `send` returns, a click cannot be lost.

A signal needs no worker. When Temporal does not take it within the budget, the click goes into the
inbox (fsync) and is delivered later, in order. While Temporal is known to be down, clicks go
straight to the inbox, so that an ack takes 0.3 s at most (p99), outage or not.
"""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from enum import StrEnum

import structlog
from pydantic import ValidationError
from temporalio.client import Client, WorkflowHandle
from temporalio.service import RPCError, RPCStatusCode

from bot.monitoring.metrics import Metrics
from storage.click_inbox import LATE, ClickInbox, PendingClick
from workflows import rules
from workflows.approval.workflow import ApprovalWorkflow
from workflows.messages.base import Frozen
from workflows.messages.decisions import (
    Decision,
    Delegation,
    Place,
    Reply,
    ReplyKind,
    Settlement,
    Snooze,
    Via,
    Withdrawal,
)

log = structlog.get_logger()

FIRST_TRY_SECONDS = 0.1
BUDGET = 2.0
PAUSE = 2.0
DRAIN_EVERY = 1.0
QUERY_SECONDS = 10.0
ANSWER_SECONDS = 15.0
LOOK_AGAIN = 0.1
TELLINGS = 20

Gesture = Decision | Delegation | Snooze | Withdrawal
"""What a person may want of an approval."""

_NOT_NOW = (
    "This is closed already; by whom and when can't be looked up just now. Your decision wasn't "
    "recorded."
)

LateAnswer = Callable[[str, Gesture], Awaitable[None]]
"""Tells the clicker what their kept click met, where the workflow itself does not."""


class Taken(StrEnum):
    """What became of a click at the door."""

    DELIVERED = "delivered"
    KEPT = "kept"
    CLOSED = "closed"
    AGAIN = "again"
    """The same gesture was kept before: it is delivered, and answered, once."""


class KeptGesture(Frozen):
    """A gesture in the inbox, with the approval it is for; exactly one of the rest is set."""

    approval_id: str
    decision: Decision | None = None
    delegation: Delegation | None = None
    snooze: Snooze | None = None
    withdrawal: Withdrawal | None = None

    @property
    def gesture(self) -> Gesture | None:
        """The one that is set."""
        return self.decision or self.delegation or self.snooze or self.withdrawal


class Gateway:
    """The one door between clicks and workflows."""

    def __init__(self, client: Client, inbox: ClickInbox, metrics: Metrics | None = None) -> None:
        self._client = client
        self._inbox = inbox
        self._metrics = metrics or Metrics()
        self._down_until = 0.0

    async def decide(self, approval_id: str, decision: Decision) -> Taken:
        """Deliver or keep a decision."""
        return await self.send(approval_id, decision)

    async def send(self, approval_id: str, gesture: Gesture) -> Taken:
        """Deliver or keep; safe to acknowledge once this returns. Raises only if neither works."""
        taken = await self._deliver_or_keep(approval_id, gesture)
        self._metrics.taken(taken)
        return taken

    async def _deliver_or_keep(self, approval_id: str, gesture: Gesture) -> Taken:
        if time.monotonic() >= self._down_until and not await self._inbox.count():
            taken = await self._signal(approval_id, gesture, FIRST_TRY_SECONDS)
            if taken is not None:
                return taken
        kept = _kept(approval_id, gesture)
        new = await self._inbox.put(gesture.id, kept.model_dump_json(exclude_none=True).encode())
        self._metrics.inbox(await self._inbox.count())
        return Taken.KEPT if new else Taken.AGAIN

    async def _signal(self, approval_id: str, gesture: Gesture, budget: float) -> Taken | None:
        """None when Temporal did not take it; the same signal twice does no harm."""
        try:
            await asyncio.wait_for(_signalled(self._handle(approval_id), gesture), budget)
        except RPCError as error:
            if error.status in {RPCStatusCode.NOT_FOUND, RPCStatusCode.INVALID_ARGUMENT}:
                return Taken.CLOSED
            log.warning("temporal refused a click", status=str(error.status))
        except (TimeoutError, RuntimeError):  # a lazy client that cannot connect
            log.warning("temporal did not take a click in time")
        else:
            return Taken.DELIVERED
        self._down_until = time.monotonic() + PAUSE
        return None

    async def late_answer(
        self, approval_id: str, gesture: Gesture, seconds: float = QUERY_SECONDS
    ) -> Reply:
        """What this gesture met, or would meet; a closed workflow knows, too."""
        asked = gesture
        if not isinstance(asked, Decision):
            asked = rules.says_nothing(
                gesture.by,
                getattr(gesture, "team", ""),
                datetime.now(UTC),
                id=gesture.id,
                enterprise=getattr(gesture, "enterprise", ""),
            )
        answer = Reply(reply=ReplyKind.DONE, detail=_NOT_NOW)
        try:
            async with asyncio.timeout(seconds):
                answer = await self._handle(approval_id).query(ApprovalWorkflow.reply_to, asked)
                while answer.pending:  # whoever decided is being looked up
                    answer = Reply(reply=ReplyKind.KEPT, told=answer.told)
                    await asyncio.sleep(LOOK_AGAIN)
                    answer = await self._handle(approval_id).query(ApprovalWorkflow.reply_to, asked)
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return Reply(reply=ReplyKind.UNKNOWN)
        except (TimeoutError, RuntimeError):
            pass
        return answer

    async def near(self, approval_id: str, place: Place | None) -> Place | None:
        """Where an answer is seen by whoever clicked there: the card's thread, else the channel."""
        if place is None:
            return None
        with contextlib.suppress(RPCError, RuntimeError, TimeoutError):
            async with asyncio.timeout(QUERY_SECONDS):
                view = await self._handle(approval_id).query(ApprovalWorkflow.view)
            if view.request.thread.channel == place.channel:
                return view.request.thread
        return Place(channel=place.channel)

    def _handle(self, approval_id: str) -> WorkflowHandle[ApprovalWorkflow, Settlement]:
        return self._client.get_workflow_handle_for(ApprovalWorkflow.run, approval_id)

    async def drain(self, answer_late: LateAnswer) -> None:
        """Deliver what was kept, in order, for ever; whoever came too late is told beside that."""
        await asyncio.gather(self._deliver_for_ever(), self._tell_for_ever(answer_late))

    async def _deliver_for_ever(self) -> None:
        while True:
            try:
                more = await self._deliver_kept()
            except Exception as error:  # the edge: kept clicks outlive any error
                log.error("kept clicks could not be delivered", exc_info=error)
                more = False
            if not more:
                await asyncio.sleep(DRAIN_EVERY)

    async def _deliver_kept(self) -> bool:
        """Some of the oldest; False when there is nothing to do, or nothing can be done now."""
        self._metrics.inbox(await self._inbox.count())
        clicks = await self._inbox.pending()
        for click in clicks:
            if not await self._deliver_one(click):
                return False
        return bool(clicks)

    async def _deliver_one(self, click: PendingClick) -> bool:
        """False when Temporal does not take it now. What cannot be read is put aside."""
        kept = _read(click.payload)
        if kept is None or (gesture := kept.gesture) is None:
            log.error("a kept click cannot be read", click=click.id)
            await self._inbox.failed(click.id, "unreadable", give_up=True)
            return True
        taken = await self._signal(kept.approval_id, gesture, BUDGET)
        if taken is None:
            return False
        if taken is Taken.CLOSED or _unanswered(gesture):
            await self._inbox.late(click.id)
        else:
            await self._inbox.done(click.id, taken)
        return True

    async def _tell_for_ever(self, answer_late: LateAnswer) -> None:
        """Answers need a worker and Slack; the clicks behind them do not wait for either."""
        while True:
            await asyncio.sleep(DRAIN_EVERY)
            try:
                untold = await self._inbox.untold()
                await asyncio.gather(*(self._tell(click, answer_late) for click in untold))
            except Exception as error:  # the edge: answers outlive any error
                log.error("late answers could not be given", exc_info=error)

    async def _tell(self, click: PendingClick, answer_late: LateAnswer) -> None:
        kept = _read(click.payload)
        assert kept is not None
        assert kept.gesture is not None
        try:
            await asyncio.wait_for(answer_late(kept.approval_id, kept.gesture), ANSWER_SECONDS)
        except Exception as error:  # noqa: BLE001 - the edge: the click itself is safe
            log.warning("a late answer was not given", error=type(error).__name__)
            await self._inbox.failed(click.id, LATE, give_up=click.attempts >= TELLINGS)
        else:
            await self._inbox.done(click.id, Taken.CLOSED)


def _read(payload: bytes) -> KeptGesture | None:
    try:
        return KeptGesture.model_validate_json(payload)
    except ValidationError:
        return None


def _kept(approval_id: str, gesture: Gesture) -> KeptGesture:
    match gesture:
        case Decision():
            return KeptGesture(approval_id=approval_id, decision=gesture)
        case Delegation():
            return KeptGesture(approval_id=approval_id, delegation=gesture)
        case Snooze():
            return KeptGesture(approval_id=approval_id, snooze=gesture)
        case Withdrawal():
            return KeptGesture(approval_id=approval_id, withdrawal=gesture)


async def _signalled(
    handle: WorkflowHandle[ApprovalWorkflow, Settlement], gesture: Gesture
) -> None:
    match gesture:
        case Decision():
            await handle.signal(ApprovalWorkflow.decide, gesture)
        case Delegation():
            await handle.signal(ApprovalWorkflow.delegate, gesture)
        case Snooze():
            await handle.signal(ApprovalWorkflow.snooze, gesture)
        case Withdrawal():
            await handle.signal(ApprovalWorkflow.withdraw, gesture)


def _unanswered(gesture: Gesture) -> bool:
    """The workflow leaves the answers of a bulk decision to whoever sent it."""
    return isinstance(gesture, Decision) and gesture.via is Via.BULK
