"""ADK's pending confirmations and inputs as questions, and people's answers as ADK wants them."""

from collections.abc import Sequence
from typing import Any

from google.adk.events.event import Event
from google.genai import types

from agents.runtime.edited_arguments import payload_of
from workflows.messages.turns import Question, ToolDecision

CONFIRMATION = "adk_request_confirmation"
INPUT = "adk_request_input"


def pending(events: list[Event]) -> tuple[Question, ...]:
    """What was asked and not answered yet, in the order it was asked."""
    answered = {
        response.id
        for event in events
        if event.author == "user"
        for response in event.get_function_responses()
    }
    asked = [call for event in events for call in event.get_function_calls()]
    return tuple(
        _question(call)
        for call in asked
        if call.name in {CONFIRMATION, INPUT} and call.id not in answered
    )


def answer_part(answer: ToolDecision) -> types.Part:
    """One answer. ADK tells confirmations and inputs apart by the name, which the id carries."""
    kind, _, call_id = answer.question_id.partition(":")
    response: dict[str, Any] = {"confirmed": answer.confirmed, "payload": payload_of(answer)}
    if kind == "input":
        given = answer.arguments or {"confirmed": answer.confirmed, "comment": answer.comment}
        response = {"result": given}
    name = INPUT if kind == "input" else CONFIRMATION
    return types.Part(
        function_response=types.FunctionResponse(id=call_id, name=name, response=response)
    )


def answer_messages(answers: Sequence[ToolDecision], events: list[Event]) -> list[types.Content]:
    """The answers as messages, each for a run of its own.

    Calls that one agent made at once are answered at once: else its model would speak before it
    has heard everything. Calls of different agents are answered one by one: ADK runs only one of
    several branches when they are answered together.
    """
    asked = {call.id: event.id for event in events for call in event.get_function_calls()}
    groups: dict[str, list[types.Part]] = {}
    for answer in answers:
        call_id = answer.question_id.partition(":")[2]
        groups.setdefault(asked.get(call_id, call_id), []).append(answer_part(answer))
    return [types.Content(role="user", parts=parts) for parts in groups.values()]


def lost(answer: ToolDecision, events: list[Event]) -> bool:
    """Whether a decided tool call left no result after the decision: ADK dropped it."""
    kind, _, call_id = answer.question_id.partition(":")
    calls = (call for event in events for call in event.get_function_calls())
    asked = next((call for call in calls if call.id == call_id), None)
    if kind != "tool" or asked is None:
        return asked is None
    original = ((asked.args or {}).get("originalFunctionCall") or {}).get("id")
    decided = False
    for event in events:
        for response in event.get_function_responses():
            if response.id == call_id:
                decided = True
            elif decided and response.id == original:
                return False
    return True


def _question(call: types.FunctionCall) -> Question:
    arguments = call.args or {}
    if call.name == INPUT:
        return Question(
            id=f"input:{call.id}",
            hint=str(arguments.get("message") or ""),
            arguments=_payload(arguments.get("payload")),
        )
    original = arguments.get("originalFunctionCall") or {}
    confirmation = arguments.get("toolConfirmation") or {}
    return Question(
        id=f"tool:{call.id}",
        tool=str(original.get("name") or ""),
        arguments=dict(original.get("args") or {}),
        hint=_hint(str(confirmation.get("hint") or "")),
    )


def _hint(hint: str) -> str:
    """ADK's own hint explains its wire format; people need none of it."""
    return "" if hint.startswith("Please approve or reject the tool call") else hint


def _payload(payload: Any) -> dict[str, Any]:
    if payload is None:
        return {}
    return dict(payload) if isinstance(payload, dict) else {"value": payload}
