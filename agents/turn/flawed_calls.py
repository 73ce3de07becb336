"""Tool calls whose arguments people could not be shown as they would run."""

from collections.abc import Sequence

from agents.errors import BadAnswer
from workflows.content.json_value import arguments_flaw
from workflows.messages.turns import Question


def refuse_flawed(questions: Sequence[Question], agent: str) -> None:
    """Raises BadAnswer for calls that could not be shown as they would run, or not arrive."""
    for question in questions:
        if found := arguments_flaw(question.tool, question.arguments):
            raise BadAnswer(f"{agent} proposes a call that cannot be shown to people: {found}.")
