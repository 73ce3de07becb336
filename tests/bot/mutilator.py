"""A seeded source of payloads with one part missing or of another kind."""

import random
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from tests.bot.slack_requests import CLICK, EVENT, SUBMISSION, Json

OTHERS: list[Json] = [
    {"type": "shortcut", "user": {"id": "U1"}, "trigger_id": "1", "callback_id": "c"},
    {
        "type": "message_action",
        "user": {"id": "U1"},
        "trigger_id": "1",
        "callback_id": "c",
        "channel": {"id": "C1"},
        "message": {"ts": "1.1", "user": "U1"},
    },
    {
        "type": "block_suggestion",
        "user": {"id": "U1"},
        "action_id": "a",
        "block_id": "b",
        "value": "x",
        "view": {"id": "V1", "type": "modal"},
    },
    {
        "type": "event_callback",
        "is_ext_shared_channel": True,
        "authorizations": [{}],
        "event": {
            "type": "message",
            "channel_type": "im",
            "user": "U1",
            "item": {"channel": "C1"},
            "message": {"user": "U1"},
            "previous_message": {"user": "U1"},
        },
    },
    {
        "type": "event_callback",
        "event": {
            "type": "function_executed",
            "function_execution_id": "F1",
            "inputs": {},
            "function": {"callback_id": "c"},
        },
    },
]


class Mutilator:
    """Takes a part out of a payload, or puts something else in its place."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def next(self) -> Json:
        """One more, well formed as JSON, of any type we know."""
        payload = deepcopy(self._random.choice([CLICK, SUBMISSION, EVENT, *OTHERS]))
        *way, last = self._random.choice(list(_paths(payload)))
        inner: Any = payload
        for name in way:
            inner = inner[name]
        wrong = self._random.choice([5, True, None, "", [], {}, [5], {"x": 5}, [[]], [{}], _GONE])
        if wrong is _GONE:
            del inner[last]
        else:
            inner[last] = wrong
        return payload


_GONE = object()


def _paths(value: Any, before: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    pairs: Any = ()
    if isinstance(value, dict):
        pairs = value.items()
    elif isinstance(value, list):
        pairs = enumerate(value)
    for name, inner in pairs:
        yield (*before, name)
        yield from _paths(inner, (*before, name))
