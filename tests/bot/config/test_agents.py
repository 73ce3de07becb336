"""The agents as the settings describe them: where they are, what they get, and what is refused."""

import base64
import json
from pathlib import Path

import aiohttp
import pytest

from agents.a2a.endpoints import Endpoint
from agents.http.signature import SigningKey
from bot.config.agents import health_tls, registry
from bot.config.errors import ConfigurationError
from bot.config.settings import Settings, load
from bot.processes.agent_server import agents
from tests.agents.certificates import Authority
from tests.bot.config.test_settings import SMALL, written
from tests.conftest import free_port
from workflows.messages.results import AgentPin

KEY = base64.b64encode(b"k" * 32).decode()
OTHER = base64.b64encode(b"o" * 32).decode()
QUOTES = '[agents.quotes]\nurl = "https://quotes.example/a2a/"\n'


@pytest.fixture(autouse=True)
def secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    """What our own agents ask for."""
    monkeypatch.setenv("AGENTS_TOKEN", "ours-canary")
    monkeypatch.setenv("AGENTS_KEY", KEY)


def settings(folder: Path, text: str) -> Settings:
    return load(written(folder, SMALL + text))


def endpoint(of: Settings, name: str) -> Endpoint:
    return registry(of).endpoints[name]


def test_our_secrets_go_to_our_agents_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody else's agent gets what is meant for it, or nothing."""
    elsewhere = '[agents.report]\nurl = "https://report.example/"\n'
    of = settings(tmp_path, QUOTES + elsewhere)
    ours = endpoint(of, "analysis")
    assert ours.url == "http://127.0.0.1:8331/analysis/"
    assert (ours.token.get_secret_value(), ours.seal.get_secret_value()) == ("ours-canary", KEY)
    for name in ("quotes", "report"):
        theirs = endpoint(of, name)
        assert not theirs.token.get_secret_value()
        assert not theirs.seal.get_secret_value()
    monkeypatch.setenv("AGENT_TOKENS", "quotes=q-canary")
    (tmp_path / "keys").write_text(f"quotes={OTHER}\n")
    monkeypatch.setenv("AGENT_KEYS_FILE", str(tmp_path / "keys"))
    of = settings(tmp_path, QUOTES)
    theirs = endpoint(of, "quotes")
    assert (theirs.token.get_secret_value(), theirs.seal.get_secret_value()) == ("q-canary", OTHER)
    assert "canary" not in repr(theirs)
    assert KEY not in repr(of)


def test_files_are_named_from_the_settings_file(tmp_path: Path) -> None:
    """Certificates and card keys; ours use the server's, unless they have their own."""
    files = Authority(tmp_path / "tls").issued("caller")
    SigningKey.kept(tmp_path / "quotes.pem")
    names = f'{{ ca = "tls/ca.pem", cert = "tls/{files.cert and files.cert.name}", key = "tls/{files.key and files.key.name}" }}'
    of = settings(
        tmp_path,
        f'{QUOTES}card_key = "quotes.pem"\ntls = {{ ca = "tls/ca.pem" }}\n'
        f"[agent_server]\ntls = {names}\n"
        f'[agents.report]\ntls = {{ ca = "tls/ca.pem" }}\n',
    )
    quotes, ours, report = (endpoint(of, name) for name in ("quotes", "analysis", "report"))
    assert (quotes.tls.ca, quotes.tls.cert) == (tmp_path / "tls/ca.pem", None)
    assert "d" not in json.loads(quotes.card_keys)["keys"][0]
    assert ours.url == "https://127.0.0.1:8331/analysis/"
    assert ours.tls == files
    assert report.tls.cert is None


def test_a_public_address_is_where_our_agents_are_called(tmp_path: Path) -> None:
    """Behind a proxy, for example; they still get our token."""
    of = settings(tmp_path, '[agent_server]\npublic_url = "https://agents.example/"\n')
    ours = endpoint(of, "analysis")
    assert ours.url == "https://agents.example/analysis/"
    assert ours.token.get_secret_value() == "ours-canary"


