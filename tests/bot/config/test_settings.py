"""`signoff.toml`: what it says counts, and what is wrong with it is said in one sentence."""

from datetime import timedelta
from pathlib import Path

import pytest

from bot.config.errors import ConfigurationError
from bot.config.settings import load
from workflows.messages.tasks import Gate

ROOT = Path(__file__).parents[3]
SMALL = """
[policy]
approvers = ["grace@acme.example"]
[pipelines.review]
steps = [{name = "analysis"}]
"""


def written(folder: Path, text: str) -> Path:
    """A settings file of its own."""
    file = folder / "signoff.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_the_projects_own_file_is_sound() -> None:
    """Four steps, each with somebody who decides within a day."""
    plans = load(ROOT / "signoff.toml").plans("review")
    assert [plan.name for plan in plans] == ["analysis", "strategy", "patterns", "report"]
    assert all(plan.policy.approvers for plan in plans)
    assert plans[0].policy.timeout == timedelta(hours=24)
    assert plans[1].timeout == timedelta(minutes=15)
    assert plans[2].temperature is None  # Gemini's own is the advice; see usual_temperature


def test_policies_are_inherited(tmp_path: Path) -> None:
    """A step goes over its pipeline, a pipeline over the general policy."""
    text = """
[policy]
approvers = ["a@x.example"]
quorum = 2
timeout = "2d"
[pipelines.review.policy]
quorum = 3
[[pipelines.review.steps]]
name = "analysis"
[[pipelines.review.steps]]
name = "report"
policy = {quorum = 1}
"""
    one, two = load(written(tmp_path, text)).plans("review")
    assert (one.policy.quorum, two.policy.quorum) == (3, 1)
    assert two.policy.timeout == timedelta(days=2)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("nonsense", "cannot be read"),
        ("pipelines = {}", "pipelines"),
        (SMALL + "[slak]\n", "unknown key slak"),
        (SMALL.replace("approvers", "aprovers"), "unknown key aprovers"),
        (SMALL.replace('"grace@acme.example"', ""), "approvers is empty"),
        (SMALL.replace("[policy]", '[policy]\ntimeout = "soon"'), "'soon' is no duration"),
        (SMALL.replace("[policy]", "[policy]\nquorum = 0"), "quorum"),
        (SMALL + "[secrets]\n", "does not belong into this file"),
    ],
)
def test_a_mistake_is_one_sentence(tmp_path: Path, text: str, says: str) -> None:
    """It names the file and the key."""
    with pytest.raises(ConfigurationError) as caught:
        load(written(tmp_path, text))
    assert says in str(caught.value)
    assert "signoff.toml" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """With the way out."""
    with pytest.raises(ConfigurationError, match="--config"):
        load(tmp_path / "signoff.toml")


def test_the_environment_goes_over_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Any setting, nested ones too; secrets from a file stay out of print."""
    (tmp_path / "token").write_text("xoxb-secret\n")
    monkeypatch.setenv("SIGNOFF_TEMPORAL__ADDRESS", "temporal.example:7233")
    monkeypatch.setenv("SLACK_BOT_TOKEN_FILE", str(tmp_path / "token"))
    settings = load(written(tmp_path, SMALL))
    assert settings.temporal.address == "temporal.example:7233"
    assert settings.secrets.slack_bot_token.get_secret_value() == "xoxb-secret"
    assert "xoxb-secret" not in repr(settings)


GATED = """
[policy]
approvers = ["grace@acme.example"]
[pipelines.pay]
steps = [{name = "payment", gate = "%s"}, {name = "report"%s}]
"""


def test_a_gate_is_the_steps_own(tmp_path: Path) -> None:
    """What becomes of the result goes into the plan; `auto` where nothing is said."""
    text = GATED % ("review", ', gate = "receipt"')
    assert [plan.gate for plan in load(written(tmp_path, text)).plans("pay")] == [
        Gate.REVIEW,
        Gate.RECEIPT,
    ]
    plans = load(ROOT / "signoff.toml").plans("pay")
    assert [plan.gate for plan in plans] == [Gate.RECEIPT]


UNGATED = """
[policy]
approvers = ["grace@acme.example"]
[pipelines.look]
gate = "%s"
steps = [{name = "analysis"%s}, {name = "patterns"%s}, {name = "report"%s}]
"""
AUTO, NONE = Gate.AUTO, Gate.NONE


@pytest.mark.parametrize(
    ("pipeline", "steps", "gates"),
    [
        ("each", ("", ", gate = false", ""), (AUTO, NONE, AUTO)),
        ("end", ("", "", ""), (NONE, NONE, AUTO)),
        ("end", ("", ', gate = "review"', ', gate = "receipt"'), (NONE, Gate.REVIEW, Gate.RECEIPT)),
    ],
)
def test_a_pipeline_chooses_where_people_are_asked(
    tmp_path: Path, pipeline: str, steps: tuple[str, ...], gates: tuple[Gate, ...]
) -> None:
    """Nowhere but at the end, or not at one step; what a step says of itself stands."""
    plans = load(written(tmp_path, UNGATED % (pipeline, *steps))).plans("look")
    assert tuple(plan.gate for plan in plans) == gates


def test_the_last_step_has_a_gate(tmp_path: Path) -> None:
    """Its result would be nowhere."""
    with pytest.raises(ConfigurationError, match="gate = false is for a step before the last"):
        load(written(tmp_path, UNGATED % ("each", "", "", ", gate = false")))


def test_the_review_keeps_its_four_gates() -> None:
    """What comes with Signoff asks at each step."""
    plans = load(ROOT / "signoff.toml").plans("review")
    assert [plan.gate for plan in plans] == [Gate.AUTO] * 4


def test_what_another_step_goes_on_from_is_no_receipt(tmp_path: Path) -> None:
    """Nobody would have approved what the next agent gets."""
    with pytest.raises(ConfigurationError, match="gate = 'receipt' is for the last step"):
        load(written(tmp_path, GATED % ("receipt", "")))
