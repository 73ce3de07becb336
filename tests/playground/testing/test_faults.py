"""What goes wrong on purpose."""

import asyncio
import time
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient

from playground.server import Playground
from playground.testing.person import Person, PersonError
from tests.playground.clients.rawbot import RawBot
from tests.playground.conftest import ADA, GENERAL
from tests.playground.waiting import until

Json = dict[str, Any]


async def test_429_storm(client: AsyncWebClient, ada: Person) -> None:
    """As many calls as asked for are limited, with the header as it was given; then it is over."""
    await ada.fault("rate_limited", method="chat.*", count=2, retry_after=7)
    for _ in range(2):
        with pytest.raises(SlackApiError) as caught:
            await client.chat_postMessage(channel=GENERAL, text="x")
        assert caught.value.response.status_code == 429
        assert caught.value.response.headers["Retry-After"] == "7"
        assert caught.value.response["error"] == "ratelimited"
        assert (await client.auth_test())["ok"]
    assert (await client.chat_postMessage(channel=GENERAL, text="x"))["ok"]


async def test_bad_retry_after(client: AsyncWebClient, ada: Person) -> None:
    """The header may be nonsense, or missing."""
    for given, sent in (("soon", "soon"), (-5, "-5"), (None, None)):
        await ada.fault("rate_limited", count=1)
        await ada.heal()
        await ada._request(
            "PUT",
            "faults",
            json={"faults": [{"kind": "rate_limited", "count": 1, "retry_after": given}]},
        )
        with pytest.raises(SlackApiError) as caught:
            await client.auth_test()
        assert caught.value.response.headers.get("Retry-After") == sent


async def test_sdk_retries_through_a_storm(playground: Playground, ada: Person) -> None:
    """slack_sdk's own handler waits as it is told and then succeeds."""
    client = AsyncWebClient(
        playground.bot_token,
        base_url=playground.api_url,
        retry_handlers=[AsyncRateLimitErrorRetryHandler(max_retry_count=1)],
    )
    await ada.fault("rate_limited", count=1, retry_after=1)
    started = time.monotonic()
    assert (await client.auth_test())["ok"]
    assert time.monotonic() - started >= 1


async def test_server_errors(client: AsyncWebClient, ada: Person) -> None:
    """A 5xx is not JSON, as from the real edge; a Slack error is."""
    await ada.fault("server_error", status=502, count=1)
    with pytest.raises(SlackApiError) as caught:
        await client.auth_test()
    assert caught.value.response.status_code == 502
    await ada.fault("error", error="token_revoked", count=1)
    with pytest.raises(SlackApiError, match="token_revoked"):
        await client.auth_test()
    assert (await client.auth_test())["ok"]


async def test_hang(client: AsyncWebClient, ada: Person) -> None:
    """A call can hang for a while, and still be answered; others are not held up."""
    await ada.fault("hang", method="auth.test", seconds=0.3, count=1)
    started = time.monotonic()
    slow = asyncio.create_task(client.auth_test())
    assert (await client.api_test())["ok"]
    assert time.monotonic() - started < 0.3
    assert (await slow)["ok"]
    assert time.monotonic() - started >= 0.3


async def test_dropped_after_acceptance(bare: AsyncWebClient, ada: Person) -> None:
    """The caller loses the connection although the message was posted."""
    await ada.fault("drop_after", method="chat.postMessage", count=1)
    with pytest.raises(aiohttp.ClientConnectionError):
        await bare.chat_postMessage(channel=GENERAL, text="did it arrive?")
    assert [one["text"] for one in await ada.messages(GENERAL)] == ["did it arrive?"]


async def test_sdk_posts_twice_when_the_answer_is_lost(client: AsyncWebClient, ada: Person) -> None:
    """slack_sdk's default retry of broken connections makes two messages of one."""
    await ada.fault("drop_after", method="chat.postMessage", count=1)
    await client.chat_postMessage(channel=GENERAL, text="once?")
    assert [one["text"] for one in await ada.messages(GENERAL)] == ["once?", "once?"]


async def test_dropped_before_acceptance(bare: AsyncWebClient, ada: Person) -> None:
    """The caller loses the connection and nothing was posted."""
    await ada.fault("drop_before", count=1)
    with pytest.raises(aiohttp.ClientConnectionError):
        await bare.chat_postMessage(channel=GENERAL, text="x")
    assert await ada.messages(GENERAL) == []


async def test_dropped_ack(playground: Playground, ada: Person) -> None:
    """An ack that gets lost looks like none to the person, and makes an event come again."""
    async with RawBot(playground) as bot:
        await ada.fault("drop_ack", method="slash_commands", count=1)
        told = await ada.command("/task")
        assert (told["delivered"], told["acked"]) == (True, False)
        assert len(bot.envelopes) == 1
        await ada.fault("drop_ack", method="events_api", count=1)
        await ada.say(GENERAL, "hello")
        await until(lambda: len(bot.events("message")) == 2)
        assert bot.envelopes[-1]["retry_attempt"] == 1


