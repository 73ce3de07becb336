"""What has to be known before an approval is shown, in one activity: each more costs a replay."""

from datetime import datetime, timedelta
from typing import Protocol

import structlog
from temporalio import activity
from temporalio.api.workflowservice.v1 import UpdateWorkflowExecutionOptionsRequest
from temporalio.client import Client
from temporalio.service import RPCError

from workflows.activities import (
    CARDS,
    ElectorateRequest,
    LadderPlan,
    PeopleActivities,
    Preparation,
    PrepareActivities,
    PrepareRequest,
    Weighing,
)
from workflows.messages.electorate import Electorate
from workflows.messages.policy import Policy

log = structlog.get_logger()

QUICK = timedelta(seconds=2)


class Planner(Protocol):
    """Whoever knows the calendars."""

    async def plan_ladder(
        self, policy: Policy, electorate: Electorate, raised_at: datetime
    ) -> LadderPlan:
        """When the window ends, and every rung before that."""


class Judge(Protocol):
    """Whoever knows rules and open bypasses."""

    async def weigh(self, request: PrepareRequest) -> Weighing:
        """Somebody's decision without a card, or nobody's."""


class Queue(Protocol):
    """Where workflows wait for a worker."""

    async def prefer(self, workflow_id: str) -> None:
        """From now on this workflow goes before those that were only started."""


class ApprovalPreparation(PrepareActivities):
    """Runs in the worker."""

    def __init__(
        self, people: PeopleActivities, planner: Planner, rules: Judge, queue: Queue
    ) -> None:
        self._people = people
        self._planner = planner
        self._rules = rules
        self._queue = queue

    @activity.defn(name="prepare")
    async def prepare(self, request: PrepareRequest) -> Preparation:
        """Who may decide, by when, and whether anybody must.

        From here on the approval goes before those that nobody has begun: when many are raised at
        once, cards come out from the beginning, and no click waits behind what has no card yet.
        """
        await self._queue.prefer(activity.info().workflow_id or "")
        policy = request.policy
        electorate = await self._people.resolve_electorate(
            ElectorateRequest(policy=policy, channel=request.channel, requester=request.requester)
        )
        return Preparation(
            electorate=electorate,
            plan=await self._planner.plan_ladder(policy, electorate, request.raised_at),
            weighing=await self._rules.weigh(request) if policy.decides_alone() else Weighing(),
        )


class TemporalQueue:
    """Changes the workflow's own priority; a server that cannot do that goes in order."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def prefer(self, workflow_id: str) -> None:
        """See `Queue`."""
        request = UpdateWorkflowExecutionOptionsRequest(namespace=self._client.namespace)
        request.workflow_execution.workflow_id = workflow_id
        wanted = request.workflow_execution_options
        wanted.priority.priority_key = CARDS.priority_key or 0
        request.update_mask.paths.append("priority")
        try:
            await self._client.workflow_service.update_workflow_execution_options(
                request, timeout=QUICK
            )
        except (RPCError, RuntimeError) as error:  # a lazy client that cannot connect raises this
            log.info("a workflow keeps its priority", workflow=workflow_id, why=str(error))
