"""Packages of other people that have the name of one of ours, such as openai-agents' `agents`."""

import sys
from collections.abc import Iterable, Iterator
from importlib.machinery import PathFinder
from importlib.util import find_spec
from pathlib import Path

OURS = ("agents", "bot", "notifications", "playground", "storage", "workflows")
ROOT = Path(__file__).parents[2]


def shadowed() -> str:
    """A sentence when one of ours would not be the one imported; else empty."""
    for name in OURS:
        found = find_spec(name)
        place = Path(found.origin).parent if found and found.origin else None
        if place != ROOT / name:
            return (
                f"Another package called {name} goes before Signoff's own: {place}. Start Signoff "
                "as 'signoff', which puts its own first, or take the other one out."
            )
    return ""


def namesakes(path: Iterable[str] | None = None) -> Iterator[str]:
    """A sentence for each other package of these names on the path (`sys.path` unless given)."""
    elsewhere = [place for place in path or sys.path if Path(place or ".").resolve() != ROOT]
    for name in OURS:
        found = PathFinder.find_spec(name, elsewhere)
        if found and found.origin and Path(found.origin).parent != ROOT / name:
            yield (
                f"Another package called {name} is installed ({Path(found.origin).parent}). "
                "Signoff uses its own; a program that imports the other one, such as an agent of "
                "yours, has to be a process of its own."
            )
