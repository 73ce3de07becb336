"""Every secret is a canary in a run of real processes; no log, error, row, mail, message or history
holds one."""

import asyncio
import base64
import contextlib
import os
import ssl
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import pytest
import trustme
from aiohttp import web
from google.protobuf.json_format import MessageToJson

from bot.config.sections.secrets import Secrets
from bot.config.settings import Settings, load
from bot.processes import bootstrap
from notifications.cards.buttons import ActionId
from notifications.mail.smtp import Security
from playground.config import AppConfig, PlaygroundConfig
from playground.server import Playground
from tests.agents.servers import card_json
from tests.conftest import free_port
from tests.e2e.conftest import CHANNEL, PATIENCE, ROOT, Office
from tests.e2e.gestures import told
from tests.notifications.mail.smtp_servers import PASSWORD, USER, Honest, honest

SETTINGS = """
[slack]
base_url = "{api}"
read_seconds = 0
[web]
port = {web}
worker_port = {worker}
[temporal]
address = "{temporal}"
task_queue = "{queue}"
embedded = false
[storage]
folder = "state"
anchors = "heads.jsonl"
[inputs]
folders = ["{root}/examples"]
[mail]
sender = "signoff@acme.example"
server = {{ host = "127.0.0.1", port = {mail}, username = "{user}", ca_file = "{ca}" }}
[policy]
approvers = ["grace@acme.example"]
ladder = [{{ after = "1s", act = "email" }}]
[programs.robot]
owner = "U0ADA00001"
channel = "C0GENERAL1"
[agents.analysis]
url = "http://127.0.0.1:{agent}/"
fallback = {{ summary = "A stand-in wrote this." }}
[[pipelines.review.steps]]
name = "analysis"
"""
CANARIES = {
    "slack_bot_token": "xoxb-canary-bot-token",
    "slack_app_token": "xapp-canary-app-token",
    "slack_signing_secret": "canary-signing-secret",
    "google_api_key": "canary-model-key-0123456789",
    "gemini_api_key": "canary-second-model-key-0123456789",
    "openai_api_key": "canary-openai-key-0123456789",
    "anthropic_api_key": "canary-anthropic-key-0123456789",
    "mistral_api_key": "canary-mistral-key-0123456789",
    "groq_api_key": "canary-groq-key-0123456789",
    "deepseek_api_key": "canary-deepseek-key-0123456789",
    "xai_api_key": "canary-xai-key-0123456789",
    "openrouter_api_key": "canary-openrouter-key-0123456789",
    "agents_token": "canary-agents-bearer",
    "agents_key": base64.b64encode(b"canary: key of our agents server").decode(),
    "agent_tokens": "analysis=canary-agent-bearer",
    "agent_keys": "strategy=" + base64.b64encode(b"canary: key of a foreign agent..").decode(),
    "mail_password": PASSWORD,
    "audit_key": "canary-audit-key",
    "payload_keys": "old=" + base64.b64encode(b"canary payload keys of 32 bytes.").decode(),
    "program_tokens": "robot=canary-program-token-0123456789abcdef",
    "database_password": "canary-database-password",
}
_NAMED = {"agent_tokens", "agent_keys", "payload_keys", "program_tokens"}
WORDS = {
    *(word.partition("=")[2] if name in _NAMED else word for name, word in CANARIES.items()),
    base64.b64encode(f"\0{USER}\0{PASSWORD}".encode()).decode(),  # as SMTP sends it
}


@dataclass
class Site:
    """Signoff's processes, what they print, and everything around them that is not ours."""

    config: Path
    settings: Settings
    environment: dict[str, str]
    mailbox: Honest
    agent: "Hostile"
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, name: str, **changed: str) -> subprocess.Popen[bytes]:
        """A command, with everything it prints kept."""
        with (self.config.parent / "printed.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "bot", "--config", str(self.config), *name.split()],
                env=self.environment | changed,
                stdout=log,
                stderr=log,
                cwd=ROOT,
            )
        self.running.append(process)
        return process

    async def run(self, name: str, **changed: str) -> int:
        """A command to its end."""
        process = self.start(name, **changed)
        return await asyncio.to_thread(process.wait, 60)

    def stop(self) -> None:
        """All of them, by SIGTERM."""
        for process in self.running:
            process.terminate()
        for process in self.running:
            process.wait(20)


