"""Live or offline is decided once, by a rule, and said; a model is never replaced in silence."""

import importlib.util

import pytest
from pydantic import SecretStr

from agents.models.access import ModelAccess
from agents.models.providers import provider_of
from agents.models.settings import ModelKeys, ModelSettings
from agents.runtime.local import LocalAgents
from bot.config.errors import ConfigurationError
from bot.config.models import model_problems
from tests.agents.requests import SALES, request
from tests.models.conftest import SMALL, Write
from tests.models.gemini import KEY

GEMINI, OPENAI = "gemini-flash-latest", "openai/gpt-5"


def decided(use: str, keys: str, *wanted: str) -> ModelAccess:
    found = {name: SecretStr("a key of twenty characters") for name in keys.split()}
    settings = ModelSettings.model_validate({"use": use})
    return ModelAccess.decided(settings, ModelKeys(found=found), wanted)


@pytest.mark.parametrize(
    ("model", "provider"),
    [
        (GEMINI, "google"),
        ("models/gemini-2.5-flash", "google"),
        ("projects/p/locations/l/endpoints/1", "google"),
        (OPENAI, "openai"),
        ("ollama_chat/qwen3", "ollama_chat"),
        ("offline", "offline"),
        ("offline/analysis", "offline"),
        ("somebody/else", ""),
        ("nobody", ""),
    ],
)
def test_a_models_name_says_who_answers(model: str, provider: str) -> None:
    """Without loading anything of the provider's."""
    assert provider_of(model) == provider


@pytest.mark.parametrize(
    ("use", "keys", "wanted", "offline", "says"),
    [
        ("auto", "", GEMINI, True, "no key is set"),
        ("auto", "GOOGLE_API_KEY", GEMINI, False, "Gemini with the key GOOGLE_API_KEY"),
        ("auto", "GEMINI_API_KEY", GEMINI, False, "Gemini with the key GEMINI_API_KEY"),
        ("auto", "GEMINI_API_KEY GOOGLE_API_KEY", GEMINI, False, "the key GOOGLE_API_KEY"),
        ("auto", "OPENAI_API_KEY", GEMINI, True, "OPENAI_API_KEY is set, but no step can use it"),
        ("auto", "OPENAI_API_KEY", OPENAI, False, "openai with the key OPENAI_API_KEY"),
        ("live", "", GEMINI, False, "live, but with no key"),
        ("offline", "GOOGLE_API_KEY", GEMINI, True, "because use under [models] says so"),
    ],
)
def test_the_rule(use: str, keys: str, wanted: str, offline: bool, says: str) -> None:
    """`auto` is live as soon as a model of a step has a key; the sentence says why."""
    access = decided(use, keys, wanted)
    assert (access.offline, says in access.sentence) == (offline, True), access.sentence


def test_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """A provider's key alone does not do: the package is named, and who has the key is not."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    access = decided("live", "OPENAI_API_KEY", OPENAI)
    assert (
        access.lacking(OPENAI)
        == "Install signoff[litellm] (make install EXTRAS=litellm in a checkout)"
    )


@pytest.mark.parametrize(
    ("offline", "named", "answers"),
    [
        (True, GEMINI, "offline/analysis"),
        (False, GEMINI, GEMINI),
        (False, "offline", "offline/analysis"),
        (True, "scripted/x", "scripted/x"),
    ],
)
def test_who_answers(offline: bool, named: str, answers: str) -> None:
    """Offline, the stand-in; else what is named; what only ADK knows is left to ADK."""
    assert ModelAccess.without_keys(offline=offline).chosen(named, "offline/analysis") == answers


def test_every_step_needs_its_key(settings_of: Write) -> None:
    """Live for one step is live for all: a model without a key is named with its place."""
    toml = SMALL.replace(
        'steps = [{name = "analysis", model = "gemini-flash-latest"}]',
        'steps = [{name = "analysis"}, {name = "report", model = "openai/gpt-5"}]',
    )
    settings = settings_of(toml, env=f"GOOGLE_API_KEY={KEY}")
    (problem,) = model_problems(settings)
    assert problem == (
        "pipelines.review.steps.report: openai/gpt-5 cannot be asked. Set OPENAI_API_KEY, name "
        "another model there (or 'offline'), or set use = 'offline' under [models]."
    )
    assert not model_problems(settings_of(toml))  # offline, and said


def test_a_foreign_agents_model_is_its_own_matter(settings_of: Write) -> None:
    """What a step names for an agent elsewhere is passed on, key or not."""
    toml = SMALL.replace("gemini-flash-latest", "openai/gpt-5")
    toml += '[agents.analysis]\nurl = "https://agents.example/analysis/"\n'
    settings = settings_of(toml, env=f"GOOGLE_API_KEY={KEY}")
    assert not model_problems(settings)
    assert settings.plans("review")[0].model == "openai/gpt-5"


def test_a_plan_says_what_was_named(settings_of: Write) -> None:
    """Offline, too: whoever runs the step decides, and knows what was asked for."""
    assert settings_of().plans("review")[0].model == "gemini-flash-latest"
    inside = SMALL + '[agents.analysis]\nrun = "workflow"\n'
    assert settings_of(inside).plans("review")[0].model == "offline/analysis"
    live = settings_of(inside, env=f"GOOGLE_API_KEY={KEY}")
    assert live.plans("review")[0].model == "gemini-flash-latest"


async def test_offline_says_so_of_itself(settings_of: Write) -> None:
    """A named model is not pretended to have answered."""
    runner = LocalAgents(models=settings_of().model_access)
    asked = request().model_copy(update={"model": GEMINI})
    outcome = await runner.run(asked, [SALES])
    assert outcome.result
    assert outcome.result.offline
    assert outcome.version == runner.version(asked)
    assert outcome.version
    assert outcome.version.model_version == "offline/analysis"


def test_the_address_is_one(settings_of: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is none is refused, with the key's name."""
    monkeypatch.setenv("SIGNOFF_MODELS__ADDRESS", "gemini.example")
    with pytest.raises(ConfigurationError, match="address: give an address that starts with"):
        settings_of()


def test_the_usual_names_are_read(settings_of: Write) -> None:
    """Google's own variables fill what the file leaves out; the file goes over them."""
    env = (
        "GOOGLE_GENAI_USE_VERTEXAI=true\nGOOGLE_CLOUD_PROJECT=acme\n"
        "GOOGLE_CLOUD_LOCATION=europe-west1\nGOOGLE_GEMINI_BASE_URL=https://elsewhere.example\n"
    )
    settings = settings_of(env=env)
    said = settings.models
    assert (said.vertex, said.project, said.location) == (True, "acme", "europe-west1")
    assert "127.0.0.1" in said.address
    sentence = settings.model_access.sentence
    assert "Gemini through Vertex AI (project acme, europe-west1)" in sentence
