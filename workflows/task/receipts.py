"""What a step did, told and not asked: the calls that ran, and those that people did not allow."""

from typing import Any

from workflows.messages.base import Frozen
from workflows.messages.decisions import Outcome, Place
from workflows.messages.results import ToolRun
from workflows.task.cost import Spent


class Declined(Frozen):
    """A tool call that did not get people's approval: they said no, or nothing in time."""

    step: str
    tool: str
    arguments: dict[str, Any] = {}
    outcome: Outcome
    by: tuple[str, ...] = ()
    reason: str = ""


class Receipt(Frozen):
    """The end of a step after which nothing follows. `report` is the agent's own text (Markdown).

    `thread` is where it is posted; `said` is the agent's summary where it proposed nothing at all;
    `spent` is what the step's models cost.
    """

    task_id: str
    pipeline: str
    step: str
    requester: str
    thread: Place
    ran: tuple[ToolRun, ...] = ()
    declined: tuple[Declined, ...] = ()
    report: str = ""
    said: str = ""
    offline: bool = False
    spent: Spent = Spent()