@pytest.mark.parametrize(
    ("text", "environment", "says"),
    [
        (QUOTES + 'tls = { ca = "no.pem" }\n', {}, "agents.quotes.tls: The TLS files"),
        (QUOTES + 'card_key = "no.pem"\n', {}, "agents.quotes.card_key:"),
        (QUOTES, {"AGENT_TOKENS": "quote=secret-1"}, "AGENT_TOKENS has 'quote'"),
        (QUOTES, {"AGENT_TOKENS": "secret-1"}, "AGENT_TOKENS has a word without '='"),
        (
            QUOTES,
            {"AGENT_KEYS": "quotes=secret-1"},
            "The key of agent quotes: The key is no base64",
        ),
        ("", {"AGENTS_KEY": "c2VjcmV0LTE="}, "The key has 8 bytes; it needs 32"),
    ],
)
def test_what_is_no_use_is_said_at_the_start(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    text: str,
    environment: dict[str, str],
    says: str,
) -> None:
    """In one sentence that names the setting, and never shows the secret."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError) as caught:
        registry(settings(tmp_path, text))
    assert says in str(caught.value)
    assert "secret-1" not in str(caught.value)
    assert "c2Vj" not in str(caught.value)


def test_a_step_pins_what_its_agent_is(tmp_path: Path) -> None:
    """More than its version; a word nobody knows is refused."""
    pin = (
        '{ version = "1.0.0", model_version = "m", prompt_version = "1", capabilities = ["data"] }'
    )
    text = SMALL.replace('{name = "analysis"}', f'{{name = "analysis", pin = {pin}}}')
    (plan,) = load(written(tmp_path, text)).plans("review")
    assert plan.pin == AgentPin(
        version="1.0.0", model_version="m", prompt_version="1", capabilities=("data",)
    )
    with pytest.raises(ConfigurationError, match=r"unknown key .*pin\.verson"):
        load(written(tmp_path, text.replace("version =", "verson =", 1)))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[agent_server]\ntls = { ca = "tls/ca.pem" }\n', "needs a certificate"),
        ('[agent_server]\ntls = { cert = "no.pem", key = "no.key" }\n', "no.pem"),
    ],
)
async def test_our_server_refuses_certificates_that_are_no_use(
    tmp_path: Path, text: str, says: str
) -> None:
    """Before it listens."""
    Authority(tmp_path / "tls")
    of = settings(tmp_path, text + f"port = {free_port()}\n")
    with pytest.raises(ConfigurationError, match=says):
        async with agents(of):
            pass


async def test_a_signing_key_others_may_read_is_refused(tmp_path: Path) -> None:
    """They could sign cards in our name."""
    of = settings(tmp_path, f"[agent_server]\nport = {free_port()}\n")
    of.folder.mkdir()
    SigningKey.kept(of.folder / "cards.pem")
    (of.folder / "cards.pem").chmod(0o644)
    with pytest.raises(ConfigurationError, match="chmod 600"):
        async with agents(of):
            pass


async def test_an_open_door_to_the_network_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a sentence, at once; the process does not hang."""
    monkeypatch.setenv("AGENTS_TOKEN", "")
    of = settings(tmp_path, f'[agent_server]\nhost = "0.0.0.0"\nport = {free_port()}\n')
    with pytest.raises(ConfigurationError, match=r"Agents on 0\.0\.0\.0 need a token"):
        async with agents(of):
            pass


async def test_our_server_answers_its_parent_over_tls(tmp_path: Path) -> None:
    """`signoff up` sees that its agents are there, whatever name their certificate has."""
    files = Authority(tmp_path).issued("agents.example")
    assert files.cert is not None
    assert files.key is not None
    tls = f'{{ ca = "ca.pem", cert = "{files.cert.name}", key = "{files.key.name}" }}'
    of = settings(tmp_path, f"[agent_server]\nport = {free_port()}\ntls = {tls}\n")
    address = f"https://127.0.0.1:{of.agent_server.port}/health"
    context = health_tls(of)
    assert context is not None
    async with (
        agents(of),
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=context)) as session,
        session.get(address) as answer,
    ):
        assert answer.status in {200, 503}
