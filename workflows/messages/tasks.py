"""What a task is made of, and what is known about it."""

from datetime import datetime, timedelta
from enum import StrEnum

from pydantic import Field

from workflows.messages.base import Frozen
from workflows.messages.decisions import Place, Settlement
from workflows.messages.durations import Duration
from workflows.messages.health import AgentHealth
from workflows.messages.policy import Policy
from workflows.messages.results import AgentPin, AgentResult, ExecutionMode, ToolRun
from workflows.messages.turns import Progress
from workflows.task.cost import Budget
from workflows.task.receipts import Declined


class SourceKind(StrEnum):
    """Where an input comes from."""

    FILE = "file"
    TEXT = "text"
    URL = "url"
    SLACK = "slack"


class Source(Frozen):
    """One input as it was named: a path in the input folder, a text, an URL, a Slack file id."""

    kind: SourceKind
    value: str
    name: str = ""


class Gate(StrEnum):
    """What becomes of a step's result: `auto` is a receipt where people decided on its tool calls
    and nothing follows, and a review everywhere else. `none` asks nobody about what a step only
    read; where it did more than that, people are asked as ever."""

    AUTO = "auto"
    REVIEW = "review"
    RECEIPT = "receipt"
    NONE = "none"


class StepPlan(Frozen):
    """One step as it was declared when the task started; later changes don't reach it.

    `inside`: the agent's turns are workflows of their own, not activities; `judged` then says that
    a policy of the settings is asked before each of their tool calls.
    """

    name: str
    agent: str
    policy: Policy
    model: str = ""
    temperature: float | None = None
    timeout: Duration = timedelta(minutes=10)
    pin: AgentPin = AgentPin()
    inside: bool = False
    judged: bool = False
    gate: Gate = Gate.AUTO
    budget: Budget = Budget()


class TaskRequest(Frozen):
    """Everything a task needs to know; it reads no configuration afterwards."""

    id: str
    pipeline: str
    steps: tuple[StepPlan, ...] = Field(min_length=1)
    requester: str
    sources: tuple[Source, ...]
    channel: str
    via: str = "slack"
    budget: Budget = Budget()


class Gesture(Frozen):
    """Somebody wants a task to go on or to end. `problem` names the trouble a Retry was for."""

    by: str
    reason: str = ""
    problem: int = 0


class Comment(Frozen):
    """Something a person wrote in the task's thread. It is kept, and decides nothing."""

    id: str
    by: str
    text: str


class StepState(StrEnum):
    """Where a step stands."""

    TO_COME = "to_come"
    RUNNING = "running"
    WAITING = "waiting"
    APPROVED = "approved"
    REJECTED = "rejected"
    CHANGES_REQUESTED = "changes_requested"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    STUCK = "stuck"
    DONE = "done"
    PARTLY_DONE = "partly_done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    NOT_RUN = "not_run"


class Trouble(StrEnum):
    """What a task waits for help with."""

    AGENT = "agent"
    APPROVAL = "approval"


class Waiting(Frozen):
    """The card of an approval stands, and these people's decisions are missing."""

    approval_id: str
    card: Place
    people: tuple[str, ...] = ()


class StepStatus(Frozen):
    """One line of the task's message; while it waits, for whom, and where the card is."""

    name: str
    state: StepState = StepState.TO_COME
    since: datetime | None = None
    revision: int = 0
    approval_id: str = ""
    execution_mode: ExecutionMode = ExecutionMode.LIVE_AGENT
    by: tuple[str, ...] = ()
    reason: str = ""
    agent: str = ""
    waits_for: tuple[str, ...] = ()
    card: Place | None = None


class TaskView(Frozen):
    """What the task's message shows. `problem` is a sentence while the task waits for help.

    `unwell` are agents of steps to come that do not answer, and `progress` is what the agent of the
    running step does; whoever shows the view adds them.
    `ran` are the tool calls of all steps, without their responses; `receipt` is where the receipt
    stands, if there is one; `ended_by` whoever cancelled or withdrew it.
    """

    id: str
    pipeline: str
    requester: str
    sources: tuple[str, ...]
    started_at: datetime
    steps: tuple[StepStatus, ...]
    place: Place
    status: str = "running"
    problem: str = ""
    problem_number: int = 0
    ended_at: datetime | None = None
    offline: bool = False
    unwell: tuple[AgentHealth, ...] = ()
    trouble: Trouble = Trouble.AGENT
    ran: tuple[ToolRun, ...] = ()
    declined: tuple[Declined, ...] = ()
    receipt: Place | None = None
    ended_by: str = ""
    reason: str = ""
    progress: Progress | None = None


class StepRecord(Frozen):
    """What became of one step: its result as approved, and how it was decided.

    A step that ended in a receipt, or without a gate, has no settlement: nobody was asked about
    its result.
    """

    step: str
    result: AgentResult
    settlement: Settlement | None = None
    execution_mode: ExecutionMode = ExecutionMode.LIVE_AGENT


class TaskReport(Frozen):
    """How a task ended.

    `status` is `completed`, `completed_with_failures` (some tool calls failed),
    `completed_with_fallback`, `rejected_at_<step>`, `changes_requested_at_<step>` (the agent
    proposed nothing else), `expired_at_<step>`, `withdrawn_at_<step>`, `failed_at_<step>` (every
    tool call failed), `cancelled` or `refused` (then `reason` is a sentence about the input).
    `ran` is what was done, whatever the end; `declined` what people did not allow.
    """

    status: str
    task_id: str
    workflow_id: str
    duration_seconds: float
    steps: tuple[StepRecord, ...] = ()
    reason: str = ""
    ran: tuple[ToolRun, ...] = ()
    declined: tuple[Declined, ...] = ()
