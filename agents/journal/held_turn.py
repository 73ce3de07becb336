"""A turn that waits for people's word on calls that were cut off, and goes on as the same turn.

Its session holds what the turn was asked with, so that the turn after people's answer finds the
same journal and the same answers to the agent's own questions.
"""

import hashlib
import json

from agents.journal.book import UNKNOWN
from workflows.messages.base import Frozen
from workflows.messages.turns import Question, ToolDecision, TurnOutcome, TurnRequest

_BEGINNING = '{"held":'


class Held(Frozen):
    """`said` are people's answers so far; `entries` the journal, where it has no other place."""

    turn: str
    session: str = ""
    answers: tuple[ToolDecision, ...] = ()
    said: tuple[ToolDecision, ...] = ()
    entries: tuple[str, ...] = ()

    def outcome(self, questions: tuple[Question, ...]) -> TurnOutcome:
        """People are asked."""
        session = f"{_BEGINNING}{self.model_dump_json()}}}"
        return TurnOutcome(questions=questions, session=session)


def unheld(request: TurnRequest) -> tuple[TurnRequest, Held]:
    """The request as it was before anything was held, and what is held of it."""
    if not request.session.startswith(_BEGINNING):
        turn = request.turn or _turn_of(request)
        return request, Held(turn=turn, session=request.session, answers=request.answers)
    held = Held.model_validate(json.loads(request.session)["held"])
    new = tuple(answer for answer in request.answers if answer.question_id.startswith(UNKNOWN))
    held = held.model_copy(update={"said": (*held.said, *new)})
    original = {"session": held.session, "answers": held.answers}
    return request.model_copy(update=original), held


def journal_of(request: TurnRequest) -> str:
    """The name of the turn in the journal; another agent that stands in is another turn."""
    return f"{request.agent}/{unheld(request)[1].turn}"


def _turn_of(request: TurnRequest) -> str:
    """For callers that name no turn: the message, and where in the conversation it is."""
    session = hashlib.sha256(request.session.encode("utf-8", "replace")).hexdigest()[:16]
    return f"{request.key}/{session}"
