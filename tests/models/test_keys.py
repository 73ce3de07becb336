"""The key of the settings arrives at the model, by whichever way it was given, in every run mode."""

import asyncio
import json
import logging
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from agents.a2a.client import A2AClient
from agents.errors import AgentError, AgentFailed
from agents.runtime.local import LocalAgents
from bot.config.agents import registry
from bot.config.errors import ConfigurationError
from bot.config.models import require_models
from bot.config.settings import Settings
from bot.processes.agent_server import agents
from tests.agents.requests import SALES, request
from tests.conftest import free_port
from tests.models.conftest import SMALL, Write
from tests.models.gemini import KEY, GeminiStandIn
from tests.models.gemini_replies import ANSWER, calls
from tests.models.pipeline import turn_inside
from workflows.messages.results import AgentResult

ROOT = Path(__file__).parents[2]
ASKED = request().model_copy(update={"model": "gemini-flash-latest"})
OTHER_KEY = "AIza-a-key-that-nobody-knows-0000000000"


async def answered(settings: Settings) -> AgentResult:
    outcome = await LocalAgents(models=settings.model_access).run(ASKED, [SALES])
    assert outcome.result is not None
    return outcome.result


@pytest.mark.parametrize("name", ["GOOGLE_API_KEY", "GEMINI_API_KEY"])
@pytest.mark.parametrize("way", ["env file", "file", "environment"])
async def test_the_key_arrives(
    gemini: GeminiStandIn,
    settings_of: Write,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    way: str,
) -> None:
    """From `.env`, from the file that `<NAME>_FILE` names, exported; the process stays as it was."""
    (tmp_path / "key").write_text(f"{KEY}\n", encoding="utf-8")
    if way == "environment":
        monkeypatch.setenv(name, KEY)
    line = {"env file": f"{name}={KEY}", "file": f"{name}_FILE={tmp_path / 'key'}"}.get(way, "")
    before = dict(os.environ)
    result = await answered(settings_of(env=line))
    assert result.summary == ANSWER["summary"]
    assert not result.offline
    assert [(seen.key, seen.model) for seen in gemini.seen] == [(KEY, "gemini-flash-latest")]
    assert dict(os.environ) == before


async def test_a_tool_is_called_and_its_answer_is_taken(
    gemini: GeminiStandIn, settings_of: Write
) -> None:
    """Call, response, signature: two requests that the strict one takes."""
    gemini.says(calls(("profile_table", {"file": "sales.csv"})))
    assert (await answered(settings_of(env=f"GOOGLE_API_KEY={KEY}"))).summary == ANSWER["summary"]
    assert len(gemini.seen) == 2
    assert not gemini.refused
    parts = gemini.seen[1].body["contents"][-1]["parts"]
    assert parts[0]["functionResponse"]["name"] == "profile_table"


@pytest.fixture
async def served(gemini: GeminiStandIn, settings_of: Write) -> AsyncIterator[Settings]:
    """Our agents' own server, started as `signoff agents` does it."""
    text = SMALL + f"[agent_server]\nport = {free_port()}\n"
    settings = settings_of(text, env=f"GOOGLE_API_KEY={KEY}")
    async with agents(settings):
        yield settings


async def test_the_agents_server_asks_with_it(gemini: GeminiStandIn, served: Settings) -> None:
    """`run = "a2a"`."""
    client, endpoint = A2AClient(), registry(served).endpoints["analysis"]
    try:
        outcome = await client.run(ASKED, [SALES], endpoint)
    finally:
        await client.aclose()
    assert outcome.result
    assert outcome.result.summary == ANSWER["summary"]
    assert [seen.key for seen in gemini.seen] == [KEY]


async def test_a_turn_inside_of_a_workflow_asks_with_it(
    gemini: GeminiStandIn, settings_of: Write, temporal_address: str, tmp_path: Path
) -> None:
    """The worker's key, which is in no history."""
    settings = settings_of(env=f"GEMINI_API_KEY={KEY}")
    result = await turn_inside(settings, temporal_address, tmp_path / "payloads", ASKED)
    assert result.summary == ANSWER["summary"]
    assert [seen.key for seen in gemini.seen] == [KEY]


