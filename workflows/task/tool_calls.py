"""Tool calls an agent wants approved: what people decide on, and how a decision answers them.

All questions of one turn are one approval of their calls. Whatever is not clearly a yes is a no.
"""

from collections.abc import Sequence

from pydantic import ValidationError
from temporalio.exceptions import ApplicationError

from workflows.content.wrong_value import problem
from workflows.messages.content_hash import digest
from workflows.messages.decisions import Outcome, Settlement
from workflows.messages.results import AgentResult, ProposedCall
from workflows.messages.turns import Question, ToolDecision

_NO = {
    Outcome.EXPIRED: "Nobody decided in time.",
    Outcome.CHANGES_REQUESTED: "Not like this: ",
}
_OTHER = (
    "What was approved is not these calls: they were changed, or shown by an older version. "
    "Nothing was done; propose them again."
)


def as_result(questions: Sequence[Question]) -> AgentResult:
    """The calls, which are all that people see and decide on.

    Raises ApplicationError, a sentence, for calls that cannot be shown as they would run.
    """
    try:
        return AgentResult(summary="", calls=tuple(_call_of(q) for q in questions))
    except ValidationError as error:
        why = problem(error.errors(include_url=False)[0])
        raise ApplicationError(
            f"The agent proposes calls that cannot be shown to people: {why}.", type="calls"
        ) from None


def answers(
    questions: Sequence[Question], asked: AgentResult, settlement: Settlement
) -> tuple[ToolDecision, ...]:
    """One answer for each question; `asked` is the version that was decided on."""
    if settlement.outcome is not Outcome.APPROVED:
        said = _NO.get(settlement.outcome, "") + settlement.reason
        return tuple(
            ToolDecision(question_id=q.id, confirmed=False, comment=said.strip()) for q in questions
        )
    decided = settlement.result or asked
    sound = digest(decided) == settlement.result_digest
    calls = {call.id: call for call in decided.calls} if sound else {}
    return tuple(
        _yes(question, calls.get(question.id), settlement.reason) for question in questions
    )


def _yes(question: Question, call: ProposedCall | None, reason: str) -> ToolDecision:
    """A yes to exactly what was decided; its arguments are named only where people changed them."""
    if call is None or not _same_call(question, call):
        return ToolDecision(question_id=question.id, confirmed=False, comment=_OTHER)
    changed = call.arguments if digest(call) != digest(_call_of(question)) else None
    return ToolDecision(question_id=question.id, confirmed=True, comment=reason, arguments=changed)


def _same_call(question: Question, call: ProposedCall) -> bool:
    return question.tool == call.tool and question.arguments.keys() == call.arguments.keys()


def _call_of(question: Question) -> ProposedCall:
    return ProposedCall(
        id=question.id, tool=question.tool, arguments=question.arguments, hint=question.hint
    )
