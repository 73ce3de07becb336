"""The words for states and verdicts, the same on every surface."""

from workflows import attributes
from workflows.decisions import Outcome, Verdict
from workflows.results import ExecutionMode, RunStatus
from workflows.tasks import StepState, Trouble

OUTCOME = {
    Outcome.APPROVED: ("✅", "Approved"),
    Outcome.REJECTED: ("❌", "Rejected"),
    Outcome.CHANGES_REQUESTED: ("✏️", "Changes requested"),
    Outcome.EXPIRED: ("⌛", "Expired"),
    Outcome.WITHDRAWN: ("↩️", "Withdrawn"),
}

VERDICT = {
    Verdict.APPROVE: "approved",
    Verdict.REJECT: "rejected",
    Verdict.REQUEST_CHANGES: "asked for changes",
}

STEP = {
    StepState.TO_COME: ("▫️", "Not started"),
    StepState.RUNNING: ("⏳", "In progress"),
    StepState.WAITING: ("👀", "Waiting for approval"),
    StepState.APPROVED: ("✅", "Approved"),
    StepState.DONE: ("✅", "Done"),
    StepState.REJECTED: ("❌", "Rejected"),
    StepState.EXPIRED: ("⌛", "Expired"),
    StepState.WITHDRAWN: ("↩️", "Withdrawn"),
    StepState.STUCK: ("⚠️", "Failed"),
    StepState.FAILED: ("⚠️", "Failed"),
    StepState.CANCELLED: ("↩️", "Cancelled"),
    StepState.NOT_RUN: ("▫️", "Not run"),
}

RUN = {
    RunStatus.DONE: ("✅", "carried out"),
    RunStatus.FAILED: ("⚠️", "failed"),
    RunStatus.UNKNOWN: ("❓", "not known whether it ran"),
}

TROUBLE = {
    Trouble.AGENT: "Agent failed",
    Trouble.APPROVAL: "Approval could not be requested",
}

NOT_LIVE = {
    ExecutionMode.FALLBACK: "This result is a fallback: the agent itself did not answer",
    ExecutionMode.SYNTHETIC: "This result is synthetic: no agent produced it",
}

OFFLINE = (
    "Written by the offline model (deterministic, no language model). "
    "Set GOOGLE_API_KEY for a live one."
)

_TASK = {
    attributes.RUNNING: ("⏳", "In progress"),
    attributes.STUCK: ("⚠️", "Failed, waiting for Retry"),
    "completed": ("✅", "Completed"),
    "completed_with_fallback": ("☑️", "Completed, partly without a live agent"),
    "cancelled": ("↩️", "Cancelled"),
    "refused": ("⚠️", "Not started"),
}


def task(status: str) -> tuple[str, str]:
    """Sign and words for a task's status: `rejected_at_report` is `Rejected at report`."""
    if status in _TASK:
        return _TASK[status]
    word, _, step = status.partition("_at_")
    if not step or word not in set(StepState):
        return ("▫️", status)
    sign, said = STEP[StepState(word)]
    return sign, f"{said} at {step}"
