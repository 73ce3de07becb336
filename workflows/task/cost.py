"""What models cost, and how much of that a step or a task may cost."""

from collections.abc import Iterable
from typing import Any, Self

from pydantic import Field, ValidationError, model_validator

from workflows.messages.base import Frozen


class Spent(Frozen):
    """Calls of models, the tokens of both directions, the seconds that models took, and money.

    `money` is by the settings' price table, in the currency of that; `models` are the versions
    that answered, the latest last.
    """

    calls: int = 0
    tokens: int = 0
    seconds: float = 0
    money: float = 0
    models: tuple[str, ...] = ()

    def plus(self, other: "Spent") -> "Spent":
        """Both together."""
        return Spent(
            calls=self.calls + other.calls,
            tokens=self.tokens + other.tokens,
            seconds=self.seconds + other.seconds,
            money=self.money + other.money,
            models=_latest_last((*self.models, *other.models)),
        )

    @classmethod
    def sum(cls, parts: Iterable["Spent"]) -> "Spent":
        """All together."""
        total = cls()
        for part in parts:
            total = total.plus(part)
        return total

    def words(self) -> str:
        """For people; empty when no model was asked."""
        if not self.calls:
            return ""
        said = [f"{self.calls:,} call{'s' if self.calls > 1 else ''} of a model"]
        if self.tokens:
            said.append(f"{self.tokens:,} tokens")
        if self.money:
            said.append(f"{self.money:.2f} by the price table")
        return ", ".join(said)


class Cost(Frozen):
    """Of one turn: all its attempts, and the latest of them alone."""

    turn: Spent = Spent()
    attempt: Spent = Spent()

    def plus(self, other: "Cost") -> "Cost":
        """Both together."""
        return Cost(turn=self.turn.plus(other.turn), attempt=self.attempt.plus(other.attempt))


class Budget(Frozen):
    """The most that may be spent; 0 is no limit."""

    calls: int = Field(default=0, ge=0)
    """Calls of models; 0 is no limit but the 60 of a turn."""
    tokens: int = Field(default=0, ge=0)
    """Tokens of both directions; 0 is no limit."""
    seconds: float = Field(default=0, ge=0)
    """How long models took, together; 0 is no limit."""
    money: float = Field(default=0, ge=0)
    """By the `prices` of `[models.<name>]`; 0 is no limit."""

    def used_up(self, spent: Spent) -> str:
        """Which limit is reached, in words; empty while none is."""
        for name, word in _WORDS.items():
            limit = getattr(self, name)
            if limit and getattr(spent, name) >= limit:
                return word.format(limit)
        return ""


class Allowance(Frozen):
    """A budget that a turn draws on; `spent` is what others have drawn on it. `of` names it."""

    of: str
    budget: Budget
    spent: Spent = Spent()

    @model_validator(mode="after")
    def _named(self) -> Self:
        if not self.of:
            raise ValueError("a budget is somebody's")
        return self


_WORDS = {
    "calls": "{:,} calls of a model",
    "tokens": "{:,} tokens",
    "seconds": "{:g} seconds of a model",
    "money": "{:g} by the price table",
}
COST = "cost"
"""The key under which a failure's details tell it."""


def told(cost: Cost) -> dict[str, Any]:
    """As a detail of a failure."""
    return {COST: cost.model_dump(mode="json")}


def is_cost(detail: Any) -> bool:
    """Whether a detail of a failure tells that."""
    return isinstance(detail, dict) and COST in detail


def heard(details: Iterable[Any]) -> Cost:
    """From the details of a failure; nothing where they do not say."""
    for detail in details:
        if is_cost(detail):
            try:
                return Cost.model_validate(detail[COST])
            except ValidationError:
                return Cost()
    return Cost()


def _latest_last(models: Iterable[str]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for model in models:
        found.pop(model, None)
        found[model] = None
    return tuple(found)
