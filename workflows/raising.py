"""What has to be known before an approval is shown: who may decide, and whether anybody must."""

from datetime import datetime

from temporalio import workflow

from workflows.decisions import Decision, Verdict
from workflows.electorate import Electorate
from workflows.policy import Policy
from workflows.requests import ApprovalRequest
from workflows.steps import (
    PATIENT,
    ElectorateRequest,
    LadderPlan,
    LadderSteps,
    PeopleSteps,
    PlanRequest,
    RuleSteps,
    WeighRequest,
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


async def plan(request: ApprovalRequest, electorate: Electorate, raised_at: datetime) -> LadderPlan:
    """When the window ends and which notices go out before."""
    return await workflow.execute_activity_method(
        LadderSteps.plan_ladder,
        PlanRequest(policy=request.policy, electorate=electorate, raised_at=raised_at),
        **PATIENT,
    )


async def weigh(request: ApprovalRequest, digest: str) -> Decision | None:
    """What a rule or an open bypass decides in place of people; None when people decide."""
    weighing = await workflow.execute_activity_method(
        RuleSteps.weigh,
        WeighRequest(
            policy=request.policy,
            result=request.result,
            pipeline=request.pipeline,
            step=request.step,
            requester=request.requester,
        ),
        **PATIENT,
    )
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