async def test_duplicate_delivery(playground: Playground, ada: Person) -> None:
    """The same envelope comes twice, on two sockets if there are two."""
    async with RawBot(playground) as one, RawBot(playground) as two:
        await ada.fault("duplicate", count=1)
        assert (await ada.command("/task"))["acked"]
        await until(lambda: one.envelopes and two.envelopes)
        assert one.envelopes[0]["envelope_id"] == two.envelopes[0]["envelope_id"]


async def test_deaf_inbound(playground: Playground, client: AsyncWebClient, ada: Person) -> None:
    """Nothing reaches the bot while all it calls works; what was missed does not come later."""
    async with RawBot(playground) as bot:
        await ada.fault("deaf")
        assert (await ada.command("/task"))["delivered"] is False
        await ada.say(GENERAL, "hello")
        assert (await client.chat_postMessage(channel=GENERAL, text="out works"))["ok"]
        await ada.heal()
        assert (await ada.command("/again"))["acked"]
        assert [payload.get("command") for payload in bot.payloads] == ["/again"]


async def test_disconnect(playground: Playground, ada: Person) -> None:
    """Sockets are cut without a word, as many as asked for."""
    async with RawBot(playground) as one, RawBot(playground) as two:
        await ada.fault("disconnect", count=1)
        await one.closed()
        assert one.controls == []
        assert (await ada.command("/task"))["acked"]
        assert len(two.envelopes) == 1


async def test_click_lost_with_its_socket(playground: Playground, ada: Person) -> None:
    """An envelope whose socket breaks is waited for, and may be acked over another one."""
    async with RawBot(playground) as one, RawBot(playground) as two:
        one.acks = False
        for acks in (True, False):
            sent = asyncio.create_task(ada.command("/task"))
            await one.wait(1)
            if acks:
                await ada.fault("disconnect", count=1)
                ack = {"envelope_id": one.envelopes[0]["envelope_id"]}
                await two._ws.send_json(ack)
                assert (await sent)["acked"]
            else:
                two.acks = False
                assert not (await sent)["acked"]


async def test_refresh(playground: Playground, ada: Person) -> None:
    """A socket is warned, then asked to go; new envelopes go elsewhere by then."""
    async with RawBot(playground) as one, RawBot(playground) as two:
        await ada.fault("refresh", count=1, seconds=0.1)
        await one.closed()
        assert [goodbye["reason"] for goodbye in one.controls] == ["warning", "refresh_requested"]
        assert all(goodbye["type"] == "disconnect" for goodbye in one.controls)
        for _ in range(3):
            assert (await ada.command("/task"))["acked"]
        assert len(two.envelopes) == 3


async def test_expired_ticket(playground: Playground, ada: Person) -> None:
    """A fresh WebSocket address may be rejected; the next one works."""
    await ada.fault("expired_ticket", count=1)
    rejected = RawBot(playground)
    with pytest.raises(aiohttp.WSServerHandshakeError, match="404"):
        await rejected.__aenter__()
    await rejected.give_up()
    async with RawBot(playground) as bot:
        assert bot.hello["type"] == "hello"


async def test_expired_trigger(playground: Playground, client: AsyncWebClient, ada: Person) -> None:
    """A trigger may come too late to be of use."""
    async with RawBot(playground):
        await ada.fault("expired_trigger", count=1)
        trigger = (await ada.shortcut("open"))["trigger_id"]
        view = {"type": "modal", "title": {"type": "plain_text", "text": "x"}, "blocks": []}
        with pytest.raises(SlackApiError, match="expired_trigger_id"):
            await client.views_open(trigger_id=trigger, view=view)


async def test_outage(playground: Playground, client: AsyncWebClient, ada: Person) -> None:
    """All of Slack is gone for the bot, its sockets too; people and the control API stay."""
    bare = AsyncWebClient(playground.bot_token, base_url=playground.api_url, retry_handlers=[])
    async with RawBot(playground) as bot:
        await ada.fault("outage")
        await bot.closed()
        with pytest.raises(aiohttp.ClientConnectionError):
            await bare.auth_test()
        with pytest.raises(aiohttp.ClientConnectionError):
            await bot.ticket()
        assert (await ada.command("/task"))["delivered"] is False
        await ada.heal()
        assert (await client.auth_test())["ok"]


async def test_faults_are_listed_and_ended(ada: Person) -> None:
    """Faults are added, counted, replaced and ended; nonsense is refused with a sentence."""
    (first,) = await ada.fault("hang", method="chat.update", seconds=1)
    assert (first["kind"], first["method"], first["struck"]) == ("hang", "chat.update", 0)
    assert len(await ada.fault("deaf")) == 2
    await ada._request("DELETE", "faults", params={"id": first["id"]})
    left = (await ada._get("faults"))["faults"]
    assert [fault["kind"] for fault in left] == ["deaf"]
    with pytest.raises(PersonError, match="invalid_fault"):
        await ada.fault("gremlins")
    with pytest.raises(PersonError, match="no_faults"):
        await ada._request("PUT", "faults", json={})


async def test_message_of_a_failing_command(ada: Person) -> None:
    """The person who is not heard is told so, privately."""
    await ada.fault("deaf")
    await ada.command("/task", channel=GENERAL)
    shown = (await ada.messages(GENERAL))[-1]
    assert shown["ephemeral_for"] == ADA
    assert shown["text"] == '/task failed with the error "dispatch_failed"'
