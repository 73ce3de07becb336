"""Slack's HTTP mode: the local workspace sends signed requests, the real bot does its work."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from pydantic import SecretStr
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.config.errors import ConfigurationError
from bot.config.settings import Settings
from bot.processes import bootstrap
from bot.slack.dispatch import PromptDispatch
from bot.slack.http import PATHS, SlackHttp
from playground.config import AppConfig, PlaygroundConfig
from playground.server import Playground
from tests.conftest import free_port
from tests.e2e.conftest import CHANNEL, ROOT, Office, settings_for


@contextlib.asynccontextmanager
async def http_bot(settings: Settings, secret: str) -> AsyncIterator[tuple[str, str]]:
    """The bot without sockets; gives its address, and that of its monitoring."""
    secrets = settings.secrets.model_copy(update={"slack_signing_secret": SecretStr(secret)})
    slack = settings.slack.model_copy(update={"mode": "http"})
    ports = {"port": free_port(), "monitoring_port": free_port()}
    web = settings.web.model_copy(update=ports)
    behind = settings.model_copy(update={"slack": slack, "secrets": secrets, "web": web})
    async with bootstrap.bot(behind):
        yield f"http://{web.host}:{web.port}", f"http://{web.monitoring_host}:{web.monitoring_port}"


@pytest.fixture
async def workspace(tmp_path: Path) -> AsyncIterator[Playground]:
    """A local Slack workspace which speaks HTTP to its app."""
    config = PlaygroundConfig(manifest=ROOT / "manifest.yml", app=AppConfig(mode="http"))
    async with Playground(config, tmp_path / "playground.db") as running:
        yield running


@pytest.fixture
async def office(
    workspace: Playground, temporal_address: str, tmp_path: Path
) -> AsyncIterator[Office]:
    """Everything running, the bot behind a verified request URL."""
    settings = settings_for(workspace, temporal_address, tmp_path / "signoff")
    settings.folder.mkdir()
    built = Office(workspace, settings)
    async with contextlib.AsyncExitStack() as stack:
        await bootstrap.prepare(settings)
        await stack.enter_async_context(bootstrap.worker(settings, built.agent))
        url, _ = await stack.enter_async_context(http_bot(settings, workspace.signing_secret))
        await built.ada.request_url(url + PATHS[0])
        yield built
        await built.close()


async def test_a_task_is_started_and_approved_over_http(office: Office) -> None:
    """Slash command, cards, clicks and a form: as over a socket."""
    answer = await office.ada.command("/task review examples/penguins.csv", CHANNEL)
    assert "is on its way" in str(answer["response"])
    thread = await office.thread()
    card = await office.card(thread, "analysis")
    assert (await office.grace.click(card, "signoff_approve"))["acked"]
    card = await office.card(thread, "strategy")
    await office.grace.click(card, "signoff_reject")
    form = await office.grace.wait_for_view()
    await office.grace.submit(form, {"comment": {"comment": "the wrong file"}})
    ended = await office.ada.wait_for(lambda m: "rejected at strategy" in m["text"], CHANNEL)
    assert ended["ts"] == thread


async def test_a_request_delivered_twice_is_done_once(office: Office) -> None:
    """The very same bytes again are answered from memory: no second task, no second answer."""
    await office.ada.fault("duplicate", method="slash_commands", count=1)
    answer = await office.ada.command("/task review examples/penguins.csv", CHANNEL)
    assert "is on its way" in str(answer["response"])
    await office.thread()
    roots = [m for m in await office.ada.messages(CHANNEL) if m.get("metadata")]
    assert len(roots) == 1


async def test_a_command_that_says_payload_arrives(office: Office) -> None:
    """Bolt takes such a form for a gesture without one; ours is read before."""
    answer = await office.ada.command("/task review examples/payload.csv", CHANNEL)
    assert "There is no file `examples/payload.csv`" in str(answer["response"])


async def test_another_secret_opens_nothing(
    workspace: Playground, temporal_address: str, tmp_path: Path
) -> None:
    """Every request is turned away, with a status Slack shows as a failure."""
    settings = settings_for(workspace, temporal_address, tmp_path / "signoff")
    settings.folder.mkdir()
    async with (
        http_bot(settings, "another secret") as (url, monitoring),
        aiohttp.ClientSession() as session,
    ):
        verified = await session.put(
            f"{workspace.url}/_local/request_url",
            json={"url": url + PATHS[0]},
            headers={"Authorization": f"Bearer {workspace.local_token}"},
        )
        assert (await verified.json())["error"] == "url_not_verified"
        for path in PATHS:
            assert (await session.get(url + path)).status == 405
            assert (await session.post(url + path)).status == 401
        for page in ("/metrics", "/health/agents"):
            assert (await session.get(url + page)).status == 404
        assert await (await session.get(f"{url}/health")).json() == {"status": "ok"}
        assert set(await (await session.get(f"{url}/ready")).json()) == {"status"}
        assert "temporal" in await (await session.get(f"{monitoring}/ready")).json()
        told = await (await session.get(f"{monitoring}/metrics")).text()
    assert 'signoff_requests_refused_total{reason="signature"} 1.0' in told


async def test_an_empty_secret_refuses_to_start(
    workspace: Playground, temporal_address: str, tmp_path: Path
) -> None:
    """One sentence, before anything listens."""
    settings = settings_for(workspace, temporal_address, tmp_path / "signoff")
    settings.folder.mkdir()
    with pytest.raises(ConfigurationError, match="SLACK_SIGNING_SECRET is missing"):
        async with http_bot(settings, ""):
            pass


def test_every_kind_of_payload_may_use_any_path() -> None:
    """One request URL is enough in the app's settings."""
    app = AsyncApp(client=AsyncWebClient("xoxb-x"), request_verification_enabled=False)
    front = SlackHttp(PromptDispatch(app), SecretStr("secret"), lambda _: None)
    server = aiohttp.web.Application()
    front.register(server)
    assert {
        str(route.resource.canonical) for route in server.router.routes() if route.resource
    } == {*PATHS}