def secrets_in(folder: Path) -> dict[str, str]:
    """Each secret as a file, named in the environment; nothing of the caller's own."""
    clean = {k: v for k, v in os.environ.items() if k.lower() not in Secrets.model_fields}
    folder.mkdir()
    for name, value in CANARIES.items():
        (folder / name).write_text(value + "\n", encoding="utf-8")
    return clean | {f"{name.upper()}_FILE": str(folder / name) for name in CANARIES}


@dataclass
class Hostile:
    """An agent that refuses everybody, and says back what it was sent."""

    status: int = 401
    bearers: set[str] = field(default_factory=set)

    async def refuse(self, request: web.Request) -> web.Response:
        """Its card; to everything else the bearer, in the reason and in the body."""
        if request.method == "GET":
            return web.json_response(card_json(f"http://{request.host}/"))
        bearer = request.headers.get("Authorization", "")
        self.bearers.add(bearer)
        return web.Response(status=self.status, text=f"bad token: {bearer}", reason=f"no {bearer}")

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator[int]:
        """Its port on loopback."""
        app = web.Application()
        app.router.add_route("*", "/{tail:.*}", self.refuse)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port := free_port()).start()
        yield port
        await runner.cleanup()


@pytest.fixture
async def workspace(tmp_path: Path) -> AsyncIterator[Playground]:
    """A workspace whose tokens are canaries."""
    config = PlaygroundConfig(
        manifest=ROOT / "manifest.yml",
        app=AppConfig(
            bot_token=CANARIES["slack_bot_token"],
            app_token=CANARIES["slack_app_token"],
            signing_secret=CANARIES["slack_signing_secret"],
        ),
    )
    async with Playground(config) as running:
        yield running


@pytest.fixture
async def site(
    workspace: Playground, temporal_address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Site]:
    """Bot, worker and scheduler, each a process of its own."""
    environment, hostile = secrets_in(tmp_path / "secrets"), Hostile()
    for name in CANARIES:
        monkeypatch.setenv(f"{name.upper()}_FILE", environment[f"{name.upper()}_FILE"])
    (tmp_path / "site").mkdir()
    config = tmp_path / "site" / "signoff.toml"
    authority, tls = trustme.CA(), ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    mail_server = honest(Security.STARTTLS, tls, auth=True)
    async with mail_server as (mailbox, mail), hostile.serving() as agent:
        config.write_text(
            SETTINGS.format(
                api=workspace.api_url,
                web=free_port(),
                worker=free_port(),
                temporal=temporal_address,
                queue=f"secrets-{uuid.uuid4().hex}",
                root=ROOT,
                mail=mail,
                user=USER,
                ca=tmp_path / "ca.pem",
                agent=agent,
            ),
            encoding="utf-8",
        )
        settings = load(config)
        site = Site(config, settings, environment, mailbox, hostile)
        await bootstrap.prepare(settings)
        for name in ("worker", "bot", "scheduler"):
            site.start(name)
        yield site
        site.stop()


def kept_files(site: Site) -> Iterator[tuple[str, bytes]]:
    """Everything the processes wrote: logs, databases, payloads, heads."""
    for path in sorted(site.config.parent.rglob("*")):
        if path.is_file():
            yield str(path.relative_to(site.config.parent)), path.read_bytes()


async def histories(site: Site) -> AsyncIterator[tuple[str, bytes]]:
    """What Temporal keeps of this run, as bytes and as JSON."""
    client = await bootstrap.connect(site.settings)
    async for found in client.list_workflows(f"TaskQueue = '{site.settings.temporal.task_queue}'"):
        async for event in client.get_workflow_handle(found.id).fetch_history_events():
            yield f"history of {found.id}", event.SerializeToString()
            yield f"history of {found.id}", MessageToJson(event).encode()


async def pages(site: Site) -> AsyncIterator[tuple[str, bytes]]:
    """What bot and worker show on their own web servers."""
    async with aiohttp.ClientSession() as session:
        for port in (site.settings.web.port, site.settings.web.worker_port):
            for page in ("health", "ready", "metrics"):
                async with session.get(f"http://127.0.0.1:{port}/{page}") as answer:
                    yield f"{port}/{page}", await answer.read()


async def shown(office: Office, thread: str) -> AsyncIterator[tuple[str, bytes]]:
    """Every message people see, in the channel, in the thread and directly."""
    for person in (office.ada, office.grace):
        state = await person.state()
        yield f"state of {person.user}", str(state["channels"]).encode()
        for channel in [one["id"] for one in state["channels"]]:
            yield channel, str(await person.messages(channel)).encode()
        yield "thread", str(await person.messages(CHANNEL, thread)).encode()


