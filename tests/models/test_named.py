"""`[models.<name>]`: any model under a name of one's own; what is wrong with one is said at once."""

import importlib.util
import io
from pathlib import Path

import pytest
from rich.console import Console

from agents.catalogue import CATALOGUE, find
from agents.models.named import ModelRoute, NamedModel, plain_route
from agents.models.temperature import usual_temperature
from bot.commands.doctor import examine
from bot.config.errors import ConfigurationError
from bot.config.models import model_problems, require_models
from tests.models.conftest import SMALL, Write
from tests.models.gemini import KEY, GeminiStandIn

HOUSE = """
[models.house]
provider = "openai"
model = "qwen3-32b"
address = "http://127.0.0.1:9/v1/"
key = "HOUSE_MODEL_KEY"
temperature = 0.2
prices = { input = 1.0, output = 4.0 }
"""
ON_HOUSE = SMALL.replace("gemini-flash-latest", "house")
HOUSE_KEY = "key-of-the-house-00000000000"


@pytest.mark.parametrize(
    ("name", "said", "route"),
    [
        (
            "x",
            {"model": "openai/gpt-5"},
            ModelRoute("openai/gpt-5", "openai", "", "OPENAI_API_KEY"),
        ),
        ("openai/gpt-5", {}, ModelRoute("openai/gpt-5", "openai", "", "OPENAI_API_KEY")),
        (
            "x",
            {"provider": "openai", "model": "openai/gpt-5", "key": "MINE"},
            ModelRoute("openai/gpt-5", "openai", "", "MINE"),
        ),
        (
            "x",
            {"provider": "openai", "model": "org/qwen3", "address": "http://h/v1/"},
            ModelRoute("openai/org/qwen3", "openai", "http://h/v1", ""),
        ),
        ("qwen3", {"provider": "ollama_chat"}, ModelRoute("ollama_chat/qwen3", "ollama_chat")),
        ("x", {"provider": "cohere", "model": "c"}, ModelRoute("cohere/c", "cohere")),
        ("x", {"model": "gemini-3-pro"}, ModelRoute("gemini-3-pro", "google")),
        ("x", {"provider": "google", "model": "gemini-3"}, ModelRoute("gemini-3", "google")),
    ],
)
def test_how_a_model_is_reached(name: str, said: dict[str, str], route: ModelRoute) -> None:
    """A provider's key goes to nowhere but the provider, unless the section names it."""
    assert NamedModel.model_validate(said).checked(name).route(name) == route


def test_without_a_section_the_name_says_it() -> None:
    """As before there were any."""
    assert plain_route("xai/grok") == ModelRoute("xai/grok", "xai", "", "XAI_API_KEY")
    assert plain_route("nobody") == ModelRoute("nobody", "")


def section(line: str, name: str = "house") -> str:
    return f'[models."{name}"]\n{line}'


@pytest.mark.parametrize(
    ("models", "says"),
    [
        (section("adress = 'http://x'"), "unknown key models.house.adress"),
        ('adress = "http://x"', "models.adress: unknown key; a model is a table"),
        (section('provider = "openai"\nkey = "sk-1234"'), "house.key: give the name of the var"),
        (section('provider = "openai"\nkey = "MY_FILE"'), "house.key: give the name of the var"),
        (section('provider = "openai"\naddress = "h:1"'), "house.address: give an address that"),
        (section('provider = "Open AI"'), "models.house.provider"),
        (section("temperature = 3"), "models.house.temperature"),
        (section("temperature = 1"), "house: nothing says which model that is; give provider"),
        (section('model = "nobody"'), "house: nothing says which model that is"),
        (section("temperature = 1", "offline"), "'offline' is the stand-in's name; take another"),
        (section('key = "X_KEY"', "gemini-3"), "the address of Gemini stands under [models]"),
        (section("prices = { input = -1, output = 1 }"), "models.house.prices.input"),
        ('openai_address = "http://x"', "models.openai_address: unknown key"),
    ],
)
def test_what_is_wrong_is_said(settings_of: Write, models: str, says: str) -> None:
    """One sentence that names the place; never what may be a key."""
    with pytest.raises(ConfigurationError) as caught:
        settings_of(models=models)
    assert says in str(caught.value)
    assert "sk-1234" not in str(caught.value)


