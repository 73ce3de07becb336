"""Tool calls that a policy stopped: what the model is told, and what people see of them."""

from collections.abc import Iterable, Sequence
from typing import Any

from google.adk.events.event import Event

from workflows.messages.results import DeniedCall

MOST = 50
_SAID = "The policy denies this call: "


def denial(reason: str) -> dict[str, Any]:
    """What stands in for the answer of a tool that was not called."""
    return {"error": f"{_SAID}{reason}", "denied": True}


def denied_calls(events: Sequence[Event]) -> tuple[DeniedCall, ...]:
    """The first of them, in the order of the session's events."""
    return tuple(_denied(events))[:MOST]


def _denied(events: Sequence[Event]) -> Iterable[DeniedCall]:
    asked = {call.id: call.args or {} for event in events for call in event.get_function_calls()}
    for event in events:
        for answer in event.get_function_responses():
            said = str((answer.response or {}).get("error", ""))
            if (answer.response or {}).get("denied") is True and said.startswith(_SAID):
                yield DeniedCall(
                    tool=answer.name or "",
                    arguments=dict(asked.get(answer.id, {})),
                    reason=said.removeprefix(_SAID),
                )
