"""`signoff.toml`: what it says counts, and what is wrong with it is said in one sentence."""

from datetime import timedelta
from pathlib import Path

import pytest

from bot.config import reference
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
        ("nonsense", "line 1: 'nonsense' is no TOML: expected '=' after a key"),
        ("pipelines = {}", "pipelines"),
        (SMALL + "[slak]\n", "unknown table [slak]"),
        (SMALL.replace("approvers", "aprovers"), "unknown key policy.aprovers"),
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


def problem_of(folder: Path, text: str) -> str:
    """The sentence about this file, without its name."""
    with pytest.raises(ConfigurationError) as caught:
        load(written(folder, text))
    return str(caught.value).partition("signoff.toml")[2].lstrip(":, ")


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ("[slak]\nmode = 'http'", "unknown table [slak]: did you mean 'slack'?"),
        ("[slack]\nmood = 'http'", "unknown key slack.mood: did you mean 'mode'?"),
        ("[slack]\nxyz = 1", "unknown key slack.xyz: 'signoff settings slack' lists the keys."),
        ("[xyz]", "unknown table [xyz]: 'signoff settings' lists the keys."),
        ("[slack]\nconnections = 'two'", "slack.connections has to be a whole number, not 'two'."),
        ("[web]\ntrusted_proxies = ['x']", "web.trusted_proxies.1 has to be a network such as 10"),
        ("[pipelines.a]\nsteps = [{nam = 'b'}]", "unknown key pipelines.a.steps.1.nam: did you"),
        (
            "[pipelines.review.policy]\ntimout = '1h'",
            "unknown key pipelines.review.policy.timout: did you mean 'timeout'?",
        ),
        (
            "[pipelines.review.policy]\nquorum = 'all'",
            "pipelines.review.policy.quorum has to be a whole number, not 'all'.",
        ),
        (
            "[pipelines.review.policy]\ncalendar = {quiet = 5}",
            "pipelines.review.policy.calendar.quiet: '5' is no span of hours",
        ),
        (
            "[programs]\nshop = {owner = 'U1', channel = 'C1', policy = {risk = 'hi'}}",
            "programs.shop.policy.risk has to be 'low', 'normal' or 'high', not 'hi'.",
        ),
        (
            "[policy]\nquorum = 2",
            "line 6: [policy] is there already, in line 2: put these lines be",
        ),
        ("[storage]\nkeep_unused = 24h", 'line 7: put the value in quotes, keep_unused = "24h".'),
        ("[storage]\nfolder = 'a'\nfolder = 'b'", "folder has a value already: keep the one that"),
    ],
)
def test_a_mistake_has_our_words(tmp_path: Path, more: str, says: str) -> None:
    """The key with its place, what belongs there, and the way out."""
    assert says in problem_of(tmp_path, SMALL + more)


def test_models_that_are_no_table_are_told(tmp_path: Path) -> None:
    """Before what the usual variables say goes in."""
    said = problem_of(tmp_path, "models = 5\n" + SMALL)
    assert said == "models has to be a table, not 5."


@pytest.mark.parametrize("name", ["SIGNOFF_SLACK", "SIGNOFF_WEB__TRUSTED_PROXIES"])
def test_a_variable_that_is_no_json_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """With how a list is written."""
    monkeypatch.setenv(name, "10.0.0.0/8, ::1")
    with pytest.raises(ConfigurationError, match=f"^{name} cannot be read: .* as JSON"):
        load(written(tmp_path, SMALL))


DURATIONS = {
    "policy.timeout": "policy = {approvers = ['a@x.example'], timeout = %s}",
    "policy.ladder.1.after": "policy = {approvers = ['a@x.example'], ladder = [{after = %s}]}",
    "pipelines.review.steps.analysis.timeout": "",
    "storage.keep_unused": "storage = {keep_unused = %s}",
    "digest.within": "digest = {within = %s}",
    "agents.analysis.cache": "agents = {analysis = {cache = %s}}",
    "inputs.url_timeout": "inputs = {url_timeout = %s}",
    "mail.server.connect": "mail = {sender = 'a@x.example', server = {host = 'x', connect = %s}}",
    "mail.server.conversation": "mail = {server = {host = 'x', conversation = %s}}",
    "mail.server.slow_after": "mail = {server = {host = 'x', slow_after = %s}}",
    "pipelines.review.policy.timeout": "",
    "programs.shop.policy.timeout": "programs = {shop = {channel = 'C1', owner = 'U1', policy = "
    "{timeout = %s}}}",
}


@pytest.mark.parametrize("place", DURATIONS)
@pytest.mark.parametrize("number", ["24", "1.5"])
def test_a_duration_needs_its_unit(tmp_path: Path, place: str, number: str) -> None:
    """A number alone was seconds, of which nobody thinks."""
    text = DURATIONS[place] % number if DURATIONS[place] else ""
    step = f", timeout = {number}" if place == "pipelines.review.steps.analysis.timeout" else ""
    own = f"policy = {{timeout = {number}}}" if place == "pipelines.review.policy.timeout" else ""
    if "policy = {approvers" not in text:
        text += "\npolicy = {approvers = ['a@x.example']}"
    text += f"\n[pipelines.review]\n{own}\nsteps = [{{name = 'analysis'{step}}}]\n"
    said = problem_of(tmp_path, text)
    assert said == f"{place}: write a unit, such as {number}h or {number}s."


def test_every_duration_is_tried_above() -> None:
    """Also one that somebody adds."""
    tables = {**reference.sections(), **reference.IN_FILE}
    found = {
        key.name
        for model in tables.values()
        for key in reference.keys(model)
        if key.kind == "duration"
    }
    assert found == {place.rpartition(".")[2] for place in DURATIONS}


def test_zero_needs_no_unit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the file and in the environment."""
    text = SMALL + "[storage]\nkeep_unused = 0\n"
    assert load(written(tmp_path, text)).storage.keep_unused == timedelta(0)
    monkeypatch.setenv("SIGNOFF_STORAGE__KEEP_UNUSED", "0")
    assert load(written(tmp_path, SMALL)).storage.keep_unused == timedelta(0)
    monkeypatch.setenv("SIGNOFF_STORAGE__KEEP_UNUSED", "24")
    assert "write a unit, such as 24h or 24s" in problem_of(tmp_path, SMALL)
