"""What may be the value of an argument, and what is answered to an agent that sends another."""

from typing import Any

import pytest
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.exceptions import ApplicationError

from workflows.content.argument_kind import like
from workflows.content.json_value import DEEPEST, LONGEST, flaw, same_json
from workflows.messages.decisions import Edit
from workflows.messages.turns import Question
from workflows.task import tool_calls
from workflows.task.state import sentence


def nested(depth: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(depth - 1):
        value = [value]
    return value


FLAWED = [
    (nested(DEEPEST + 1), "deep"),
    (nested(5_000), "deep"),
    ({"a": float("inf")}, "too large"),
    ([10**400], "too large"),
    (["a\ud800"], "character"),
    ({"\ud800": 1}, "JSON"),
    ({1: 1}, "JSON"),
    ({"a": {1, 2}}, "JSON"),
    ("x" * (LONGEST + 1), "longer"),
    ([0] * (LONGEST + 1), "longer"),
]


@pytest.mark.parametrize(("value", "why"), FLAWED)
def test_a_flawed_value_is_refused_everywhere(value: Any, why: str) -> None:
    """By the edit's own check and for an agent's call, in a sentence that names the argument."""
    assert why in flaw(value)
    with pytest.raises(ValueError, match=why):
        like(value, value)
    with pytest.raises(ApplicationError, match=f"'tags' of deploy cannot be used: .*{why}"):
        tool_calls.as_result([Question(id="q", tool="deploy", arguments={"tags": value})])


async def test_the_deepest_value_arrives() -> None:
    """With room to spare for the messages around it."""
    value = nested(DEEPEST)
    assert not flaw(value)
    sent = await pydantic_data_converter.encode([Edit(arguments={"q": {"a": value}})])
    (got,) = await pydantic_data_converter.decode(sent, [Edit])
    assert got.arguments == {"q": {"a": value}}


def test_alike_is_as_it_is_written() -> None:
    """Not as Python compares."""
    assert same_json({"a": 1, "b": [2.5]}, {"b": [2.5], "a": 1})
    assert not any(same_json(*pair) for pair in ((1, True), (1, 1.0), (0.0, -0.0), ([0], [False])))


def test_raw_words_of_a_serializer_are_not_for_people() -> None:
    """They name nothing that anybody could act on."""
    raw = ApplicationError(
        "Error serializing to JSON: ValueError: Maximum serialization depth exceeded",
        type="PydanticSerializationError",
    )
    assert "serializ" not in sentence(raw)
    assert sentence(ApplicationError("Try again.", type="BadAnswer")) == "Try again."
