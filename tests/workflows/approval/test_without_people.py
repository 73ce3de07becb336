"""What settles without a person: low risk by rule, anything by bypass; never what a person edited."""

from typing import Any

import pytest

from tests.workflows.test_rules import ANN, ASKER, NOW, ballot, says
from workflows import rules
from workflows.messages.decisions import Outcome, Via
from workflows.messages.policy import Risk
from workflows.messages.results import ExecutionMode

SYNTHETIC = {"execution_mode": ExecutionMode.SYNTHETIC}
CASES: list[tuple[str, dict[str, Any], str, Via, bool]] = [
    ("a rule at low risk", {"risk": Risk.LOW}, "rule", Via.RULE, True),
    ("a rule at normal risk", {}, "rule", Via.RULE, False),
    ("a rule at high risk", {"risk": Risk.HIGH}, "rule", Via.RULE, False),
    ("a bypass at high risk", {"risk": Risk.HIGH}, ANN, Via.BYPASS, True),
    ("a bypass by the requester", {}, ASKER, Via.BYPASS, False),
    ("a bypass of what its opener edited", {"authors": (ANN,)}, ANN, Via.BYPASS, False),
    ("a rule over what a person edited", {"risk": Risk.LOW, "authors": (ANN,)}, "rule", Via.RULE, False),
    ("a rule over a synthetic result", {"risk": Risk.LOW, **SYNTHETIC}, "rule", Via.RULE, False),
    ("a bypass of a synthetic result", SYNTHETIC, ANN, Via.BYPASS, False),
    ("a click that calls itself a rule", {}, ANN, Via.BUTTON, False),
    ("what has ended", {"outcome": Outcome.EXPIRED}, ANN, Via.BYPASS, False),
    ("what is not raised yet", {"electorate": None}, ANN, Via.BYPASS, False),
]  # fmt: skip


@pytest.mark.parametrize(("what", "changed", "by", "via", "settles"), CASES, ids=[c[0] for c in CASES])  # fmt: skip
def test_settled_without_a_person(
    what: str, changed: dict[str, Any], by: str, via: Via, settles: bool
) -> None:
    """In doubt it is nobody's decision, and people are asked."""
    before = ballot(**changed)
    after = rules.settle_by_rule(before, says(by, via=via), NOW)
    assert (after != before) == settles, what
    if settles:
        assert after.outcome is Outcome.APPROVED
