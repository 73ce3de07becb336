"""The rule file: which tool calls are allowed, denied, or shown to people."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.tool_policy.engine import Ruling, ToolCall
from agents.tool_policy.rules import RuleEngine

RULES = """
default = "allow"
destructive = ["delete_*"]

[[rule]]
name = "never production"
tools = ["restart", "delete_*"]
when = "args.environment == 'production' && user != 'ops'"
then = "deny"
reason = "Production is touched by ops only."

[[rule]]
name = "small payments"
tools = ["pay"]
agents = ["payments"]
when = "args.currency in ['EUR', 'CHF'] && !args.to.exists(x, x == 'unknown')"
limit = { argument = "amount", most = 100 }
then = "allow"

[[rule]]
name = "payments"
tools = ["pay"]
then = "confirm"
reason = "Payments need a decision."
"""


@pytest.fixture
def engine(tmp_path: Path) -> RuleEngine:
    """The rules above."""
    path = tmp_path / "policy.toml"
    path.write_text(RULES)
    return RuleEngine.read(path)


def pay(**changes: object) -> ToolCall:
    arguments = {"amount": 50, "currency": "EUR", "to": ["ann"]} | changes
    return ToolCall(tool="pay", arguments=arguments, agent="payments")


CASES: list[tuple[ToolCall, Ruling]] = [
    (pay(), Ruling.ALLOW),
    (pay(amount=100), Ruling.ALLOW),
    (pay(amount=100.01), Ruling.CONFIRM),
    (pay(amount=10**30), Ruling.CONFIRM),
    (pay(amount=-5), Ruling.CONFIRM),
    (pay(amount=float("nan")), Ruling.CONFIRM),
    (pay(amount="50"), Ruling.CONFIRM),
    (pay(amount=True), Ruling.CONFIRM),
    (pay(amount=None), Ruling.CONFIRM),
    (pay(currency="USD"), Ruling.CONFIRM),
    (pay(to=["unknown"]), Ruling.CONFIRM),
    (pay(to=7), Ruling.CONFIRM),
    (pay().model_copy(update={"agent": "other"}), Ruling.CONFIRM),
    (ToolCall(tool="pay"), Ruling.CONFIRM),
    (ToolCall(tool="read"), Ruling.ALLOW),
    (ToolCall(tool="wipe", destructive=True), Ruling.CONFIRM),
    (ToolCall(tool="delete_row", arguments={"environment": "test"}), Ruling.CONFIRM),
    (ToolCall(tool="delete_row", arguments={"environment": "production"}), Ruling.DENY),
    (
        ToolCall(tool="delete_row", arguments={"environment": "production"}, user="ops"),
        Ruling.CONFIRM,
    ),
    (ToolCall(tool="restart", arguments={"environment": "test"}), Ruling.ALLOW),
    (ToolCall(tool="restart"), Ruling.DENY),
]


@pytest.mark.parametrize(("call", "ruling"), CASES)
def test_each_call_gets_its_ruling(engine: RuleEngine, call: ToolCall, ruling: Ruling) -> None:
    """The first rule that applies decides; what cannot be judged is never allowed by a rule."""
    judgement = engine.evaluate(call)
    assert judgement.ruling is ruling
    assert judgement.reason


@given(
    st.dictionaries(
        st.text(max_size=8) | st.sampled_from(["amount", "currency", "to"]),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
            max_leaves=5,
        ),
    )
)
def test_no_arguments_break_the_engine(arguments: dict[str, object]) -> None:
    """Whatever a model makes up, a payment is allowed only when it is small and plain."""
    rules = Path(__file__).with_name("policy_for_tests.toml")
    ruling = RuleEngine.read(rules).evaluate(ToolCall(tool="pay", arguments=arguments)).ruling
    amount = arguments.get("amount")
    plain = isinstance(amount, int | float) and not isinstance(amount, bool) and 0 <= amount <= 100
    assert ruling is (Ruling.ALLOW if plain else Ruling.CONFIRM)


BROKEN = {
    "default = 'maybe'": "default has to be 'allow'",
    "[[rule]]\nname='x'\nthen='allow'\nwhen='1 +'": "rule.x.when: ",
    "[[rule]]\nname='x'\nthen='allow'\nwhen='amount > 1'": "unknown name 'amount'; there are agent",
    "[[rule]]\nname='x'\nthen='allow'\ntool=['x']": "unknown key rule.x.tool: did you mean 'tools'?",
    "[[rule]\n": "is not valid TOML",
}


@pytest.mark.parametrize("text", BROKEN)
def test_a_broken_file_is_refused_with_one_sentence(tmp_path: Path, text: str) -> None:
    """That names the file and the place."""
    path = tmp_path / "broken.toml"
    path.write_text(text)
    with pytest.raises(ValueError, match=r"broken\.toml") as caught:
        RuleEngine.read(path)
    assert BROKEN[text] in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """An absent policy is no policy that allows."""
    with pytest.raises(ValueError, match="cannot be read"):
        RuleEngine.read(tmp_path / "nowhere.toml")
