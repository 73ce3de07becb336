"""How a step ends: as people decided on its result, or in a receipt of what it did."""

from typing import NamedTuple

from temporalio import workflow

from workflows.activities import PATIENT, CardActivities
from workflows.messages.decisions import Outcome, Place, Settlement
from workflows.messages.results import AgentResult, RunStatus
from workflows.messages.tasks import StepState
from workflows.task.receipts import Receipt
from workflows.task.state import TaskState
from workflows.task.tool_runs import Acts, failures


class StepEnd(NamedTuple):
    """`word` is what the task's status begins with; empty when the task goes on, or is done."""

    state: StepState
    word: str = ""
    reason: str = ""
    withdrawn_by: str = ""


def settled(settlement: Settlement) -> StepEnd:
    """As people decided on the result."""
    state = StepState(settlement.outcome.value)
    if settlement.outcome is Outcome.APPROVED:
        return StepEnd(state)
    return StepEnd(state, settlement.outcome.value, settlement.reason, settlement.ended_by)


def acted(acts: Acts) -> StepEnd:
    """A step that did something is done; one that did nothing ended as people decided on that."""
    if any(run.status is not RunStatus.FAILED for run in acts.ran):
        return StepEnd(StepState.PARTLY_DONE if failures(acts.ran) else StepState.DONE)
    if acts.ran:
        return StepEnd(StepState.FAILED, "failed", "Every action failed.")
    if not acts.declined:
        return StepEnd(StepState.DONE)
    reason = next((one.reason for one in acts.declined if one.reason), "")
    said = [one.outcome for one in acts.declined if one.outcome is not Outcome.EXPIRED]
    if not said:
        return StepEnd(StepState.EXPIRED, "expired", reason)
    if said[-1] is Outcome.CHANGES_REQUESTED:
        reason = next(one.reason for one in reversed(acts.declined) if one.outcome is said[-1])
        return StepEnd(StepState.CHANGES_REQUESTED, "changes_requested", reason)
    return StepEnd(StepState.REJECTED, "rejected", reason)


async def post_receipt(task_state: TaskState, step: str, acts: Acts, result: AgentResult) -> Place:
    """Say in the thread what was done; gives where."""
    receipt = Receipt(
        task_id=task_state.request.id,
        pipeline=task_state.request.pipeline,
        step=step,
        requester=task_state.request.requester,
        thread=task_state.place,
        ran=acts.ran,
        declined=tuple(acts.declined),
        report=result.full_text,
        said="" if acts.ran or acts.declined else result.summary,
        offline=result.offline,
        spent=task_state.ledger.of_step(step),
    )
    return await workflow.execute_activity_method(CardActivities.post_receipt, receipt, **PATIENT)
