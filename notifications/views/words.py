"""The words for states and verdicts, the same on every surface."""

from collections.abc import Callable, Iterable

from workflows.approval import search_attributes
from workflows.messages.ballot import Ballot
from workflows.messages.decisions import Outcome, Verdict
from workflows.messages.results import ExecutionMode, RunStatus
from workflows.messages.tasks import StepState, Trouble

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
    StepState.PARTLY_DONE: ("⚠️", "Done in part"),
    StepState.REJECTED: ("❌", "Rejected"),
    StepState.CHANGES_REQUESTED: ("✏️", "Changes requested"),
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
    "Written by the offline model (deterministic, no language model); 'signoff doctor' says why."
)

_TASK = {
    search_attributes.RUNNING: ("⏳", "In progress"),
    search_attributes.WAITING: ("👀", "Waiting for approval"),
    search_attributes.STUCK: ("⚠️", "Failed, waiting for Retry"),
    "completed": ("✅", "Completed"),
    "completed_with_failures": ("⚠️", "Completed, not without failures"),
    "completed_with_fallback": ("☑️", "Completed, partly without a live agent"),
    "cancelled": ("↩️", "Cancelled"),
    "refused": ("⚠️", "Not started"),
}


def unfounded(verbs: Iterable[str]) -> str:
    """What is said of acts that an answer claims; `verbs` are ours."""
    return (
        f"The agent says that something was {', '.join(verbs)}: no tool call of this step did that."
    )


def outcome(ballot: Ballot) -> tuple[str, str]:
    """Sign and word for how an approval ended; for `Edited`, the next version says the rest."""
    assert ballot.outcome is not None
    return decided(ballot.outcome, edited=ballot.edited())


def decided(outcome: Outcome, *, edited: bool) -> tuple[str, str]:
    """The same, from what a list knows."""
    sign, word = OUTCOME[outcome]
    if edited and outcome is Outcome.CHANGES_REQUESTED:
        return sign, "Edited"
    return sign, "Approved with edits" if edited and outcome is Outcome.APPROVED else word


def task(status: str) -> tuple[str, str]:
    """Sign and words for a task's status: `rejected_at_report` is `Rejected at report`."""
    if status in _TASK:
        return _TASK[status]
    word, _, step = status.partition("_at_")
    if not step or word not in set(StepState):
        return ("▫️", status)
    sign, said = STEP[StepState(word)]
    return sign, f"{said} at {step}"


def rule(ballot: Ballot, name: Callable[[str], str] = str) -> str:
    """What it takes, with the number that progress is counted against: `2 approvals, one each
    from finance and legal; any rejection ends it`."""
    rules, needed = ballot.policy, ballot.needed()
    text = "1 approval" if needed == 1 else f"{needed} approvals"
    if groups := [name(group) for group in rules.groups]:
        among = "among them one" if needed > len(groups) else "one"
        each = "each from " if len(groups) > 1 else "from "
        text += f", {among} {each}" + ", ".join((*groups[:-2], " and ".join(groups[-2:])))
    rejections = rules.reject_quorum
    ends = "any rejection ends it" if rejections == 1 else f"{rejections} rejections end it"
    return f"{text}; {ends}"
