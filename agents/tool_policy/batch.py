"""The tool calls of one model turn as one card: the first call asks for all, each gets its answer.

Within an ADK runner of one's own. The calls are those of the event that holds this call; which of
them people have to confirm is judged when the first of them comes to be run.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from google.adk.tools.tool_context import ToolContext

from agents.tool_policy.client import AsksPeople
from workflows.content.json_value import same_json
from workflows.messages.turns import Question, ToolDecision

ToQuestion = Callable[[str, str, Mapping[str, Any]], Question | None]
"""From a call's id, its tool's name and its arguments to what people must confirm, if they must."""

Deciding = asyncio.Task[tuple[ToolDecision, ...]]
MOST_OPEN = 1_000


class JointQuestions:
    """What is being asked just now, by the event of the calls."""

    def __init__(self, people: AsksPeople) -> None:
        self._people = people
        self._open: dict[str, tuple[dict[str, Question], Deciding]] = {}

    async def answer(
        self, mine: Question, context: ToolContext, to_question: ToQuestion
    ) -> ToolDecision:
        """People's answer to `mine`, whose id is the call's; once. Raises NobodyAsked."""
        event, calls = _siblings(context, mine.id)
        if event not in self._open:
            found = [
                mine if id_ == mine.id else to_question(id_, name, given)
                for id_, name, given in calls
            ]
            asked = tuple(question for question in found if question is not None)
            deciding = asyncio.create_task(self._decided(event, context, asked))
            self._open[event] = {question.id: question for question in asked}, deciding
            self._forget_old()
        shown, deciding = self._open[event]
        if not _same(shown.pop(mine.id, None), mine):
            why = "The call is another one than people were shown, so it was not made."
            return ToolDecision(question_id=mine.id, confirmed=False, comment=why)
        answers = {answer.question_id: answer for answer in await _shared(deciding)}
        return answers[mine.id]

    async def aclose(self) -> None:
        """Stop waiting; what people are asked stays with them."""
        waiting = [deciding for _, deciding in self._open.values()]
        self._open.clear()
        for deciding in waiting:
            deciding.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)

    async def _decided(
        self, event: str, context: ToolContext, asked: tuple[Question, ...]
    ) -> tuple[ToolDecision, ...]:
        key = f"{context.session.app_name}\n{context.session.id}\n{event}"
        return await self._people.decide(key, f"what {context.agent_name} wants to do", asked)

    def _forget_old(self) -> None:
        """Answers stay for calls that come one after the other, not for ever."""
        for event in list(self._open)[:-MOST_OPEN]:
            if self._open[event][1].done():
                del self._open[event]


def _same(shown: Question | None, mine: Question) -> bool:
    if shown is None or shown.tool != mine.tool:
        return False
    return same_json(shown.arguments, mine.arguments)


async def _shared(deciding: Deciding) -> tuple[ToolDecision, ...]:
    """Wait with others: that one of them is cancelled does not end the question."""
    return await asyncio.shield(deciding)


def _siblings(
    context: ToolContext, call_id: str
) -> tuple[str, list[tuple[str, str, dict[str, Any]]]]:
    """The event this call came in, and all calls of it; only this one when there is no event."""
    for event in reversed(context.session.events):
        calls = event.get_function_calls()
        if any(call.id == call_id for call in calls):
            return event.id, [(c.id or "", c.name or "", dict(c.args or {})) for c in calls]
    return call_id, [(call_id, "", {})]
