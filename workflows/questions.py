"""Tool calls an agent wants approved: how they are shown, and how a decision answers them.

All questions of one turn are one approval: a line each, and the arguments as JSON, which is also
what an edit changes. Whatever is not clearly a yes is a no.
"""

import json
from collections.abc import Sequence
from typing import Any

from workflows.decisions import Outcome, Settlement
from workflows.results import SUMMARY_CHARACTERS, AgentResult
from workflows.turns import Answer, Question

_NO = {
    Outcome.EXPIRED: "Nobody decided in time.",
    Outcome.CHANGES_REQUESTED: "Not like this: ",
}


def as_result(questions: Sequence[Question]) -> AgentResult:
    """What people see and decide on; `full_text` holds the arguments by question."""
    tools = ", ".join(question.tool or "a question" for question in questions)
    summary = f"The agent asks before it goes on: {tools}."
    return AgentResult(
        summary=summary[:SUMMARY_CHARACTERS],
        findings=tuple(_line(question) for question in questions),
        full_text=json.dumps(
            {question.id: question.arguments for question in questions}, indent=2, sort_keys=True
        ),
    )


def answers(
    questions: Sequence[Question], asked: AgentResult, settlement: Settlement
) -> tuple[Answer, ...]:
    """One answer for each question; `asked` is the version that was decided on."""
    if settlement.outcome is not Outcome.APPROVED:
        said = _NO.get(settlement.outcome, "") + settlement.reason
        return tuple(
            Answer(question_id=q.id, confirmed=False, comment=said.strip()) for q in questions
        )
    arguments = _arguments((settlement.result or asked).full_text)
    return tuple(_yes(question, arguments, settlement) for question in questions)


def _yes(question: Question, arguments: dict[str, Any] | None, settlement: Settlement) -> Answer:
    given = arguments.get(question.id) if arguments is not None else None
    if not isinstance(given, dict):
        comment = "The edited arguments are no JSON object, so nothing was done."
        return Answer(question_id=question.id, confirmed=False, comment=comment)
    changed = given if given != question.arguments else None
    return Answer(
        question_id=question.id, confirmed=True, comment=settlement.reason, arguments=changed
    )


def _arguments(text: str) -> dict[str, Any] | None:
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _line(question: Question) -> str:
    given = ", ".join(f"{name} = {value!r}" for name, value in sorted(question.arguments.items()))
    hint = f" ({question.hint})" if question.hint else ""
    return f"{question.tool or 'question'}: {given or 'no arguments'}{hint}"
