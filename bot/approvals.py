"""Approvals, as bot and command line see them: the pending ones, one in full, a decision."""

from datetime import UTC, datetime

from temporalio.client import (
    Client,
    WorkflowExecution,
    WorkflowHandle,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.service import RPCError, RPCStatusCode

from bot.errors import BadRequest, UnavailableError
from workflows import attributes
from workflows.approval import ApprovalWorkflow
from workflows.decisions import Answer, Decision, Settlement
from workflows.frozen import Frozen
from workflows.requests import CardView


class PendingLine(Frozen):
    """One pending approval, as a list shows it."""

    id: str
    title: str
    summary: str
    revision: int
    requester: str
    approvers: tuple[str, ...]
    deadline: datetime
    risk: str
    digest: str


class Approvals:
    """Everything about approvals that does not need Slack."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def pending(self, approver: str = "", most: int = 50) -> list[PendingLine]:
        """Pending approvals, of one approver or of everybody, most urgent first."""
        query = (
            "WorkflowType = 'ApprovalWorkflow' AND ExecutionStatus = 'Running' "
            f"AND {attributes.STATUS.name} = '{attributes.PENDING}'"
        )
        if approver.isalnum():
            query += f" AND {attributes.APPROVERS.name} = '{approver}'"
        lines = [
            await _line(found) async for found in self._client.list_workflows(query, limit=most)
        ]
        return sorted(lines, key=lambda line: line.deadline)

    async def view(self, approval_id: str) -> CardView:
        """One approval as its card shows it, ended ones too."""
        try:
            return await self._handle(approval_id).query(ApprovalWorkflow.view)
        except RPCError as error:
            raise self._translated(error, approval_id) from None

    async def decide(self, approval_id: str, decision: Decision) -> Answer:
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
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return await self._late(approval_id, decision)
            raise self._translated(error, approval_id) from None

    async def _late(self, approval_id: str, decision: Decision) -> Answer:
        try:
            return await self._handle(approval_id).query(ApprovalWorkflow.reply_to, decision)
        except RPCError as error:
            raise self._translated(error, approval_id) from None

    def _handle(self, approval_id: str) -> WorkflowHandle[ApprovalWorkflow, Settlement]:
        return self._client.get_workflow_handle_for(ApprovalWorkflow.run, approval_id)

    def _translated(self, error: RPCError, approval_id: str) -> Exception:
        if error.status in {RPCStatusCode.NOT_FOUND, RPCStatusCode.INVALID_ARGUMENT}:
            return BadRequest(f"There is no approval '{approval_id}': 'signoff list' shows them.")
        return UnavailableError(
            f"Temporal does not answer just now ({error.status.name.lower()}): please try again."
        )


async def _line(found: WorkflowExecution) -> PendingLine:
    memo = await found.memo()
    known = found.typed_search_attributes
    return PendingLine(
        id=found.id,
        title=str(memo.get("title", found.id)),
        summary=str(memo.get("summary", "")),
        revision=int(memo.get("revision", 1)),
        requester=known.get(attributes.REQUESTER) or "",
        approvers=tuple(memo.get("approvers") or ()),
        deadline=known.get(attributes.DEADLINE) or datetime.max.replace(tzinfo=UTC),
        risk=known.get(attributes.RISK) or "",
        digest=str(memo.get("digest", "")),
    )
