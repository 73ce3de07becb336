"""What has to be known before an approval is shown: who may decide, and whether anybody must."""

from datetime import datetime

from temporalio import workflow

from workflows.activities import (
    BEGINNINGS,
    PATIENT,
    ElectorateRequest,
    PeopleActivities,
    Preparation,
    PrepareActivities,
    PrepareRequest,
    Weighing,
)
from workflows.approval.state import ApprovalState
from workflows.messages.audit import AuditKind
from workflows.messages.content_hash import digest
from workflows.messages.decisions import Decision, Verdict
from workflows.messages.electorate import Electorate
from workflows.messages.policy import Policy
from workflows.messages.requests import ApprovalRequest


async def prepare(request: ApprovalRequest, raised_at: datetime) -> Preparation:
    """Everything at once, after the cards that are ready to be shown."""
    return await workflow.execute_activity_method(
        PrepareActivities.prepare,
        PrepareRequest(
            policy=request.policy,
            channel=request.thread.channel,
            requester=request.requester,
            raised_at=raised_at,
            result=request.result,
            pipeline=request.pipeline,
            step=request.step,
        ),
        **PATIENT | {"priority": BEGINNINGS},
    )


def note(state: ApprovalState) -> None:
    """Into the audit log: with the card, or before with whatever else is written."""
    request, electorate = state.request, state.ballot.electorate
    assert electorate is not None
    raised = state.journal.entry(
        AuditKind.RAISED,
        request.requester,
        step=request.step,
        agent=request.version.name if request.version else request.step,
        input=list(request.sources),
        asked=request.asked,
        result=request.result.model_dump(mode="json", exclude={"full_text"}),
        digest=state.ballot.digest,
        result_digest=digest(request.result),
        policy=request.policy.model_dump(mode="json"),
        electorate=electorate.model_dump(mode="json"),
        execution_mode=request.execution_mode,
        version=request.version.model_dump(mode="json") if request.version else None,
        previous_digest=digest(request.previous) if request.previous else "",
    )
    state.journal.add(raised)


async def look_up(request: ApprovalRequest, policy: Policy) -> Electorate:
    """The people this policy names, as they are now."""
    return await workflow.execute_activity_method(
        PeopleActivities.resolve_electorate,
        ElectorateRequest(
            policy=policy, channel=request.thread.channel, requester=request.requester
        ),
        **PATIENT,
    )


def decision_of(weighing: Weighing, state: ApprovalState) -> Decision | None:
    """What a rule or an open bypass decided in place of people; None when people decide."""
    if weighing.via is None:
        return None
    return Decision(
        id=f"{weighing.via}:{state.request.id}",
        verdict=Verdict.APPROVE,
        by=weighing.by,
        at=workflow.now(),
        revision=state.request.revision,
        digest=state.ballot.digest,
        via=weighing.via,
        comment=weighing.reason,
    )
