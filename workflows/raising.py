"""What has to be known before an approval is shown: who may decide, and whether anybody must."""

from datetime import datetime

from temporalio import workflow

from workflows.decisions import Decision, Verdict
from workflows.electorate import Electorate
from workflows.policy import Policy
from workflows.requests import ApprovalRequest
from workflows.steps import (
    BEGINNINGS,
    PATIENT,
    ElectorateRequest,
    PeopleSteps,
    Preparation,
    PrepareRequest,
    RaisingSteps,
    Weighing,
)


async def prepare(request: ApprovalRequest, raised_at: datetime) -> Preparation:
    """Everything at once, after the cards that are ready to be shown."""
    return await workflow.execute_activity_method(
        RaisingSteps.prepare,
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


async def look_up(request: ApprovalRequest, policy: Policy) -> Electorate:
    """The people this policy names, as they are now."""
    return await workflow.execute_activity_method(
        PeopleSteps.resolve_electorate,
        ElectorateRequest(
            policy=policy, channel=request.thread.channel, requester=request.requester
        ),
        **PATIENT,
    )


def decision_of(weighing: Weighing, request: ApprovalRequest, digest: str) -> Decision | None:
    """What a rule or an open bypass decided in place of people; None when people decide."""
    if weighing.via is None:
        return None
    return Decision(
        id=f"{weighing.via}:{request.id}",
        verdict=Verdict.APPROVE,
        by=weighing.by,
        at=workflow.now(),
        revision=request.revision,
        digest=digest,
        via=weighing.via,
        comment=weighing.reason,
    )
