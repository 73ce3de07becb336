"""The control API: who may use it, and what it tells."""

from typing import Any

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from playground.server import Playground
from playground.testing.person import Person, PersonError
from tests.playground.clients.rawbot import RawBot
from tests.playground.conftest import ADA, APPROVALS, GENERAL, GRACE, GUEST

Json = dict[str, Any]


async def test_token_is_needed(playground: Playground, ada: Person) -> None:
    """Without the local token in its header nothing is told or done."""
    async with aiohttp.ClientSession(playground.url) as session:
        for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Bearer ä"}):
            async with session.get("/_local/state", headers=headers) as response:
                assert response.status == 401
                assert (await response.json())["error"] == "not_allowed"
        query = {"token": playground.local_token, "user": ADA}
        async with session.get("/_local/state", params=query) as response:
            assert response.status == 401
    assert (await ada.state())["me"]["id"] == ADA


async def test_foreign_host_is_refused(playground: Playground) -> None:
    """A page of another site cannot reach it under a name of its own."""
    for host, status in (
        ("evil.example", 403),
        ("127.0.0.1.evil.example", 403),
        ("localhost:1", 200),
        ("[::1]:9", 200),
        ("LOCALHOST", 200),
    ):
        async with (
            aiohttp.ClientSession() as session,
            session.post(playground.api_url + "api.test", headers={"Host": host}) as response,
        ):
            assert response.status == status, host


@pytest.mark.parametrize("path", ["message", "command", "click", "submit", "close", "shortcut"])
@pytest.mark.parametrize("body", ["{", "[]", "null", '{"user": 7}', "{}"])
async def test_bad_control_bodies(playground: Playground, path: str, body: str) -> None:
    """Whatever is sent, the answer is an error with a sentence, not a crash."""
    headers = {"Authorization": f"Bearer {playground.local_token}"}
    async with (
        aiohttp.ClientSession(playground.url, headers=headers) as session,
        session.post(f"/_local/{path}", data=body) as response,
    ):
        answer = await response.json()
    assert 400 <= response.status < 500
    assert answer["ok"] is False
    assert answer["detail"]


async def test_state(ada: Person) -> None:
    """The page learns the people, channels with unread counts, groups and the bot."""
    state = await ada.state()
    assert state["team"]["name"] == "Acme"
    assert state["me"]["name"] == "ada"
    assert [one["name"] for one in state["channels"]] == ["approvals", "finance", "general"]
    assert state["bots"][0]["name"] == "Signoff"
    assert state["mails"] == 0


async def test_unread(client: AsyncWebClient, ada: Person) -> None:
    """A channel counts what others wrote since it was read; messages are marked accordingly."""
    for text in ("one", "two"):
        await client.chat_postMessage(channel=GENERAL, text=text)

    async def unread() -> int:
        channels = (await ada.state())["channels"]
        return int(next(one["unread"] for one in channels if one["id"] == GENERAL))

    assert await unread() == 2
    assert [one["unread"] for one in await ada.messages(GENERAL)] == [True, True]
    await ada.read(GENERAL)
    assert await unread() == 0
    await ada.say(GENERAL, "mine")
    assert await unread() == 0


async def test_guest_sees_own_channels_only(playground: Playground) -> None:
    """A guest is in no channel by default, and sees none."""
    async with Person(playground.url, playground.local_token, GUEST) as guest:
        assert (await guest.state())["channels"] == []
        with pytest.raises(PersonError, match="not_in_channel"):
            await guest.messages(GENERAL)


async def test_pages_of_messages(playground: Playground, ada: Person) -> None:
    """Older messages are fetched page by page."""
    for number in range(7):
        await ada.say(GENERAL, str(number))
    first = await ada._get("messages", channel=GENERAL, limit=3)
    assert [one["text"] for one in first["messages"]] == ["4", "5", "6"]
    assert first["has_more"]
    before = first["messages"][0]["ts"]
    second = await ada._get("messages", channel=GENERAL, limit=10, before=before)
    assert [one["text"] for one in second["messages"]] == ["0", "1", "2", "3"]
    assert not second["has_more"]
    with pytest.raises(PersonError, match="invalid_number"):
        await ada._get("messages", channel=GENERAL, limit="many")


async def test_log_of_calls_and_deliveries(
    playground: Playground, client: AsyncWebClient, ada: Person
) -> None:
    """Every call and every delivery is kept, numbered."""
    async with RawBot(playground):
        await client.chat_postMessage(channel=GENERAL, text="x")
        await ada.command("/task one")
        calls = await ada.calls("chat.postMessage")
        assert [call["arguments"]["text"] for call in calls] == ["x"]
        assert (calls[0]["status"], calls[0]["response"]["ok"]) == (200, True)
        assert await ada.calls(since=(await ada.calls())[-1]["n"]) == []
        delivery = (await ada.deliveries())[-1]
        assert (delivery["type"], delivery["attempt"]) == ("slash_commands", 0)
        assert delivery["acked_after_ms"] > 0


async def test_any_payload_can_be_delivered(playground: Playground, ada: Person) -> None:
    """Tests may send the bot what no person could cause."""
    async with RawBot(playground) as bot:
        bot.reply = lambda envelope: {"text": "who are you?"}
        told = await ada.deliver("interactive", {"type": "block_actions"}, wants_reply=True)
        assert told["reply"] == {"text": "who are you?"}
        assert bot.payloads == [{"type": "block_actions"}]
        with pytest.raises(PersonError, match="invalid_delivery"):
            await ada.deliver("carrier_pigeon", {})


async def test_stream_tells_only_what_one_may_know(
    client: AsyncWebClient, ada: Person, grace: Person
) -> None:
    """Another's direct and ephemeral messages are not announced."""
    await client.chat_postMessage(channel=ADA, text="private")
    changes = grace.changes()
    assert await anext(changes) == {}
    await client.chat_postMessage(channel=ADA, text="private")
    await client.chat_postEphemeral(channel=GENERAL, user=ADA, text="private")
    posted = await client.chat_postMessage(channel=APPROVALS, text="public")
    change = await anext(changes)
    assert (change["channel"], change["ts"]) == (APPROVALS, posted["ts"])
    await changes.aclose()


async def test_wait_for_gives_up(ada: Person) -> None:
    """Waiting in vain ends with what was there instead."""
    await ada.say(GENERAL, "something else")
    with pytest.raises(TimeoutError, match="something else"):
        await ada.wait_for(lambda message: message["text"] == "never", GENERAL, timeout=0.2)


async def test_page_is_served(playground: Playground) -> None:
    """The page is there, with the token that lets it use the control API."""
    jar = aiohttp.CookieJar(unsafe=True)  # of an address without a name
    async with (
        aiohttp.ClientSession(cookie_jar=jar) as session,
        session.get(playground.page_url) as response,
    ):
        assert response.status == 200
        assert playground.local_token in await response.text()
        assert "script-src 'self'" in response.headers["Content-Security-Policy"]


async def test_mentioned_group_in_a_command(ada: Person, grace: Person) -> None:
    """People can be addressed by name in what they write."""
    said = await grace.say(GENERAL, "@ada see this")
    assert said["text"] == f"<@{ADA}> see this"
    shown = (await ada.messages(GENERAL))[-1]
    assert "ada" in shown["html"]
    assert GRACE not in shown["html"]
