"""The words for states and verdicts, the same on every surface."""

from collections.abc import Callable

from workflows.ballot import Ballot
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
