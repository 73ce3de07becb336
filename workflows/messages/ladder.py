"""The ladder of a waiting approval, as it is declared and as it is planned."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Self

from pydantic import Field, model_validator

from workflows.messages.base import Frozen
from workflows.messages.durations import Duration
from workflows.messages.electorate import Person


class Act(StrEnum):
    """What a rung does."""

    REMIND = "remind"
    DM = "dm"
    EMAIL = "email"
    ESCALATE = "escalate"
    TELL_REQUESTER = "tell_requester"


class Rung(Frozen):
    """One step of the ladder, at a fraction of the window (`at`) or a time into it (`after`)."""

    at: float | None = Field(default=None, gt=0, lt=1)
    """When: a part of the window, between 0 and 1."""
    after: Duration | None = Field(default=None, gt=timedelta(0))
    """Or: so long after it was raised."""
    act: Act = Act.REMIND
    """What happens."""
    to: tuple[str, ...] = ()
    """Whom an escalation adds, written as `approvers` are."""

    @model_validator(mode="after")
    def _one_time(self) -> Self:
        if (self.at is None) == (self.after is None):
            raise ValueError("a rung has either at = 0.5 (of the window) or after = '2h'")
        if self.to and self.act is not Act.ESCALATE:
            raise ValueError(f"to belongs to act = 'escalate', not to '{self.act}'")
        return self

    @property
    def name(self) -> str:
        """What the signal carries, so that each rung is sent once."""
        if self.at is not None:
            return f"{self.act}@{self.at:g}"
        assert self.after is not None
        return f"{self.act}@{self.after.total_seconds():g}s"

    def due(self, window: timedelta) -> timedelta:
        """How long after the beginning of a window of this length."""
        return window * self.at if self.at is not None else self.after or window


DEFAULT: tuple[Rung, ...] = (
    Rung(at=0.5),
    Rung(at=0.75, act=Act.DM),
    Rung(at=0.75, act=Act.EMAIL),
    Rung(at=0.9, act=Act.ESCALATE),
)


class PlannedRung(Frozen):
    """A rung and its moment. `due` is when the ladder says, `at` when the calendar lets it."""

    name: str
    act: Act
    at: datetime
    due: datetime
    to: tuple[str, ...] = ()


class DeferredNotice(Frozen):
    """A notice that waits for one person's hours: a copy of the card, or a letter."""

    act: Act
    to: Person
    at: datetime
    rung: str = ""

    @property
    def key(self) -> str:
        """The same for the same notice."""
        return f"{self.act} {self.rung} {self.to.id}"


def check(ladder: Sequence[Rung]) -> None:
    """Raises ValueError with a sentence when two rungs could not be told apart."""
    seen: set[str] = set()
    for rung in ladder:
        if rung.name in seen:
            raise ValueError(f"the ladder has two rungs {rung.name}; make them one")
        seen.add(rung.name)
