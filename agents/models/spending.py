"""What the models of one turn cost, counted from its journal, and whether it may cost more."""

from collections.abc import Callable, Iterable

from google.adk.models.llm_response import LlmResponse
from google.adk.platform import time as platform_time

from agents.errors import AgentError, BudgetUsedUp, WrongVersion
from agents.journal.entries import Entry, Paid
from workflows.messages.results import AgentPin, AgentVersion
from workflows.messages.turns import TurnRequest
from workflows.task.cost import Allowance, Budget, Cost, Spent

MOST_CALLS = 60
"""Calls of models in one turn, over all its attempts, unless a budget says how many."""
MONEY = "signoff_money"
"""In the `custom_metadata` of an answer: what it cost, where others know the prices."""
Prices = Callable[[str, str, int, int], float]
"""Money for: the name that was asked, the version that answered, tokens in and out."""


class Spending:
    """Belongs to one attempt; `entries` are those of the attempts before it."""

    def __init__(
        self, request: TurnRequest, entries: Iterable[Entry], prices: Prices | None = None
    ) -> None:
        self._agent = request.agent
        self._asked = request.model
        self._prices = prices
        self._begun: dict[int, float] = {}
        self._now = Spent()
        self.refused = False
        self._pin = request.pin
        self._other: AgentError | None = None
        kept = Spent.sum(_spent(entry) for entry in entries if isinstance(entry, Paid))
        self._before = kept if kept.calls >= request.spent.calls else request.spent
        self._allowances = request.allowances
        if not any(allowance.budget.calls for allowance in request.allowances):
            usual = Allowance(of="a turn", budget=Budget(calls=MOST_CALLS))
            self._allowances = (*request.allowances, usual)

    def cost(self) -> Cost:
        """Until now."""
        return Cost(turn=self._before.plus(self._now), attempt=self._now)

    def begin(self, place: int) -> bool:
        """A model is about to be asked; False when that would be over a budget."""
        if self.used_up():
            self.refused = True
            return False
        self._begun[place] = platform_time.get_time()
        return True

    def end(self, place: int, response: LlmResponse | None) -> Paid | None:
        """The entry to keep of a call that was begun; of one that failed without an answer."""
        begun = self._begun.pop(place, None)
        if begun is None:
            return None
        usage = response.usage_metadata if response else None
        took = (usage.prompt_token_count or 0) if usage else 0
        gave = max((usage.total_token_count or 0) - took, 0) if usage else 0
        version = (response.model_version if response else None) or ""
        paid = Paid(
            version=version,
            tokens=took + gave,
            seconds=max(0.0, platform_time.get_time() - begun),
            money=self._money(response, version, took, gave),
        )
        self._now = self._now.plus(_spent(paid))
        self._other = self._other or self._not_pinned(version)
        return paid

    def used_up(self) -> str:
        """The sentence about the first budget that is used up; empty while none is."""
        spent = self.cost().turn.plus(Spent(calls=len(self._begun)))
        for allowance in self._allowances:
            if what := allowance.budget.used_up(allowance.spent.plus(spent)):
                return (
                    f"{self._agent} has used up the budget of {allowance.of} ({what}), over all "
                    "attempts: Retry asks no model again. Cancel the task; for a larger budget "
                    "see [budget] in signoff.toml."
                )
        return ""

    def failure(self) -> AgentError | None:
        """Once a call was refused, or another model answered, whatever became of the run."""
        return BudgetUsedUp(self.used_up()) if self.refused else self._other

    def _not_pinned(self, version: str) -> WrongVersion | None:
        if not version:
            return None
        said = AgentVersion(name=self._agent, model_version=version, asked_model=self._asked)
        pin = AgentPin(model_version=self._pin.model_version)
        problem = pin.problem(self._agent, said)
        return WrongVersion(problem) if problem else None

    def _money(self, response: LlmResponse | None, version: str, took: int, gave: int) -> float:
        known = ((response.custom_metadata if response else None) or {}).get(MONEY)
        if isinstance(known, int | float):
            return float(known)
        return self._prices(self._asked, version, took, gave) if self._prices else 0.0


def _spent(paid: Paid) -> Spent:
    return Spent(
        calls=1,
        tokens=paid.tokens,
        seconds=paid.seconds,
        money=paid.money,
        models=(paid.version,) if paid.version else (),
    )
