"""What the bot is told without having asked, and how often."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from playground.config import PlaygroundConfig
from playground.server import Playground
from playground.testing.person import Person
from tests.playground.clients.rawbot import RawBot
from tests.playground.conftest import ADA, GENERAL, GRACE, LINUS
from tests.playground.manual_clock import ManualClock
from tests.playground.waiting import until

Json = dict[str, Any]


@pytest.fixture
async def bot(playground: Playground) -> AsyncIterator[RawBot]:
    async with RawBot(playground) as running:
        yield running


async def test_hello(bot: RawBot) -> None:
    """The first thing on a socket is hello, with the app and the number of connections."""
    assert bot.hello["type"] == "hello"
    assert bot.hello["num_connections"] == 1
    assert bot.hello["connection_info"] == {"app_id": "A0BOT00001"}


async def test_message_event(bot: RawBot, ada: Person) -> None:
    """A message of a person comes as an event_callback with the app's authorization."""
    said = await ada.say(GENERAL, "hello")
    event = await bot.event("message")
    assert (event["text"], event["user"], event["ts"]) == ("hello", ADA, said["ts"])
    assert (event["channel"], event["channel_type"]) == (GENERAL, "channel")
    payload = bot.payloads[0]
    assert payload["type"] == "event_callback"
    assert payload["api_app_id"] == "A0BOT00001"
    assert payload["event_id"].startswith("Ev")
    assert payload["authorizations"][0]["user_id"] == "U0BOT00001"
    envelope = bot.envelopes[0]
    assert (envelope["type"], envelope["retry_attempt"]) == ("events_api", 0)
    assert envelope["accepts_response_payload"] is False


async def test_mention_and_direct_message(bot: RawBot, client: AsyncWebClient, ada: Person) -> None:
    """A mention is an event of its own; a direct message has its channel type."""
    await ada.say(GENERAL, "@signoff hello")
    mention = await bot.event("app_mention")
    assert (mention["user"], mention["text"]) == (ADA, "<@U0BOT00001> hello")
    direct = (await client.conversations_open(users=ADA))["channel"]["id"]
    await ada.say(direct, "psst")
    await until(lambda: bot.events("message")[-1]["text"] == "psst")
    assert bot.events("message")[-1]["channel_type"] == "im"


async def test_changed_and_deleted(bot: RawBot, client: AsyncWebClient) -> None:
    """The app hears of its own posts, changes and deletions too."""
    posted = await client.chat_postMessage(channel=GENERAL, text="one")
    await client.chat_update(channel=GENERAL, ts=posted["ts"], text="two")
    await client.chat_delete(channel=GENERAL, ts=posted["ts"])
    await until(lambda: len(bot.events("message")) == 3)
    first, changed, deleted = bot.events("message")
    assert first["bot_id"] == "B0BOT00001"
    assert changed["subtype"] == "message_changed"
    assert (changed["message"]["text"], changed["previous_message"]["text"]) == ("two", "one")
    assert (deleted["subtype"], deleted["deleted_ts"]) == ("message_deleted", posted["ts"])


async def test_group_members_changed(bot: RawBot, ada: Person) -> None:
    """A changed user group says who came and who went."""
    await ada.change_group("S0FINANCE1", [ADA, LINUS])
    event = await bot.event("subteam_members_changed")
    assert event["subteam_id"] == "S0FINANCE1"
    assert (event["added_users"], event["removed_users"]) == ([ADA], [GRACE])


async def test_only_what_the_manifest_subscribes_to(tmp_path: Path) -> None:
    """With a manifest, other events stay away."""
    manifest = tmp_path / "manifest.yml"
    manifest.write_text("settings: {event_subscriptions: {bot_events: [app_mention]}}")
    async with (
        Playground(PlaygroundConfig(manifest=manifest)) as playground,
        RawBot(playground) as bot,
        Person(playground.url, playground.local_token, ADA) as ada,
    ):
        await ada.say(GENERAL, "hello")
        await ada.say(GENERAL, "@signoff hello")
        await bot.event("app_mention")
        assert bot.events("message") == []


