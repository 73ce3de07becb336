"""What a task's models have cost, turn by turn."""

from temporalio.exceptions import ApplicationError

from workflows.task.cost import Allowance, Budget, Cost, Spent, heard


class Ledger:
    """Counts each turn once: what is heard of it later holds all its attempts before."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._turns: dict[tuple[str, str], Spent] = {}

    def take(self, step: str, turn: str, cost: Cost) -> None:
        """A turn of this step has cost that much until now."""
        if cost.turn.calls >= self.of_turn(step, turn).calls:
            self._turns[step, turn] = cost.turn

    def take_failed(self, step: str, turn: str, error: BaseException | None) -> None:
        """What a failure says of that, wherever in its causes."""
        while error is not None:
            if isinstance(error, ApplicationError):
                self.take(step, turn, heard(error.details))
            error = error.__cause__

    def of_turn(self, step: str, turn: str) -> Spent:
        """Nothing for a turn that was not heard of."""
        return self._turns.get((step, turn), Spent())

    def of_step(self, step: str) -> Spent:
        """All turns of this step, revisions included."""
        return Spent.sum(spent for (name, _), spent in self._turns.items() if name == step)

    def allowances(self, step: str, turn: str, budget: Budget) -> tuple[Allowance, ...]:
        """What this turn may still draw on: the step's `budget`, and the task's."""
        others = {key: spent for key, spent in self._turns.items() if key != (step, turn)}
        mine = Spent.sum(spent for (name, _), spent in others.items() if name == step)
        found = (
            Allowance(of=f"the step {step}", budget=budget, spent=mine),
            Allowance(of="the task", budget=self._budget, spent=Spent.sum(others.values())),
        )
        return tuple(one for one in found if one.budget != Budget())
