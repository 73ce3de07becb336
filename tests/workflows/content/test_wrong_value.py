"""Values that somebody wrote wrong: each is told in our words, whatever pydantic calls it."""

from collections.abc import Iterator
from datetime import date, timedelta
from enum import Enum
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from agents.programs.request import ApprovalDraft
from agents.tool_policy.rules import RuleFile
from bot.config.reference import ELSEWHERE, IN_FILE, sections
from workflows.content import wrong_value
from workflows.content.wrong_value import PATTERNS, first_problem
from workflows.messages.policy import Policy

EVERY_MODEL = [*sections().values(), *IN_FILE.values(), *ELSEWHERE.values()]
THEIRS = (
    "Value error",
    "Input",
    "valid",
    "should",
    "Field required",
    "permitted",
    "String",
    "parse",
    "cannot be used as it is",
)
"""Words of pydantic, and ours for what nobody foresaw."""
WRITTEN = st.one_of(
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=40),
    st.dates(),
    st.lists(st.one_of(st.text(max_size=3), st.integers()), max_size=3),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
)


def fields() -> Iterator[tuple[type[BaseModel], str]]:
    """Every key that people can write."""
    for model in EVERY_MODEL:
        for name in model.model_fields:
            yield model, name


@pytest.mark.parametrize(
    ("model", "name"), [*fields()], ids=lambda one: getattr(one, "__name__", one)
)
@settings(max_examples=25, deadline=None)
@given(value=WRITTEN)
def test_whatever_is_written_is_told_in_our_words(
    model: type[BaseModel], name: str, value: object
) -> None:
    """Any value of TOML, in any field of the settings, a rule file and a program's request."""
    try:
        model.model_validate({name: value})
    except ValidationError as error:
        found = [one for one in error.errors() if one["loc"][:1] == (name,)]
        for one in found:
            said = wrong_value.problem(one, shown=False)
            theirs = THEIRS[:1] if one["type"] == "value_error" else THEIRS
            assert not [word for word in theirs if word in said], said


def test_every_pattern_has_words() -> None:
    """Those of fields, but for choices."""
    found = {
        one.pattern
        for model in EVERY_MODEL
        for field in model.model_fields.values()
        for one in field.metadata
        if getattr(one, "pattern", None)
    }
    assert {one for one in found if not one.startswith("^(")} <= set(PATTERNS)


class _Colour(Enum):
    RED = "red"
    BLUE = "blue"


class _Below(BaseModel, extra="forbid"):
    name: str = ""
    count: int = 0


class _Everything(BaseModel, extra="forbid"):
    count: int = 0
    share: float | None = None
    switch: bool = False
    text: str = ""
    color: _Colour = _Colour.RED
    day: date | None = None
    wait: timedelta = timedelta(0)
    below: tuple[_Below, ...] = ()
    named: dict[str, _Below] = {}


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ({"count": "two"}, "count has to be a whole number, not 'two'"),
        ({"count": 1.5}, "count has to be a whole number, not 1.5"),
        ({"share": []}, "share has to be a number, not a list"),
        ({"switch": "perhaps"}, "switch has to be true or false, not 'perhaps'"),
        ({"text": 5}, "text has to be text in quotes, not 5"),
        ({"text": True}, "text has to be text in quotes, not true"),
        ({"color": "green"}, "color has to be 'red' or 'blue', not 'green'"),
        ({"day": "soon"}, "day has to be a date such as 2026-12-24, not 'soon'"),
        ({"wait": "P9Z"}, "wait has to be a duration such as 90s, 30m, 24h or 7d, not 'P9Z'"),
        ({"below": 5}, "below has to be a list in square brackets, not 5"),
        ({"below": [{"name": "a", "count": "b"}]}, "below.a.count has to be a whole number"),
        ({"below": [{}, {"count": "b"}]}, "below.2.count has to be a whole number"),
        ({"named": {"x": 5}}, "named.x has to be a table, not 5"),
        ({"coutn": 5}, "unknown key coutn: did you mean 'count'?"),
        ({"named": {"x": {"nmae": 5}}}, "unknown key named.x.nmae: did you mean 'name'?"),
        ({"below": [{"nmae": 5}]}, "unknown key below.1.nmae: did you mean 'name'?"),
        ({"nmaed": {}}, "unknown table [nmaed]: did you mean 'named'?"),
        ({"xyz": [{}]}, "unknown table [xyz]: ask somebody"),
        ({"xyz": 1}, "unknown key xyz: ask somebody"),
        ({"text": 10**70}, "text has to be text in quotes, not 1000000000"),
    ],
)
def test_each_kind_has_its_sentence(written: dict[str, Any], said: str) -> None:
    """It names the key, what belongs there, and what stands there."""
    with pytest.raises(ValidationError) as caught:
        _Everything.model_validate(written)
    found = first_problem(caught.value, written=written, model=_Everything, hint="ask somebody")
    assert found.startswith(said)
    assert len(found) < 160


def test_limits_say_how_much() -> None:
    """With the number, and where it is a duration with its unit."""
    for model, written, said in (
        (Policy, {"quorum": 0}, "quorum has to be 1 or more, not 0"),
        (Policy, {"timeout": "-1h"}, "timeout: '-1h' is no duration"),
        (Policy, {"ladder": [{"at": 2}]}, "ladder.1.at has to be less than 1, not 2"),
        (ApprovalDraft, {"title": ""}, "title may not be empty"),
        (ApprovalDraft, {"title": "x" * 151}, "title may have 150 characters at most"),
        (RuleFile, {"rule": [{"name": "a"}]}, "rule.a.then is missing"),
    ):
        with pytest.raises(ValidationError) as caught:
            model.model_validate(written)
        assert first_problem(caught.value, written=written).startswith(said)
