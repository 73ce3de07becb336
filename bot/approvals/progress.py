"""What the agents of running tasks are doing, from the heartbeats of their activities.

Heartbeats are in no history: whoever asks Temporal where a workflow stands is told the latest.
"""

from datetime import UTC, datetime

from temporalio.api.workflow.v1 import PendingActivityInfo
from temporalio.api.workflowservice.v1 import DescribeWorkflowExecutionResponse
from temporalio.client import Client
from temporalio.converter import ActivitySerializationContext
from temporalio.service import RPCError

from storage.errors import StorageError
from workflows.messages.tasks import StepState, TaskView
from workflows.messages.turns import Progress
from workflows.task.turns import INSIDE

_TURN = "run_turn"


class RunningTurns:
    """Asks Temporal, and no workflow."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def with_progress(self, view: TaskView) -> TaskView:
        """The view with what the agent of its running step does; as it is where nobody knows."""
        step = next((step for step in view.steps if step.state is StepState.RUNNING), None)
        if step is None or step.since is None or view.ended_at is not None:
            return view
        try:
            found = await self._of(view.id)
        except (RPCError, RuntimeError):  # a display: nobody waits for it, and it stops nothing
            return view
        if found is None:
            return view
        seconds = max((datetime.now(UTC) - step.since).total_seconds(), 0)
        return view.model_copy(update={"progress": found.model_copy(update={"seconds": seconds})})

    async def _of(self, workflow_id: str) -> Progress | None:
        """Of the turn that runs, as an activity or inside of a workflow of its own."""
        there = await self._described(workflow_id)
        for turn in there.pending_activities:
            if turn.activity_type.name == _TURN:
                return await self._told(workflow_id, turn)
        for child in there.pending_children:
            if child.workflow_type_name == INSIDE:
                return await self._inside(child.workflow_id)
        return None

    async def _inside(self, workflow_id: str) -> Progress:
        """Its models and tools are activities; what began last is what it does."""
        there = await self._described(workflow_id)
        calls = sorted(there.pending_activities, key=_begun, reverse=True)
        return await self._told(workflow_id, calls[0]) if calls else Progress()

    async def _described(self, workflow_id: str) -> DescribeWorkflowExecutionResponse:
        described = await self._client.get_workflow_handle(workflow_id).describe()
        return described.raw_description

    async def _told(self, workflow_id: str, running: PendingActivityInfo) -> Progress:
        """What its heartbeat says, if that is ours."""
        attempt = {"attempt": max(running.attempt, 1)}
        context = ActivitySerializationContext(
            namespace=self._client.namespace,
            workflow_id=workflow_id,
            workflow_type="",
            activity_type=running.activity_type.name,
            activity_id=running.activity_id,
            activity_task_queue="",
            is_local=False,
        )
        converter = self._client.data_converter.with_context(context)
        payloads = running.heartbeat_details.payloads[:1]
        try:
            said = await converter.decode(payloads, [Progress] * len(payloads))
        except (ValueError, RuntimeError, StorageError):
            said = []
        known = next((one for one in said if isinstance(one, Progress)), Progress())
        return known.model_copy(update=attempt)


def _begun(running: PendingActivityInfo) -> float:
    return running.last_started_time.ToNanoseconds()
