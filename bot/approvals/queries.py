"""Approvals, as bot and command line see them: lists, one in full, a decision, a new one.

Lists come from Temporal's visibility: search attributes say which, the memo holds what a list
shows. No list asks a workflow. Visibility on SQL has no order of its own, so the most urgent ones
are found by narrowing the window of deadlines until few enough are in it.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import UTC, datetime, timedelta

from temporalio.client import (
    Client,
    WorkflowExecution,
    WorkflowHandle,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError

from bot.config.errors import BadRequest, UnavailableError
from bot.temporal.client import MISREAD, is_other, unavailable, unknown
from notifications.cards.buttons import HomeCursor
from notifications.views.approval_list import DecidedLine, PendingLine, PendingPage
from storage.errors import StorageError
from workflows.activities import BEGINNINGS
from workflows.approval import search_attributes
from workflows.approval.workflow import ApprovalWorkflow
from workflows.messages.decisions import Decision, Delegation, Reply, Settlement
from workflows.messages.policy import Risk
from workflows.messages.requests import ApprovalRequest, CardView, Look

TOGETHER = 40
"""As many as the form for several at once offers."""
LOOK_SECONDS = 2.0
"""A form has to open within three seconds of the click; the rest is for the network."""
WINDOW = 300
SHORTEST = timedelta(minutes=15)
LONGEST = timedelta(days=400)
NARROWINGS = 8
AT_ONCE = 100
DECIDED = 50
"""How many more are looked at for a page, in case the person has decided some of them."""


class Approvals:
    """Everything about approvals that does not need Slack."""

    def __init__(self, client: Client, task_queue: str = "") -> None:
        self._client = client
        self._queue = task_queue

    async def pending(self, approver: str = "", most: int = 50) -> list[PendingLine]:
        """Pending approvals, of one approver or of everybody, most urgent first."""
        return list((await self.page(approver, most=most)).lines)

    def _pending(self, approver: str, *conditions: str) -> str:
        approved_by = search_attributes.equals(search_attributes.APPROVERS, approver)
        return search_attributes.pending(approved_by, *conditions, queue=self._queue)

    async def page(
        self, approver: str = "", cursor: HomeCursor | None = None, most: int = 50
    ) -> PendingPage:
        """One page of what waits, by the cursor's filters, and how much waits in all.

        What this approver has decided already does not wait for them; it is left out, and of a
        very long list only those of them that would be on the page are left out of the total.
        """
        query = self._pending(approver, *_filtered(cursor or HomeCursor()))
        total = await self._count(query)
        reach = most + DECIDED if approver else most
        if total > max(reach, WINDOW):
            query += await self._window(query, reach)
        found = await self._urgent(query, max(reach, WINDOW), reach)
        lines = [line for line in found if not (approver and line.decided_by(approver))]
        return PendingPage(lines=tuple(lines[:most]), total=total - (len(found) - len(lines)))

    async def concerns(self, user: str, task: str) -> bool:
        """Whether an approval of this task names this person as an approver, ended or not."""
        query = search_attributes.query(
            "ApprovalWorkflow",
            search_attributes.equals(search_attributes.TASK, task),
            search_attributes.equals(search_attributes.APPROVERS, user),
            queue=self._queue,
            status="",
        )
        return await self._count(query) > 0

    async def asked(self, requester: str, most: int) -> list[PendingLine]:
        """What this person asked for and what waits, most urgent first."""
        asked = self._pending("", search_attributes.equals(search_attributes.REQUESTER, requester))
        return await self._urgent(asked, WINDOW, most)

    async def among(self, ids: Sequence[str], approver: str = "") -> list[PendingLine]:
        """Those of these that wait, for this person or for anybody; most urgent first."""
        lines: list[PendingLine] = []
        for begin in range(0, len(ids), AT_ONCE):
            some = map(search_attributes.quotable, ids[begin : begin + AT_ONCE])
            listed = f"WorkflowId IN ({', '.join(map(repr, some))})"
            lines += await self._urgent(self._pending(approver, listed), AT_ONCE, AT_ONCE)
        return sorted(lines, key=lambda line: line.deadline)

    async def together(self, approver: str, most: int = TOGETHER) -> list[PendingLine]:
        """What this person may approve in one go: low risk, and no form asked for."""
        page = await self.page(approver, HomeCursor(risk=Risk.LOW), most)
        return [line for line in page.lines if not line.careful]

    async def decided(self, approver: str, most: int) -> list[DecidedLine]:
        """What this person could decide and what ended lately, the newest first."""
        query = search_attributes.query(
            "ApprovalWorkflow",
            search_attributes.equals(search_attributes.APPROVERS, approver),
            f"CloseTime > '{_iso(datetime.now(UTC) - timedelta(days=7))}'",
            queue=self._queue,
            status="Completed",
        )
        return [await _decided(found) async for found in self._list(query, most)]

    async def view(self, approval_id: str) -> CardView:
        """One approval as its card shows it, ended ones too."""
        handle = self._handle(approval_id)
        try:
            return await handle.query(ApprovalWorkflow.view)
        except MISREAD as error:
            raise await _misread(handle, error) from None
        except (RPCError, RuntimeError) as error:
            raise self._translated(error, approval_id) from None

    async def look(self, approval_id: str, seconds: float = LOOK_SECONDS) -> Look:
        """Card and result, at once or not at all: raises UnavailableError after `seconds`."""
        handle = self._handle(approval_id)
        try:
            async with asyncio.timeout(seconds):
                return await handle.query(ApprovalWorkflow.look)
        except MISREAD as error:
            raise await _misread(handle, error) from None
        except TimeoutError:
            raise UnavailableError(
                "This can't be opened just now, because no worker answers. Nothing was done: "
                "please try again in a moment."
            ) from None
        except StorageError as error:
            raise UnavailableError(f"This can't be opened just now. {error}") from None
        except (RPCError, RuntimeError) as error:
            raise self._translated(error, approval_id) from None

    async def decide(self, approval_id: str, decision: Decision) -> Reply:
        """Decide and wait for the answer; the same rules as for a click."""
        handle = self._handle(approval_id)
        try:
            return await handle.execute_update(
                ApprovalWorkflow.decide_now, decision, id=decision.id
            )
        except WorkflowUpdateFailedError as error:
            raise BadRequest(str(error.cause)) from None
        except WorkflowUpdateRPCTimeoutOrCancelledError:
            raise UnavailableError(
                "No worker took the decision: start 'signoff worker' and try again."
            ) from None
        except (RPCError, RuntimeError) as error:
            if unknown(error):
                return await self._late(approval_id, decision)
            raise self._translated(error, approval_id) from None

    async def delegate(self, approval_id: str, delegation: Delegation) -> Reply:
        """Hand a decision on and wait for the answer; the same id is one delegation."""
        try:
            return await self._handle(approval_id).execute_update(
                ApprovalWorkflow.delegate_now, delegation, id=delegation.id
            )
        except WorkflowUpdateFailedError as error:
            raise BadRequest(str(error.cause)) from None
        except WorkflowUpdateRPCTimeoutOrCancelledError:
            raise UnavailableError("No worker answers just now; delegate it on its card.") from None
        except (RPCError, RuntimeError) as error:
            raise self._translated(error, approval_id) from None

    async def raise_request(self, request: ApprovalRequest) -> None:
        """Start an approval that belongs to no task; the same id twice is one approval."""
        try:
            await self._client.start_workflow(
                ApprovalWorkflow.run,
                request,
                id=request.id,
                task_queue=self._queue,
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                priority=BEGINNINGS,
            )
        except WorkflowAlreadyStartedError:
            return
        except (RPCError, RuntimeError) as error:
            raise self._translated(error, request.id) from None

    async def _late(self, approval_id: str, decision: Decision) -> Reply:
        try:
            return await self._handle(approval_id).query(ApprovalWorkflow.reply_to, decision)
        except (RPCError, RuntimeError) as error:
            raise self._translated(error, approval_id) from None

    async def _count(self, query: str) -> int:
        try:
            return (await self._client.count_workflows(query)).count
        except (RPCError, RuntimeError) as error:
            raise unavailable(error) from None

    async def _list(self, query: str, most: int) -> AsyncIterator[WorkflowExecution]:
        try:
            async for found in self._client.list_workflows(
                query, limit=most, page_size=min(most, 500)
            ):
                yield found
        except (RPCError, RuntimeError) as error:
            raise unavailable(error) from None

    async def _urgent(self, query: str, among: int, most: int) -> list[PendingLine]:
        """The most urgent ones; only their memos are decoded, which is what takes time."""
        found = [one async for one in self._list(query, among)]
        return [await _line(one) for one in sorted(found, key=_deadline)[:most]]

    async def _window(self, query: str, most: int) -> str:
        """A deadline before which lie at least `most` of them and not many more."""
        now = datetime.now(UTC)
        low, high = timedelta(0), SHORTEST
        while high < LONGEST and await self._count(query + _before(now + high)) < most:
            low, high = high, high * 4
        for _ in range(NARROWINGS):
            middle = (low + high) / 2
            count = await self._count(query + _before(now + middle))
            if most <= count <= WINDOW:
                return _before(now + middle)
            low, high = (middle, high) if count < most else (low, middle)
        return _before(now + high)

    def _handle(self, approval_id: str) -> WorkflowHandle[ApprovalWorkflow, Settlement]:
        return self._client.get_workflow_handle_for(ApprovalWorkflow.run, approval_id)

    def _translated(self, error: RPCError | RuntimeError, approval_id: str) -> Exception:
        if unknown(error):
            return no_approval(approval_id)
        return unavailable(error)


async def _misread(
    handle: WorkflowHandle[ApprovalWorkflow, Settlement], error: Exception
) -> Exception:
    """For a question that was not understood: the id of something else is that of no approval."""
    return no_approval(handle.id) if await is_other(handle, ApprovalWorkflow.__name__) else error


def no_approval(approval_id: str) -> BadRequest:
    """The same sentence for one that does not exist and for one somebody may not see."""
    return BadRequest(f"There is no approval '{approval_id}' here: check its id.")


def _filtered(cursor: HomeCursor) -> Iterator[str]:
    yield search_attributes.equals(search_attributes.RISK, cursor.risk)
    yield search_attributes.equals(search_attributes.PIPELINE, cursor.pipeline)
    if cursor.after:
        yield f"{search_attributes.DEADLINE.name} > '{_iso(_moment(cursor.after))}'"


def _before(deadline: datetime) -> str:
    return f" AND {search_attributes.DEADLINE.name} <= '{_iso(deadline)}'"


def _iso(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return datetime.fromtimestamp(0, UTC)


def _deadline(found: WorkflowExecution) -> datetime:
    known = found.typed_search_attributes.get(search_attributes.DEADLINE)
    return known or datetime.max.replace(tzinfo=UTC)


async def _line(found: WorkflowExecution) -> PendingLine:
    memo = await found.memo()
    known = found.typed_search_attributes
    return PendingLine(
        id=found.id,
        title=str(memo.get("title", found.id)),
        summary=str(memo.get("summary", "")),
        revision=int(memo.get("revision", 1)),
        requester=known.get(search_attributes.REQUESTER) or "",
        approvers=tuple(memo.get("approvers") or ()),
        deadline=_deadline(found),
        risk=known.get(search_attributes.RISK) or "",
        digest=str(memo.get("digest", "")),
        pipeline=known.get(search_attributes.PIPELINE) or "",
        channel=str(memo.get("channel", "")),
        careful=bool(memo.get("careful", True)),
        task=known.get(search_attributes.TASK) or "",
        raised_at=found.start_time,
        left_alone=memo.get("left_alone") or {},
        concerned=tuple(
            sorted({*(known.get(search_attributes.APPROVERS) or ()), *(memo.get("zones") or {})})
        ),
    )


async def _decided(found: WorkflowExecution) -> DecidedLine:
    memo = await found.memo()
    return DecidedLine(
        id=found.id,
        title=str(memo.get("title", found.id)),
        revision=int(memo.get("revision", 1)),
        outcome=found.typed_search_attributes.get(search_attributes.STATUS) or "",
        by=tuple(memo.get("decided_by") or ()),
        edited=bool(memo.get("edited", False)),
        at=found.close_time or found.start_time,
    )