def test_every_secret_has_its_canary() -> None:
    """A new secret takes part in the search."""
    assert set(CANARIES) == set(Secrets.model_fields)


async def test_no_secret_is_anywhere(workspace: Playground, site: Site) -> None:
    """A task with an agent that refuses, a mail, a decision, refusals, forged requests, commands
    that fail; then every place is searched."""
    office = Office(workspace, site.settings)
    try:
        thread, card = await a_story(office, site)
        await the_errors(site)
        places = [place async for place in shown(office, thread)]
        places += [place async for place in pages(site)]
        places += [place async for place in histories(site)]
    finally:
        site.stop()
        await office.close()
    places += kept_files(site)
    places += [("mail", mail.as_bytes()) for mail in site.mailbox.mails]
    for mail in site.mailbox.mails:
        parts = [part for part in mail.walk() if part.get_content_maintype() == "text"]
        places += [("mail", str(part.get_content()).encode()) for part in parts]
    task = str(card["metadata"]["event_payload"]["approval"]).split(".")[0]  # type: ignore[index]
    assert_searched(places, task.encode())
    found = [(name, word) for name, content in places for word in WORDS if word.encode() in content]
    assert found == []


async def a_story(office: Office, site: Site) -> tuple[str, dict[str, object]]:
    """From the command to the decision; everything that takes a secret took it."""
    for _ in range(PATIENCE * 10):
        if (await office.ada.command("/task help", CHANNEL))["acked"]:
            break
        await asyncio.sleep(0.1)
    await office.ada.command("/task review penguins.csv", CHANNEL)
    thread = await office.thread()
    stuck = await office.ada.wait_for(
        lambda m: "Agent failed" in m["text"], CHANNEL, timeout=PATIENCE
    )
    site.agent.status = 503
    await office.ada.click(stuck, ActionId.RETRY)
    card = await office.card(thread, "analysis")
    for _ in range(PATIENCE * 10):
        if site.mailbox.mails:
            break
        await asyncio.sleep(0.1)
    assert site.mailbox.logins
    assert "Bearer canary-agent-bearer" in site.agent.bearers
    await office.linus.click(card, "signoff_approve")
    await told(office.linus, "You are not an approver", thread)
    await office.grace.click(card, "signoff_approve")
    await office.decided(thread, "analysis")
    return thread, card


async def the_errors(site: Site) -> None:
    """What fails says so, and not with what."""
    broken = "postgresql://signoff@127.0.0.1:9/signoff"
    assert await site.run("doctor") in {0, 1}
    assert await site.run("audit verify", SIGNOFF_STORAGE__DATABASE=broken) == 3
    assert await site.run("audit verify") == 0
    assert await site.run("list", SIGNOFF_TEMPORAL__ADDRESS="127.0.0.1:9") == 3
    assert await site.run("bot", SLACK_BOT_TOKEN_FILE=site.environment["SLACK_APP_TOKEN_FILE"]) == 2
    assert await site.run("worker", SIGNOFF_STORAGE__ENCRYPT_WITH="new") == 2
    port = free_port()
    over_http = {"SIGNOFF_SLACK__MODE": "http", "SIGNOFF_WEB__PORT": str(port)}
    site.start("bot", **over_http)
    async with aiohttp.ClientSession() as session:
        for _ in range(PATIENCE * 10):
            with contextlib.suppress(aiohttp.ClientError):
                forged = {"X-Slack-Signature": "v0=" + "0" * 64, "X-Slack-Request-Timestamp": "1"}
                url = f"http://127.0.0.1:{port}/slack/events"
                async with session.post(url, data=b"payload={}", headers=forged) as answer:
                    assert answer.status in {400, 401}
                    return
            await asyncio.sleep(0.1)
    raise TimeoutError("the bot over HTTP did not come up")


def assert_searched(places: list[tuple[str, bytes]], task: bytes) -> None:
    """The search sees what is there: task or input are named in every kind of place."""
    holding = {name for name, content in places if task in content or b"penguins" in content}
    for kind in ("printed.log", "state/signoff.db", "thread", "mail", "history of "):
        assert any(kind in name for name in holding), kind
    assert any(name.endswith("/metrics") for name, _ in places)
