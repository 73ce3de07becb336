"""Messages of the app: what they carry, threads, changes, pages of history."""

import re
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from playground.server import Playground
from playground.testing.person import Person
from tests.playground.conftest import ADA, APPROVALS, GENERAL, GRACE

Json = dict[str, Any]

BUTTONS: list[Json] = [
    {"type": "section", "text": {"type": "mrkdwn", "text": "Pay?"}},
    {
        "type": "actions",
        "elements": [{"type": "button", "text": {"type": "plain_text", "text": "Yes"}}],
    },
]


async def test_fields_of_a_message(playground: Playground, client: AsyncWebClient) -> None:
    """A message says which app wrote it, and its blocks got ids."""
    metadata = {"event_type": "paid", "event_payload": {"id": 7}}
    posted = await client.chat_postMessage(
        channel=GENERAL, text="Pay?", blocks=BUTTONS, metadata=metadata
    )
    app = playground.config.app
    message = posted["message"]
    assert posted["channel"] == GENERAL
    assert message["ts"] == posted["ts"]
    assert re.fullmatch(r"\d{10}\.\d{6}", posted["ts"])
    assert (message["bot_id"], message["app_id"], message["user"]) == (
        app.bot_id,
        app.id,
        app.bot_user,
    )
    assert message["team"] == playground.config.team.id
    assert message["bot_profile"]["name"] == "Signoff"
    assert all(block["block_id"] for block in message["blocks"])
    assert message["blocks"][1]["elements"][0]["action_id"]
    assert message["metadata"] == metadata

    plain = await client.conversations_history(channel=GENERAL)
    assert "metadata" not in plain["messages"][0]
    full = await client.conversations_history(channel=GENERAL, include_all_metadata=True)
    assert full["messages"][0]["metadata"] == metadata


async def test_ts_is_unique_and_grows(client: AsyncWebClient) -> None:
    """No two messages of a channel share a ts, however fast they come."""
    stamps = [(await client.chat_postMessage(channel=GENERAL, text="x"))["ts"] for _ in range(30)]
    assert stamps == sorted(set(stamps))


async def test_channel_by_name_and_by_person(client: AsyncWebClient, ada: Person) -> None:
    """A channel may be named, and a person's id means the direct message with them."""
    assert (await client.chat_postMessage(channel="#approvals", text="x"))["channel"] == APPROVALS
    direct = (await client.chat_postMessage(channel=ADA, text="for you"))["channel"]
    assert direct.startswith("D")
    assert (await client.conversations_open(users=ADA))["channel"]["id"] == direct
    assert (await ada.messages(direct))[-1]["text"] == "for you"
    channels = (await ada.state())["channels"]
    shown = next(channel for channel in channels if channel["id"] == direct)
    assert (shown["name"], shown["unread"]) == ("Signoff", 1)
    await ada.read(direct)
    channels = (await ada.state())["channels"]
    assert next(channel for channel in channels if channel["id"] == direct)["unread"] == 0


async def test_direct_messages_are_private(client: AsyncWebClient, grace: Person) -> None:
    """Nobody else sees a direct message."""
    direct = (await client.chat_postMessage(channel=ADA, text="for you"))["channel"]
    with pytest.raises(Exception, match="not_in_channel"):
        await grace.messages(direct)
    assert direct not in [channel["id"] for channel in (await grace.state())["channels"]]


async def test_threads(client: AsyncWebClient, ada: Person) -> None:
    """Replies hang under their parent, which counts them; a broadcast one is in the channel too."""
    parent = await client.chat_postMessage(channel=GENERAL, text="parent")
    thread = parent["ts"]
    await client.chat_postMessage(channel=GENERAL, text="one", thread_ts=thread)
    reply = await ada.say(GENERAL, "two", thread_ts=thread)
    await client.chat_postMessage(
        channel=GENERAL, text="three", thread_ts=reply["ts"], reply_broadcast=True
    )
    history = (await client.conversations_history(channel=GENERAL))["messages"]
    assert [message["text"] for message in history] == ["three", "parent"]
    assert history[0]["subtype"] == "thread_broadcast"
    top = history[1]
    assert (top["reply_count"], top["reply_users_count"], top["thread_ts"]) == (3, 2, thread)
    assert set(top["reply_users"]) == {ADA, "U0BOT00001"}
    assert top["latest_reply"] == history[0]["ts"]

    replies = await client.conversations_replies(channel=GENERAL, ts=thread, limit=1)
    assert [message["text"] for message in replies["messages"]] == ["parent"]
    texts = []
    async for page in replies:
        texts += [message["text"] for message in page["messages"]]
    assert texts == ["parent", "one", "two", "three"]
    assert [one["text"] for one in await ada.messages(GENERAL, thread)] == texts


async def test_update(client: AsyncWebClient) -> None:
    """Text alone removes blocks, blocks alone keep text, nothing at all is refused."""
    posted = await client.chat_postMessage(channel=GENERAL, text="Pay?", blocks=BUTTONS)
    target = {"channel": GENERAL, "ts": posted["ts"]}
    changed = await client.api_call("chat.update", json={**target, "blocks": BUTTONS[:1]})
    assert changed["message"]["text"] == "Pay?"
    assert len(changed["message"]["blocks"]) == 1
    changed = await client.chat_update(**target, text="Paid")
    assert "blocks" not in changed["message"]
    assert changed["message"]["edited"]["user"] == "U0BOT00001"
    assert changed["text"] == "Paid"
    with pytest.raises(SlackApiError, match="no_text"):
        await client.api_call("chat.update", json=target)


