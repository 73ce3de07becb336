"""The port through which outside programs reach people: raise, look, wait, withdraw.

`bot/approvals/desk.py` implements it with Temporal. There is no way to decide in here.

DeskError
├── DeskUnavailable   nothing was done, or it is not known; ask again with the same id
└── DeskRefused       asking again changes nothing; the text says why
"""

from datetime import datetime
from enum import StrEnum
from typing import Protocol

from agents.programs.program import Program
from agents.programs.request import ApprovalDraft
from workflows.messages.base import Frozen
from workflows.messages.decisions import Outcome, Settlement
from workflows.messages.results import AgentResult

# ruff: noqa: N818 - the names say what happened; the base class says that it is an error


class DeskError(Exception):
    """The text is one sentence, fit for the program that asked."""


class DeskUnavailable(DeskError):
    """Try again; the same id twice is one approval."""


class DeskRefused(DeskError):
    """Ask differently."""


class Asking(Frozen):
    """One request to raise. The same `id` with the same content is one approval, for ever.

    `previous` is the approval whose changes were requested, for revision 2 and later.
    """

    id: str
    program: Program
    draft: ApprovalDraft
    revision: int = 1
    previous: str = ""
    via: str = "a2a"


class State(StrEnum):
    """Where an approval stands."""

    PENDING = "pending"
    SETTLED = "settled"
    BROKEN = "broken"


class ApprovalStanding(Frozen):
    """One approval as its program may see it.

    `settlement` is set when it is settled, `problem` (a sentence) when it broke before anybody
    could decide. `names` are readable names by user id. `edited` is what an approver made of it.
    """

    id: str
    state: State
    title: str = ""
    approvers: tuple[str, ...] = ()
    deadline: datetime | None = None
    settlement: Settlement | None = None
    feedback: str = ""
    names: dict[str, str] = {}
    problem: str = ""

    @property
    def outcome(self) -> Outcome | None:
        """How it ended, if people or their time ended it."""
        return self.settlement.outcome if self.settlement else None

    @property
    def edited(self) -> AgentResult | None:
        """What an approver changed the result to."""
        return self.settlement.result if self.settlement else None


class ApprovalDesk(Protocol):
    """Every method raises DeskUnavailable when the approvals cannot be reached just now."""

    async def ask(self, asking: Asking) -> None:
        """Raise it durably; raises DeskRefused when this id was used with another content."""

    async def twin(self, asking: Asking) -> str:
        """A waiting approval of this program with the very same content; empty without one.

        High risk has none: each is decided for itself.
        """

    async def look(self, approval: str, program: str) -> ApprovalStanding | None:
        """Where it stands now; None when this program has no such approval."""

    async def settled(self, approval: str) -> None:
        """Return once it is not pending any more, which may take weeks. Cancel freely."""

    async def withdraw(self, approval: str, program: Program, reason: str) -> None:
        """Take it back. Durable when this returns; nothing happens when it is decided already."""
