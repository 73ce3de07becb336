"""One turn of an agent: what goes in, what comes out. The same for a local agent and over A2A."""

from collections.abc import Callable
from typing import Annotated, Any

from pydantic import Field

from workflows.messages.base import Frozen
from workflows.messages.content_hash import digest
from workflows.messages.results import (
    AgentPin,
    AgentResult,
    AgentVersion,
    DeniedCall,
    ExecutionMode,
    ToolRun,
)
from workflows.task.cost import Allowance, Cost, Spent


class InputFile(Frozen):
    """One input of a task, already collected: the bytes lie in the payload store under `sha256`."""

    name: str
    media_type: str
    size: int = Field(ge=0, description="bytes")
    sha256: str
    origin: str = Field(
        default="", description="where it came from: a path, an URL, a Slack file id"
    )


class EarlierStep(Frozen):
    """An approved result of an earlier step, as the next agent gets it.

    `digest` is the digest of the result that people approved; whoever consumes it re-hashes.
    """

    step: str
    result: AgentResult
    digest: str = ""

    def intact(self) -> bool:
        """Whether these are the bytes that were approved."""
        return self.digest == digest(self.result)


class Feedback(Frozen):
    """Requested changes: the agent runs again with this and with its earlier result."""

    text: str
    by: str
    previous: AgentResult


class Question(Frozen):
    """Something the agent wants decided before it goes on: a tool call, or an input."""

    id: str
    tool: str = ""
    arguments: dict[str, Any] = {}
    hint: str = ""


class ToolDecision(Frozen):
    """The decision on a `Question`; `arguments` replaces the tool's arguments when edited."""

    question_id: str
    confirmed: bool
    comment: str = ""
    arguments: dict[str, Any] | None = None


class TurnRequest(Frozen):
    """Run one turn of `agent`.

    `key` is the same for every retry of the same turn, so that the agent's side can tell a repeat.
    `turn` stays the same after a person's Retry, too: what ran under it is never run again.
    `ran` are the calls of earlier turns and revisions of this step; they are not proposed again.
    `allowances` bound what its models cost, of which `spent` is known of this very turn.
    `session` is what the previous turn returned (JSON, opaque to the workflow), empty at first.
    """

    key: str
    agent: str = Field(description="a name from the registry, or an https:// address")
    task_id: str
    workflow_id: str
    step: str
    step_number: int = 1
    revision: int = 1
    requester: str = ""
    inputs: tuple[InputFile, ...] = ()
    earlier: tuple[EarlierStep, ...] = ()
    feedback: Feedback | None = None
    model: str = Field(default="", description="overrides the agent's own model when set")
    temperature: float | None = None
    pin: AgentPin = AgentPin()
    session: str = ""
    answers: tuple[ToolDecision, ...] = ()
    turn: str = ""
    ran: tuple[ToolRun, ...] = ()
    judged: bool = Field(default=False, description="see StepPlan")
    allowances: tuple[Allowance, ...] = ()
    spent: Spent = Spent()


class TurnOutcome(Frozen):
    """Either a `result`, or `questions` that people must answer first; never both, never none.

    `ran` are the calls that this turn made: those that people approved, and those that change
    something by their tool's own word. `denied` are those that a policy stopped. `cost` is what
    models cost, `asked` what the agent was asked with, for the record.
    """

    result: AgentResult | None = None
    questions: tuple[Question, ...] = ()
    session: str = ""
    execution_mode: ExecutionMode = ExecutionMode.LIVE_AGENT
    reason: str = Field(default="", description="why it was not live, in words")
    version: AgentVersion | None = None
    ran: tuple[ToolRun, ...] = ()
    denied: tuple[DeniedCall, ...] = ()
    cost: Cost = Cost()
    asked: str = ""


Name = Annotated[str, Field(max_length=200)]


class Progress(Frozen):
    """What an agent is doing in the middle of a turn: for people to look at, and kept nowhere.

    `agent` is who does it, perhaps one of several in an agent of ours: its `tools` are running, or
    else its `model` is asked, and has written so many `characters` of the answer until now.
    `attempt` counts those of the turn. `seconds` is how long the step has been running; whoever
    shows it knows.
    """

    agent: Name = ""
    tools: tuple[Name, ...] = Field(default=(), max_length=100)
    model: Name = ""
    characters: int = Field(default=0, ge=0)
    attempt: int = 1
    seconds: float = Field(default=0, ge=0)

    def words(self, name: Callable[[str], str] = str) -> str:
        """For people, with `name` around each name; empty while nothing is known."""
        if self.tools:
            more = f" and {len(self.tools) - 3} more" if len(self.tools) > 3 else ""
            return "running " + ", ".join(name(tool) for tool in self.tools[:3]) + more
        if self.model and self.characters:
            return f"{name(self.model)} has written {self.characters:,} characters"
        return f"asking {name(self.model)}" if self.model else ""
