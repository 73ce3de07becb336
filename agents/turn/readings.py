"""How the files of a turn were read, said on its result, whatever its model says."""

from collections.abc import Iterable
from typing import Any

from google.adk.events.event import Event

from agents.inputs.hints import is_reading_line, reading_line

TOOL = "profile_table"


def with_readings(events: Iterable[Event], findings: tuple[str, ...]) -> tuple[str, ...]:
    """The findings, and before them a line for each table of which something had to be guessed."""
    read = {str(said.get("file")): said for said in _profiles(events)}
    several = len(read) > 1
    lines = tuple(
        reading_line(said["read_as"], said.get("requested", ""), file if several else "")
        for file, said in read.items()
        if said.get("read_as") and not (said.get("is_plain") and not said.get("requested"))
    )
    return (*lines, *(text for text in findings if not is_reading_line(text)))


def _profiles(events: Iterable[Event]) -> Iterable[dict[str, Any]]:
    for event in events:
        for part in (event.content.parts if event.content else None) or []:
            answer = part.function_response
            if answer is not None and answer.name == TOOL and answer.response:
                yield answer.response
