"""One text for one value, whatever is in it."""

import json
import math
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from storage.audit.canonical import canonical

ANY_TEXT = st.text(st.characters(codec=None, categories=None))
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT | st.binary(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(ANY_TEXT, inner, max_size=4),
    max_leaves=20,
)


class Colour(StrEnum):
    """An enumeration."""

    RED = "red"


class Point(BaseModel):
    """A model."""

    x: float


@given(VALUES)
def test_anything_becomes_one_stable_ascii_text(value: Any) -> None:
    """Reading the text and writing it with sorted keys gives the same text."""
    text = canonical(value)
    assert text.isascii()
    assert json.dumps(json.loads(text), sort_keys=True, separators=(",", ":")) == text


@given(st.dictionaries(st.text(), st.integers(-(2**63), 2**63 - 1)))
def test_plain_json_stays_what_it_is(value: dict[str, int]) -> None:
    """Nothing is marked that JSON can hold, and the order of keys does not matter."""
    assert json.loads(canonical(value)) == value
    assert canonical(dict(reversed(value.items()))) == canonical(value)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (math.nan, '{"$float":"nan"}'),
        (-math.inf, '{"$float":"-inf"}'),
        (2**63, '{"$int":"0x8000000000000000"}'),
        (b"\xff", '{"$bytes":"ff"}'),
        ("\ud800\0", '"\\ud800\\u0000"'),
        ("\ud83d\ude00", '"\\ud83d\\ude00"'),
        (Colour.RED, '"red"'),
        ({1: 2, None: 3}, '{"1":2,"None":3}'),
        ({3, 1}, "[1,3]"),
        ((1, [2.5]), "[1,[2.5]]"),
        (datetime(2026, 1, 1, tzinfo=UTC), '"2026-01-01T00:00:00+00:00"'),
        (Point(x=math.nan), '{"x":{"$float":"nan"}}'),
        (True, "true"),
    ],
)
def test_what_json_lacks_is_marked(value: Any, text: str) -> None:
    """Each kind has its own mark, so that nothing looks like something else."""
    assert canonical(value) == text


def test_bombs_stay_small() -> None:
    """Depth, width, length and huge numbers end in a mark, quickly."""
    deep: Any = {}
    for _ in range(100_000):
        deep = {"a": deep}
    assert len(canonical(deep)) < 1_000
    assert len(canonical("x" * 50_000_000)) < 3_000
    assert len(canonical(1 << 10_000_000)) < 3_000
    assert len(canonical(["x" * 1_000] * 10_000)) < 200
    assert len(canonical({"k" * 1_000_000: 1})) < 3_000
