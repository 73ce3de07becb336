"""What runs out: triggers, response URLs, tickets, sockets."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from playground.config import PlaygroundConfig
from playground.server import Playground
from playground.testing.person import Person
from tests.playground.clients.rawbot import RawBot
from tests.playground.manual_clock import ManualClock
from tests.playground.waiting import until

VIEW: dict[str, Any] = {
    "type": "modal",
    "title": {"type": "plain_text", "text": "x"},
    "blocks": [{"type": "divider"}],
}


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def playground(clock: ManualClock) -> AsyncIterator[Playground]:
    async with Playground(PlaygroundConfig(socket_seconds=3_600), clock=clock) as running:
        yield running


@pytest.fixture
async def bot(playground: Playground) -> AsyncIterator[RawBot]:
    async with RawBot(playground) as running:
        yield running


@pytest.mark.usefixtures("bot")
async def test_trigger_lasts_three_seconds(
    playground: Playground, clock: ManualClock, client: AsyncWebClient, ada: Person
) -> None:
    """A modal can be opened 3 s after the gesture, and no later."""
    for seconds, is_good in ((3, True), (3.1, False)):
        trigger = (await ada.shortcut("open"))["trigger_id"]
        await clock.advance(seconds)
        if is_good:
            assert (await client.views_open(trigger_id=trigger, view=VIEW))["ok"]
        else:
            with pytest.raises(SlackApiError, match="expired_trigger_id"):
                await client.views_open(trigger_id=trigger, view=VIEW)


async def test_response_url_lasts_thirty_minutes(
    bot: RawBot, clock: ManualClock, ada: Person
) -> None:
    """An answer is taken for 30 minutes."""
    await ada.command("/task")
    hook = AsyncWebhookClient(bot.payloads[0]["response_url"])
    await clock.advance(1_800)
    assert (await hook.send(text="just in time")).status_code == 200
    await clock.advance(1)
    assert (await hook.send(text="too late")).status_code == 404


async def test_ticket_lasts_thirty_seconds(bot: RawBot, clock: ManualClock) -> None:
    """A WebSocket address that is not used in time is worth nothing."""
    url = await bot.ticket()
    await clock.advance(31)
    with pytest.raises(aiohttp.WSServerHandshakeError, match="404"):
        await bot._session.ws_connect(url)


async def test_sockets_are_refreshed_by_themselves(
    playground: Playground, bot: RawBot, clock: ManualClock
) -> None:
    """After `socket_seconds` a socket is warned, 10 s later refreshed, 10 s later closed."""
    assert bot.hello["debug_info"]["approximate_connection_time"] == 3_600
    expected = ["warning", "refresh_requested"]
    for seconds, told in ((3_600, 1), (10, 2)):
        await clock.advance(seconds)
        await until(lambda told=told: len(bot.controls) == told)  # type: ignore[misc]
        assert [one["reason"] for one in bot.controls] == expected[:told]
    assert playground.sockets.count() == 0
    await asyncio.sleep(0.01)
    await clock.advance(10)
    await bot.closed()
    assert bot.hello["num_connections"] == 1