@pytest.mark.parametrize("way", ["env file", "file", "environment"])
def test_the_key_is_read_by_its_name(
    settings_of: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    """From everywhere a key may be; it is printed nowhere."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object())
    (tmp_path / "key").write_text(f"{HOUSE_KEY}\n", encoding="utf-8")
    if way == "environment":
        monkeypatch.setenv("HOUSE_MODEL_KEY", HOUSE_KEY)
    line = {"env file": f"HOUSE_MODEL_KEY={HOUSE_KEY}", "file": "HOUSE_MODEL_KEY_FILE={}"}
    env = line.get(way, "").format(tmp_path / "key")
    settings = settings_of(ON_HOUSE, env=env, models=HOUSE)
    access = settings.model_access
    assert access.keys.value("HOUSE_MODEL_KEY") == HOUSE_KEY
    assert not model_problems(settings)
    assert access.sentence == (
        "Models: openai/qwen3-32b at http://127.0.0.1:9/v1 with the key HOUSE_MODEL_KEY."
    )
    assert HOUSE_KEY not in repr(settings) + settings.model_dump_json()


def test_a_key_file_that_is_not_there(settings_of: Write) -> None:
    """As for the usual keys."""
    with pytest.raises(ConfigurationError, match="HOUSE_MODEL_KEY_FILE: /nowhere cannot be read"):
        settings_of(ON_HOUSE, env="HOUSE_MODEL_KEY_FILE=/nowhere", models=HOUSE)


def test_a_section_without_its_key_is_not_replaced(settings_of: Write) -> None:
    """`use = "auto"`: somebody said where to ask, so nothing stands in for it."""
    settings = settings_of(ON_HOUSE, models=HOUSE)
    assert not settings.model_access.offline
    with pytest.raises(ConfigurationError, match=r"analysis: house cannot be asked\. Set HOUSE_MO"):
        require_models(settings, "a2a")


def test_without_the_extra_it_is_named(settings_of: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """And the stand-in does not answer: not for a section, a provider, or a local model."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    env = f"HOUSE_MODEL_KEY={HOUSE_KEY}\nOPENAI_API_KEY={KEY}"
    for model in ("house", "openai/gpt-5", "ollama_chat/qwen3"):
        toml = SMALL.replace("gemini-flash-latest", model)
        settings = settings_of(toml, env=env, models=HOUSE)
        assert settings.model_access.chosen(model, "offline/analysis") == model
        (problem,) = model_problems(settings)
        assert f"analysis: {model} cannot be asked. Install signoff[litellm] (make in" in problem
    assert not model_problems(settings_of(env=f"GOOGLE_API_KEY={KEY}", models=HOUSE))


def test_prices_alone_do_not_ask_for_a_key(settings_of: Write) -> None:
    """A section that only says what a model costs leaves the choice as it was."""
    models = section("prices = { input = 1, output = 2 }", "gemini-flash-latest")
    settings = settings_of(models=models)
    assert settings.model_access.offline
    assert settings.models.to_ask == set()


def test_what_a_call_costs(settings_of: Write) -> None:
    """By the version that answered, else by the name that was asked."""
    models = HOUSE + section("prices = { input = 3, output = 5 }", "qwen3-32b-2507")
    price = settings_of(ON_HOUSE, models=models).models.price
    assert price("house", "", 1_000_000, 500_000) == 3.0
    assert price("house", "qwen3-32b-2507", 1_000_000, 1_000_000) == 8.0
    assert price("other", "", 1_000_000, 1_000_000) == 0


def test_whose_temperature_holds(settings_of: Write) -> None:
    """The step's, else the section's, else the agent's; Gemini 3 keeps its own."""
    toml = ON_HOUSE.replace(
        'steps = [{name = "analysis", model = "house"}]',
        'steps = [{name = "analysis", model = "house"}, {name = "patterns", model = "house", '
        'temperature = 0.9}, {name = "report", model = "fast"}, {name = "strategy"}]',
    )
    settings = settings_of(toml, models=HOUSE + '[models.fast]\nmodel = "gemini-flash-latest"\n')
    assert [plan.temperature for plan in settings.plans("review")] == [0.2, 0.9, 1.0, None]


@pytest.mark.parametrize(
    ("model", "sent"),
    [
        ("gemini-flash-latest", None),
        ("gemini-3.5-flash", None),
        ("models/gemini-3-pro-preview", None),
        ("gemini-2.5-flash", 0.1),
        ("gemini-1.5-pro-002", 0.1),
        ("openai/gpt-5", 0.1),
        ("ollama_chat/qwen3", 0.1),
    ],
)
def test_the_agents_own_temperature(model: str, sent: float | None) -> None:
    """Google advises to leave that of Gemini 3 alone."""
    assert find("patterns").temperature == 0.1
    assert usual_temperature(model, find("patterns").temperature) == sent
    assert {find(name).model for name in CATALOGUE} == {"gemini-flash-latest", "gemini-pro-latest"}


async def test_doctor_names_a_section_that_cannot_be_asked(
    gemini: GeminiStandIn, settings_of: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also one that no step uses yet; one that can be is asked."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object())
    fast = '[models.fast]\nmodel = "gemini-pro-latest"\n'
    settings = settings_of(env=f"GOOGLE_API_KEY={KEY}", models=HOUSE + fast)
    console = Console(record=True, width=200, file=io.StringIO())
    await examine(settings, console, online=True)
    text = console.export_text()
    assert "✗ models.house: it cannot be asked. Set HOUSE_MODEL_KEY." in text
    assert "✓ fast answers as gemini-3-pro-preview" in text
    assert {seen.model for seen in gemini.seen} == {"gemini-flash-latest", "gemini-pro-latest"}
