"""A task that somebody reset, who reaches Temporal, goes on with what its agents did before."""

import uuid

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import EventType
from temporalio.api.workflowservice.v1 import ResetWorkflowExecutionRequest

from tests.workflows.conftest import House, until


async def test_a_turn_is_the_same_one_after_a_reset(house: House) -> None:
    """So the journal of the agent's side knows what ran, and nothing runs again."""
    task = await house.start("analysis")
    await house.card(f"{task.id}.analysis.v1")
    events = (await task.fetch_history()).events
    asked = next(
        event.activity_task_scheduled_event_attributes
        for event in events
        if event.activity_task_scheduled_event_attributes.activity_type.name == "run_turn"
    )
    kind = EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED
    before = events[asked.workflow_task_completed_event_id - 1]
    assert before.event_type == kind
    await house.client.workflow_service.reset_workflow_execution(
        ResetWorkflowExecutionRequest(
            namespace=house.client.namespace,
            workflow_execution=WorkflowExecution(workflow_id=task.id),
            reason="as an attacker would",
            workflow_task_finish_event_id=before.event_id,
            request_id=uuid.uuid4().hex,
        )
    )
    await until(lambda: len(house.agent.requests) == 2)
    first, second = house.agent.requests
    assert first.turn == second.turn
