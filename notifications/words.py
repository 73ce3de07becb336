"""The words for states and verdicts, the same on every surface."""

from workflows.decisions import Outcome, Verdict
from workflows.results import ExecutionMode
from workflows.tasks import StepState

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
    StepState.TO_COME: ("▫️", "to come"),
    StepState.RUNNING: ("⏳", "the agent is working"),
    StepState.WAITING: ("👀", "waiting for approval"),
    StepState.APPROVED: ("✅", "approved"),
    StepState.REJECTED: ("❌", "rejected"),
    StepState.EXPIRED: ("⌛", "expired"),
    StepState.WITHDRAWN: ("↩️", "withdrawn"),
    StepState.STUCK: ("⚠️", "needs help"),
}

NOT_LIVE = {
    ExecutionMode.FALLBACK: "This result is a fallback: the agent itself did not answer",
    ExecutionMode.SYNTHETIC: "This result is synthetic: no agent produced it",
}

OFFLINE = (
    "Written by the offline model (deterministic, no language model). "
    "Set GOOGLE_API_KEY for a live one."
)
