"""What is asked of people: one approval, as it is raised and as it is shown."""

from datetime import datetime

from temporalio import workflow

from workflows.content import proposal
from workflows.content.text_change import TextChange
from workflows.messages.ballot import Ballot
from workflows.messages.base import Frozen
from workflows.messages.content_hash import digest
from workflows.messages.decisions import Place, Settlement
from workflows.messages.electorate import Electorate
from workflows.messages.health import AgentHealth
from workflows.messages.ladder import DeferredNotice, PlannedRung
from workflows.messages.outage import Outage
from workflows.messages.policy import Policy
from workflows.messages.results import (
    AgentResult,
    AgentVersion,
    DeniedCall,
    ExecutionMode,
    ToolRun,
)
from workflows.task.cost import Spent


def approval_id(task: str, step: str, revision: int) -> str:
    """The id of a step's approval, which is its workflow's id."""
    return f"{task}.{step}.v{revision}"


def step_of(approval: str) -> str:
    """The step in an approval's id; empty for approvals that belong to no task."""
    parts = approval.split(".")
    return parts[1] if len(parts) == 3 else ""


class CarriedApproval(Frozen):
    """What a long-lived approval takes along when its history is continued as a new one."""

    ballot: Ballot
    raised_at: datetime
    posted: bool = False
    mailed: bool = False
    copied: tuple[str, ...] = ()
    snoozed: dict[str, datetime] = {}
    plan: tuple[PlannedRung, ...] = ()
    rungs_sent: tuple[str, ...] = ()
    later: tuple[DeferredNotice, ...] = ()
    mailed_at: dict[str, datetime] = {}
    outage: Outage | None = None
    reminders: tuple[Place, ...] = ()


class ApprovalRequest(Frozen):
    """One request for a decision on one revision of one result.

    `thread` is where the card goes: a channel, and the thread's root when there is one.
    `parent` is the workflow that waits for the outcome, empty when nobody does.
    `previous` is the revision before, for the diff; `feedback` is what it was sent back with, or
    `edited_by` whoever made this one out of it, saying `edit_comment`. `ahead` are the agents of
    the steps to come, `ran` the tool calls that this step ran already, without their responses,
    `denied` those that a policy stopped,
    `spent` what its models cost, `claimed` what the result says was done and no call of it did,
    `asked` what its agent was asked with, `unreviewed` the steps before whose results nobody was
    asked about.
    """

    id: str
    title: str
    requester: str
    result: AgentResult
    policy: Policy
    thread: Place
    task_id: str = ""
    pipeline: str = ""
    step: str = ""
    step_number: int = 1
    steps_total: int = 1
    revision: int = 1
    authors: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    previous: AgentResult | None = None
    feedback: str = ""
    edited_by: str = ""
    edit_comment: str = ""
    execution_mode: ExecutionMode = ExecutionMode.LIVE_AGENT
    mode_reason: str = ""
    version: AgentVersion | None = None
    parent: str = ""
    ahead: tuple[str, ...] = ()
    ran: tuple[ToolRun, ...] = ()
    denied: tuple[DeniedCall, ...] = ()
    spent: Spent = Spent()
    claimed: tuple[str, ...] = ()
    asked: str = ""
    unreviewed: tuple[str, ...] = ()
    carried: CarriedApproval | None = None

    def digest(self, electorate: Electorate) -> str:
        """Over exactly what is decided: the result, its revision, and the policy as resolved."""
        return digest(self.result, self.revision, self.policy, electorate)

    def ballot(self) -> Ballot:
        """The empty ballot; it takes no decision until the electorate is known."""
        return Ballot(
            approval_id=self.id,
            revision=self.revision,
            digest="",
            requester=self.requester,
            authors=self.authors,
            policy=self.policy,
            phrase=proposal.phrase(self.result.calls)
            if self.result.calls
            else step_of(self.id) or "approve",
            followed=bool(self.parent),
            execution_mode=self.execution_mode,
        )


class CardView(Frozen):
    """Everything a card shows. Without full texts, hence the length, and what changed in it.

    `unwell` are those of `request.ahead` that do not answer; whoever shows the card adds them.
    `reminders` are messages that say that it waits.
    """

    request: ApprovalRequest
    ballot: Ballot
    raised_at: datetime
    full_text_characters: int = 0
    text_change: TextChange | None = None
    reason: str = ""
    snoozed: tuple[str, ...] = ()
    plan: tuple[PlannedRung, ...] = ()
    unwell: tuple[AgentHealth, ...] = ()
    reminders: tuple[Place, ...] = ()
    withdrawn_by: str = ""


class Look(Frozen):
    """One approval as a form needs it: the card, and the whole result."""

    view: CardView
    result: AgentResult


class ApprovalParent:
    """Whoever waits for an approval: a workflow with this signal."""

    @workflow.signal(name="settled")
    def settled(self, settlement: Settlement) -> None:
        """Take the outcome; called once per approval, possibly again after a retry."""
        raise NotImplementedError


def settlement_of(
    request: ApprovalRequest, ballot: Ballot, reason: str, ended_by: str
) -> Settlement:
    """What the waiting task is told, once there is an outcome."""
    assert ballot.outcome is not None
    assert ballot.settled_at is not None
    edited = next((d for d in ballot.counted if d.edit is not None), None)
    result = edited.edit.applied(request.result) if edited and edited.edit else None
    return Settlement(
        approval_id=request.id,
        outcome=ballot.outcome,
        revision=ballot.revision,
        digest=ballot.digest,
        result_digest=digest(result or request.result),
        at=ballot.settled_at,
        decisions=tuple(d.model_copy(update={"edit": None}) for d in ballot.counted),
        reason=reason,
        result=result,
        editor=edited.by if edited else "",
        ended_by=ended_by,
    )
