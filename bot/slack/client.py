"""Slack as Signoff uses it: one client, one Bolt app, and the checks before anything starts."""

import contextlib
import logging
from collections.abc import AsyncIterator

import aiohttp
from pydantic import SecretStr
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from agents.http.loopback import on_loopback
from bot.config.errors import ConfigurationError, UnavailableError
from bot.config.settings import Settings
from bot.monitoring.metrics import Metrics
from notifications.slack.errors import refusal

TIMEOUT = 10
_AWAY = "Slack does not answer at {}: try again later."


async def direct(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """A middleware of sessions that takes no proxy, whatever the SDK found in the environment.

    The SDK ignores NO_PROXY, and Bolt makes a client of its own for each request.
    """
    request.update_proxy(None, None, None)
    return await handler(request)


@contextlib.asynccontextmanager
async def web_client(
    settings: Settings, metrics: Metrics | None = None
) -> AsyncIterator[AsyncWebClient]:
    """The bot's client, with one shared session (it doubles the throughput).

    The SDK's own retry of broken connections would post twice; Temporal retries, and looks first.
    """
    traces = [metrics.trace()] if metrics else []
    past = [direct] if on_loopback(settings.slack.base_url) else []
    # With a session of ours the SDK's own timeout is not in force.
    timeout = aiohttp.ClientTimeout(total=6 * TIMEOUT, connect=TIMEOUT, sock_read=TIMEOUT)
    async with aiohttp.ClientSession(
        trace_configs=traces, timeout=timeout, middlewares=past
    ) as session:
        yield AsyncWebClient(
            token=settings.secrets.slack_bot_token.get_secret_value(),
            base_url=settings.slack.base_url,
            session=session,
            timeout=TIMEOUT,
            retry_handlers=[],
        )


def bolt_app(web: AsyncWebClient) -> AsyncApp:
    """The app for Socket Mode, where no request signature exists."""
    logger = logging.getLogger("slack_bolt")
    return AsyncApp(client=web, logger=logger, request_verification_enabled=False)


def require_tokens(settings: Settings) -> None:
    """Refuse missing or swapped tokens before Slack does, by name."""
    _require(settings.secrets.slack_bot_token, "SLACK_BOT_TOKEN", "xoxb-")
    if settings.slack.mode == "socket":
        _require(settings.secrets.slack_app_token, "SLACK_APP_TOKEN", "xapp-")


def _require(secret: SecretStr, name: str, prefix: str) -> None:
    value = secret.get_secret_value()
    if not value:
        raise ConfigurationError(
            f"{name} is missing: put it into .env (.env.example says where it comes from), or try "
            "'signoff demo'."
        )
    if not value.startswith(prefix):
        raise ConfigurationError(
            f"{name} does not start with {prefix}: the bot and the app token are easily swapped."
        )


async def identify(web: AsyncWebClient) -> dict[str, str]:
    """Who we are, by auth.test; raises one sentence when Slack refuses or does not answer."""
    try:
        answer = await web.auth_test()
    except SlackApiError as error:
        if not (code := refusal(error)):
            raise UnavailableError(_AWAY.format(web.base_url)) from None
        raise ConfigurationError(
            f"Slack refuses SLACK_BOT_TOKEN ({code}): install the app again and copy its bot token."
        ) from None
    except (aiohttp.ClientError, TimeoutError, OSError):
        raise UnavailableError(_AWAY.format(web.base_url)) from None
    headers = {name.lower(): value for name, value in answer.headers.items()}
    return {
        "team": str(answer["team"]),
        "team_id": str(answer["team_id"]),
        "user_id": str(answer["user_id"]),
        "scopes": str(headers.get("x-oauth-scopes", "")),
    }
