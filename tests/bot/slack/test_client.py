"""Our Slack client past a proxy: a local workspace is reached, and the process stays as it was."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import SecretStr
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk.web.async_client import AsyncWebClient

from bot.config.settings import Settings, load
from bot.monitoring.metrics import Metrics
from bot.slack.client import bolt_app, identify, web_client
from bot.slack.dispatch import PromptDispatch
from bot.slack.socket_mode import sockets
from playground.server import Playground

ROOT = Path(__file__).parents[3]


@pytest.fixture
async def settings(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Settings]:
    """Those of a local workspace, in an environment whose proxy leads nowhere."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    async with Playground() as workspace:
        read = load(ROOT / "signoff.toml")
        tokens = {
            "slack_bot_token": SecretStr(workspace.bot_token),
            "slack_app_token": SecretStr(workspace.app_token),
        }
        yield read.model_copy(
            update={
                "slack": read.slack.model_copy(update={"base_url": workspace.api_url}),
                "secrets": read.secrets.model_copy(update=tokens),
            }
        )


async def test_the_web_client_goes_straight(settings: Settings) -> None:
    """So does the copy that Bolt makes for each request; nothing of the environment is changed."""
    before = dict(os.environ)
    async with web_client(settings) as slack:
        assert (await identify(slack))["team_id"]
        app = bolt_app(slack)
        request = AsyncBoltRequest(body="{}", mode="socket_mode")
        app._init_context(request)
        copy = request.context["client"]
        assert isinstance(copy, AsyncWebClient)
        assert (copy is not slack, copy.proxy) == (True, "http://127.0.0.1:9")
        assert (await copy.auth_test())["ok"]
    assert dict(os.environ) == before


async def test_the_sockets_go_straight(settings: Settings) -> None:
    """The app's connection is opened past the proxy, too."""
    async with web_client(settings) as slack:
        dispatch = PromptDispatch(bolt_app(slack), Metrics().acked)
        token = settings.secrets.slack_app_token.get_secret_value()
        async with sockets(dispatch, token, slack, 1) as clients:
            assert clients[0].is_open
