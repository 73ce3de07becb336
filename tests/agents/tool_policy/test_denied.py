"""What a policy stopped is told to people: read off the session, and nothing else is."""

from typing import Any

from google.adk.events.event import Event
from google.genai import types

from agents.tool_policy.denied import MOST, denial, denied_calls
from workflows.messages.results import DeniedCall

ARGUMENTS = {"name": "db-1", "days": 3}


def called(number: int, answer: dict[str, Any]) -> list[Event]:
    """A call of a tool, and what came back."""
    asked = types.FunctionCall(id=f"c{number}", name="delete_backup", args=ARGUMENTS)
    said = types.FunctionResponse(id=f"c{number}", name="delete_backup", response=answer)
    return [
        Event(author="agent", content=types.Content(parts=[part]))
        for part in (types.Part(function_call=asked), types.Part(function_response=said))
    ]


def test_a_denied_call_is_told_with_its_arguments_and_why() -> None:
    """In the order they came."""
    events = [*called(1, denial("never")), *called(2, {"result": "done"}), *called(3, denial("no"))]
    assert denied_calls(events) == (
        DeniedCall(tool="delete_backup", arguments=ARGUMENTS, reason="never"),
        DeniedCall(tool="delete_backup", arguments=ARGUMENTS, reason="no"),
    )


def test_what_a_tool_says_of_itself_is_no_denial() -> None:
    """Only the policy's own words are."""
    answers: tuple[dict[str, Any], ...] = (
        {"error": "denied", "denied": True},
        {"error": denial("x")["error"]},
        {},
    )
    assert denied_calls([event for answer in answers for event in called(1, answer)]) == ()


def test_an_agent_that_tries_for_ever_fills_no_card() -> None:
    """The first are enough."""
    events = [event for number in range(200) for event in called(number, denial("no"))]
    assert len(denied_calls(events)) == MOST
