"""Whether an edit fits the result it is about, and what high risk has to type after it."""

from workflows.content import proposal
from workflows.messages.base import Frozen
from workflows.messages.decisions import Edit
from workflows.messages.results import AgentResult


class Fit(Frozen):
    """`problem` is a sentence when the edit cannot be made. `phrase` is None without calls."""

    problem: str = ""
    phrase: str | None = None


UNTOUCHED = Fit()


def fit(edit: Edit | None, result: AgentResult) -> Fit:
    """The result with the edit in it is what is approved, so that is what has to be read."""
    if edit is None:
        return UNTOUCHED
    if problem := edit.problem(result):
        return Fit(problem=problem)
    return Fit(phrase=proposal.phrase(edit.applied(result).calls) if result.calls else None)