async def test_the_command_line_asks_with_it(
    gemini: GeminiStandIn, settings_of: Write, tmp_path: Path
) -> None:
    """`adk run` in a folder with `.env` and settings."""
    (tmp_path / "key").write_text(KEY, encoding="utf-8")
    settings_of(env=f"GOOGLE_API_KEY_FILE={tmp_path / 'key'}")
    (tmp_path / "sales.csv").write_bytes(SALES)
    environment = {k: v for k, v in os.environ.items() if "proxy" not in k.lower()}
    command = [Path(sys.executable).with_name("adk"), "run", "--in_memory"]
    process = await subprocess_of(
        *map(str, command),
        str(ROOT / "agents/samples/analysis"),
        "Look at sales.csv",
        cwd=tmp_path,
        env=environment,
    )
    assert str(ANSWER["summary"]) in process
    assert {seen.key for seen in gemini.seen} == {KEY}


async def subprocess_of(*command: str, cwd: Path, env: dict[str, str]) -> str:
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=cwd,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    out, err = await asyncio.wait_for(process.communicate(), 120)
    assert process.returncode == 0, err.decode()
    return out.decode()


def service_account(folder: Path, token_uri: str) -> Path:
    """A key file as Google's console gives it out, whose tokens come from the stand-in."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    account = {
        "type": "service_account",
        "project_id": "acme",
        "private_key_id": "1",
        "private_key": pem.decode(),
        "client_email": "signoff@acme.example",
        "client_id": "1",
        "token_uri": token_uri,
    }
    file = folder / "account.json"
    file.write_text(json.dumps(account), encoding="utf-8")
    return file


async def test_vertex_is_asked_with_the_credentials(
    gemini: GeminiStandIn, settings_of: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Google's own variables in `.env`: project, location, the credentials' file; no API key."""
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY"):
        monkeypatch.delenv(name)
    service_account(tmp_path, f"{gemini.address}/token")
    env = (
        "GOOGLE_GENAI_USE_VERTEXAI=true\nGOOGLE_CLOUD_PROJECT=acme\n"
        "GOOGLE_CLOUD_LOCATION=europe-west1\nGOOGLE_APPLICATION_CREDENTIALS=account.json\n"
    )
    settings = settings_of(env=env)
    require_models(settings, "a2a")
    assert (await answered(settings)).summary == ANSWER["summary"]
    (seen,) = gemini.seen
    assert (seen.project, seen.key) == ("acme", "")
    assert seen.bearer in gemini.bearers


async def test_credentials_that_are_not_there(settings_of: Write) -> None:
    """The file and the login are named."""
    env = (
        "GOOGLE_GENAI_USE_VERTEXAI=1\nGOOGLE_CLOUD_PROJECT=acme\n"
        "GOOGLE_APPLICATION_CREDENTIALS=nowhere.json\n"
    )
    with pytest.raises(AgentFailed, match="check GOOGLE_APPLICATION_CREDENTIALS"):
        await answered(settings_of(env=env))


async def test_a_wrong_key_is_said_and_is_nowhere(
    gemini: GeminiStandIn,
    settings_of: Write,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """In no sentence, and in no log."""
    caplog.set_level(logging.DEBUG)
    settings = settings_of(env=f"GOOGLE_API_KEY={OTHER_KEY}")
    with pytest.raises(AgentFailed, match="refuses the key") as caught:
        await answered(settings)
    assert not caught.value.retryable
    assert [seen.key for seen in gemini.seen] == [OTHER_KEY]
    printed = capsys.readouterr()
    said = [caught.value.sentence, caplog.text, printed.out, printed.err, repr(settings)]
    said += [repr(settings.model_access), json.dumps(settings.model_dump(mode="json"))]
    assert not [text for text in said if OTHER_KEY in text]


async def test_without_a_key_nothing_live_is_asked(settings_of: Write) -> None:
    """`use = "live"` and no key: a sentence, at the start and when a turn is run nevertheless."""
    settings = settings_of(models='use = "live"')
    says_so = (
        "pipelines.review.steps.analysis: gemini-flash-latest cannot be asked. Set GOOGLE_API_KEY"
    )
    with pytest.raises(ConfigurationError, match=says_so):
        require_models(settings, "a2a")
    with pytest.raises(AgentError, match="analysis cannot ask gemini-flash-latest"):
        await answered(settings)