async def test_delete(client: AsyncWebClient) -> None:
    """A deleted message is gone; under one with replies a tombstone stays."""
    posted = await client.chat_postMessage(channel=GENERAL, text="x")
    await client.chat_delete(channel=GENERAL, ts=posted["ts"])
    assert (await client.conversations_history(channel=GENERAL))["messages"] == []

    parent = await client.chat_postMessage(channel=GENERAL, text="parent")
    reply = await client.chat_postMessage(channel=GENERAL, text="x", thread_ts=parent["ts"])
    await client.chat_delete(channel=GENERAL, ts=parent["ts"])
    left = (await client.conversations_history(channel=GENERAL))["messages"]
    assert [message["subtype"] for message in left] == ["tombstone"]
    await client.chat_delete(channel=GENERAL, ts=reply["ts"])
    left = (await client.conversations_history(channel=GENERAL))["messages"]
    assert "reply_count" not in left[0]


async def test_ephemeral(client: AsyncWebClient, ada: Person, grace: Person) -> None:
    """An ephemeral message is seen by one person, and is in no history."""
    await client.chat_postEphemeral(channel=GENERAL, user=ADA, text="psst", blocks=BUTTONS)
    assert [one["text"] for one in await ada.messages(GENERAL)] == ["psst"]
    assert await grace.messages(GENERAL) == []
    assert (await client.conversations_history(channel=GENERAL))["messages"] == []


async def test_history_pages(playground: Playground, client: AsyncWebClient) -> None:
    """Cursors lead through the whole history; oldest, latest and inclusive bound it."""
    stamps = [
        (await client.chat_postMessage(channel=GENERAL, text=str(n)))["ts"] for n in range(25)
    ]
    seen = []
    async for page in await client.conversations_history(channel=GENERAL, limit=10):
        seen += [message["text"] for message in page["messages"]]
    assert seen == [str(n) for n in reversed(range(25))]

    async def texts(**bounds: Any) -> list[str]:
        answer = await client.conversations_history(channel=GENERAL, **bounds)
        return [message["text"] for message in answer["messages"]]

    assert await texts(oldest=stamps[22]) == ["24", "23"]
    assert await texts(oldest=stamps[22], inclusive=True) == ["24", "23", "22"]
    assert await texts(latest=stamps[2]) == ["1", "0"]
    assert await texts(oldest=stamps[3], latest=stamps[5], inclusive=True) == ["5", "4", "3"]


async def test_entities(client: AsyncWebClient, ada: Person) -> None:
    """Stray markup is escaped; mentions and links are kept, or made from what people type."""
    sent = "a < b & c > d &amp; <@U0ADA00001> <https://acme.example|site> <script>"
    posted = await client.chat_postMessage(channel=GENERAL, text=sent)
    assert posted["message"]["text"] == (
        "a &lt; b &amp; c &gt; d &amp; <@U0ADA00001> <https://acme.example|site> &lt;script&gt;"
    )
    said = await ada.say(GENERAL, "@grace and @legal, 2 < 3: me@acme.example @nobody @here")
    assert said["text"] == (
        f"<@{GRACE}> and <!subteam^S0LEGAL001|@legal>, 2 &lt; 3: me@acme.example @nobody <!here>"
    )


async def test_permalink(playground: Playground, client: AsyncWebClient) -> None:
    """A permalink names channel and message, and the thread of a reply."""
    parent = await client.chat_postMessage(channel=GENERAL, text="x")
    reply = await client.chat_postMessage(channel=GENERAL, text="y", thread_ts=parent["ts"])
    digits = reply["ts"].replace(".", "")
    link = (await client.chat_getPermalink(channel=GENERAL, message_ts=reply["ts"]))["permalink"]
    expected = f"{playground.url}/archives/{GENERAL}/p{digits}"
    assert link == f"{expected}?thread_ts={parent['ts']}&cid={GENERAL}"


async def test_reactions(client: AsyncWebClient) -> None:
    """A reaction is added once, seen, and removed once."""
    posted = await client.chat_postMessage(channel=GENERAL, text="x")
    target = {"channel": GENERAL, "timestamp": posted["ts"]}
    await client.reactions_add(**target, name="eyes")
    with pytest.raises(SlackApiError, match="already_reacted"):
        await client.reactions_add(**target, name="eyes")
    found = (await client.reactions_get(**target))["message"]["reactions"]
    assert found == [{"name": "eyes", "users": ["U0BOT00001"], "count": 1}]
    await client.reactions_remove(**target, name="eyes")
    with pytest.raises(SlackApiError, match="no_reaction"):
        await client.reactions_remove(**target, name="eyes")
    assert "reactions" not in (await client.reactions_get(**target))["message"]


async def test_markdown_text(client: AsyncWebClient, ada: Person) -> None:
    """Markdown becomes a markdown block, and HTML on the page."""
    await client.chat_postMessage(channel=GENERAL, markdown_text="**bold** _text_")
    shown = (await ada.messages(GENERAL))[-1]
    assert shown["blocks"][0]["type"] == "markdown"
    assert "<strong>bold</strong>" in shown["html"]


async def test_html_is_inert(client: AsyncWebClient, ada: Person) -> None:
    """Markup in a message's text does not become markup on the page."""
    await client.chat_postMessage(channel=GENERAL, text="<script>alert(1)</script>")
    html = (await ada.messages(GENERAL))[-1]["html"]
    assert "<script" not in html
