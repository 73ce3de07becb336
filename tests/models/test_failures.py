"""What a model's failure is called: in a step, and by `signoff doctor --online`."""

import io
import socket

import pytest
from rich.console import Console

from agents.errors import AgentError
from agents.models.access import ModelAccess
from agents.models.check import ask
from agents.runtime.local import LocalAgents
from bot.commands.doctor import examine
from bot.config.settings import Settings
from bot.processes.up import print_addresses
from tests.agents.requests import SALES, request
from tests.models.conftest import SMALL, Write
from tests.models.gemini import KEY, GeminiStandIn
from tests.models.gemini_replies import (
    Fault,
    ModelAnswer,
    forbidden,
    internal,
    invalid,
    overloaded,
    page,
    quota,
)

NO_ANSWER = "something that is not an answer of a model"
FLASH = "gemini-flash-latest"
FAULTS: dict[str, tuple[Fault, str, bool, float]] = {
    "quota": (quota(17), "takes no more requests just now (429)", True, 17),
    "quota of the day": (quota(per="Day"), "has used up its quota for today", False, 0),
    "quota of hours": (quota(7200), "takes no more requests for 120 min", False, 0),
    "other parts": (
        Fault(status=200, body={"candidates": [{"content": {"parts": 7}}]}),
        NO_ANSWER,
        True,
        0,
    ),
    "overloaded": (overloaded(), "is overloaded (503)", True, 0),
    "internal": (internal(), "is overloaded (500)", True, 0),
    "forbidden": (forbidden(), f"may not use {FLASH}", False, 0),
    "invalid": (invalid(), "refused the request as it is (400)", False, 0),
    "page": (page(), "something that is not an answer of a model", True, 0),
    "page of a proxy": (page(502), "a web page came back (502)", True, 0),
    "reset": (Fault("reset"), "the connection broke", True, 0),
    "half": (Fault("half"), "the connection broke", True, 0),
}


def access(settings: Settings) -> ModelAccess:
    return settings.model_access


@pytest.mark.parametrize("name", FAULTS)
async def test_a_step_says_what_failed(
    gemini: GeminiStandIn, settings_of: Write, name: str
) -> None:
    """A sentence each, whether trying again helps, and how long to wait."""
    fault, says, retryable, pause = FAULTS[name]
    gemini.says(fault)
    runner = LocalAgents(models=settings_of(env=f"GOOGLE_API_KEY={KEY}").model_access)
    with pytest.raises(AgentError) as caught:
        await runner.run(request().model_copy(update={"model": FLASH}), [SALES])
    assert says in caught.value.sentence
    assert "analysis" in caught.value.sentence
    assert (caught.value.retryable, caught.value.retry_after) == (retryable, pause)
    assert len(gemini.seen) == 1  # whoever retries is Temporal, and nobody else


@pytest.mark.parametrize("name", FAULTS)
async def test_a_check_says_the_same(gemini: GeminiStandIn, settings_of: Write, name: str) -> None:
    """Of one small call."""
    fault, says, _, _ = FAULTS[name]
    gemini.says(fault)
    answer = await ask(access(settings_of(env=f"GOOGLE_API_KEY={KEY}")), FLASH)
    assert (answer.ok, says in answer.sentence) == (False, True), answer.sentence


async def test_a_check_names_version_and_time(gemini: GeminiStandIn, settings_of: Write) -> None:
    """The version that answered, not the alias that was asked."""
    answer = await ask(access(settings_of(env=f"GOOGLE_API_KEY={KEY}")), FLASH)
    assert answer.ok
    assert f"{FLASH} answers as gemini-3-flash-preview, in " in answer.sentence
    assert gemini.seen[0].body["generationConfig"]["maxOutputTokens"] == 200


@pytest.mark.parametrize(
    ("reply", "says"),
    [
        (ModelAnswer(finish="SAFETY"), "gave no answer (SAFETY)"),
        (ModelAnswer(blocked="PROHIBITED_CONTENT"), "gave no answer (PROHIBITED_CONTENT)"),
        (ModelAnswer(), "gave no answer"),
    ],
)
async def test_a_check_says_that_nothing_came(
    gemini: GeminiStandIn, settings_of: Write, reply: ModelAnswer, says: str
) -> None:
    """A block is no answer."""
    gemini.says(reply)
    answer = await ask(access(settings_of(env=f"GOOGLE_API_KEY={KEY}")), FLASH)
    assert (answer.ok, says in answer.sentence) == (False, True), answer.sentence


async def test_a_slow_model_is_left(gemini: GeminiStandIn, settings_of: Write) -> None:
    """After the time a check has."""
    gemini.says(Fault("hang"))
    answer = await ask(access(settings_of(env=f"GOOGLE_API_KEY={KEY}")), FLASH, seconds=0.3)
    assert "did not answer within" in answer.sentence


def nobodys_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("http://127.0.0.1:{port}", "nothing listens there"),
        ("http://no-such-host.invalid", "its name cannot be looked up"),
    ],
)
async def test_nobody_there(
    settings_of: Write, monkeypatch: pytest.MonkeyPatch, address: str, says: str
) -> None:
    """A wrong address is told from a broken connection."""
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("SIGNOFF_MODELS__ADDRESS", address.format(port=nobodys_port()))
    answer = await ask(access(settings_of(env=f"GOOGLE_API_KEY={KEY}")), FLASH)
    assert says in answer.sentence


async def doctor(settings: Settings, *, online: bool) -> str:
    console = Console(record=True, width=200, file=io.StringIO())
    await examine(settings, console, online=online)
    return console.export_text()


async def test_doctor_asks_each_model_once(gemini: GeminiStandIn, settings_of: Write) -> None:
    """Only when told to, only those that steps use; a model nobody has is told."""
    toml = SMALL.replace("steps = [", 'steps = [{name = "report", model = "gemini-of-tomorrow"}, ')
    settings = settings_of(toml, env=f"GOOGLE_API_KEY={KEY}")
    text = await doctor(settings, online=False)
    assert "Models: Gemini with the key GOOGLE_API_KEY, at http://127.0.0.1" in text
    assert "• No model was tried: 'signoff doctor --online' tries each." in text
    assert "✓ Models" not in text
    assert not gemini.seen
    text = await doctor(settings, online=True)
    assert "No model was tried" not in text
    assert "✓ gemini-flash-latest answers as gemini-3-flash-preview, in " in text
    assert "✗ There is no model 'gemini-of-tomorrow'" in text
    assert len(gemini.seen) == 2
    assert KEY not in text


def test_the_start_claims_nothing_of_a_key(settings_of: Write) -> None:
    """A key that nobody tried may be wrong; the offline model needs none."""
    said = {}
    for env in (f"GOOGLE_API_KEY={KEY}", ""):
        console = Console(record=True, width=200, file=io.StringIO())
        print_addresses(settings_of(env=env), console)
        said[env] = next(t for t in console.export_text().splitlines() if "Models" in t)
    assert said[f"GOOGLE_API_KEY={KEY}"].endswith("(not tried)")
    assert "live" not in said[f"GOOGLE_API_KEY={KEY}"]
    assert "offline, because no key is set" in said[""]
    assert "not tried" not in said[""]


async def test_doctor_says_offline_and_why(settings_of: Write) -> None:
    """Without a key, and with a step that names a model."""
    text = await doctor(settings_of(), online=True)
    assert "✓ Models: offline, because no key is set" in text