async def test_retries_over_a_socket() -> None:
    """An event without an ack comes again at once, after 1 and after 5 minutes, with its number."""
    clock = ManualClock()
    async with (
        Playground(PlaygroundConfig(ack_seconds=0.05), clock=clock) as playground,
        RawBot(playground) as bot,
        Person(playground.url, playground.local_token, ADA) as ada,
    ):
        bot.acks = False
        await ada.say(GENERAL, "anybody?")
        for seconds, count in ((0, 2), (60, 3), (300, 4)):
            await until(lambda: clock.sleepers == 1)
            await clock.advance(seconds)
            await bot.wait(count)
        await asyncio.sleep(0.2)
        assert clock.sleepers == 0
        assert [one["retry_attempt"] for one in bot.envelopes] == [0, 1, 2, 3]
        assert bot.envelopes[1]["retry_reason"] == "timeout"
        assert len({one["envelope_id"] for one in bot.envelopes}) == 4
        assert len({one["payload"]["event_id"] for one in bot.envelopes}) == 1


async def test_event_waits_for_the_bot() -> None:
    """An event that finds no socket is tried again, and found a minute later."""
    clock = ManualClock()
    async with (
        Playground(PlaygroundConfig(ack_seconds=0.5), clock=clock) as playground,
        Person(playground.url, playground.local_token, ADA) as ada,
    ):
        await ada.say(GENERAL, "anybody?")
        await until(lambda: clock.sleepers == 1)
        await clock.advance(0)
        await until(lambda: clock.sleepers == 1)
        async with RawBot(playground) as bot:
            await clock.advance(60)
            assert (await bot.event("message"))["text"] == "anybody?"
            assert bot.envelopes[0]["retry_attempt"] == 2


async def test_each_envelope_goes_to_one_socket(playground: Playground, ada: Person) -> None:
    """Several sockets share the envelopes evenly."""
    async with RawBot(playground) as one, RawBot(playground) as two, RawBot(playground) as three:
        for number in range(30):
            await ada.command(f"/task {number}")
        texts = [payload["text"] for bot in (one, two, three) for payload in bot.payloads]
        assert sorted(texts, key=int) == [str(number) for number in range(30)]
        assert [len(bot.payloads) for bot in (one, two, three)] == [10, 10, 10]


async def test_ticket_is_for_one_connection(playground: Playground) -> None:
    """A WebSocket address works once."""
    async with RawBot(playground) as bot:
        url = await bot.ticket()
        session = bot._session
        async with session.ws_connect(url) as ws:
            assert (await ws.receive_json())["type"] == "hello"
        with pytest.raises(aiohttp.WSServerHandshakeError, match="404"):
            await session.ws_connect(url)
        with pytest.raises(aiohttp.WSServerHandshakeError, match="404"):
            await session.ws_connect(url.replace("ticket=", "ticket=x"))


async def test_eleventh_socket(playground: Playground) -> None:
    """The eleventh socket is told that there are too many, and closed."""
    async with RawBot(playground) as bot:
        others = [await bot._session.ws_connect(await bot.ticket()) for _ in range(9)]
        extra = await bot._session.ws_connect(await bot.ticket())
        goodbye = await extra.receive_json()
        assert (goodbye["type"], goodbye["reason"]) == ("disconnect", "too_many_websockets")
        assert (await extra.receive()).data == 1000
        assert playground.sockets.count() == 10
        for ws in (*others, extra):
            await ws.close()


async def test_junk_on_the_socket(playground: Playground, ada: Person) -> None:
    """Whatever a client says besides acks is ignored."""
    async with RawBot(playground) as bot:
        for junk in ("{", "[]", "1", '{"envelope_id": 7}', '{"envelope_id": "x"}', "[" * 9_000):
            await bot._ws.send_str(junk)
        assert (await ada.command("/task"))["acked"]
