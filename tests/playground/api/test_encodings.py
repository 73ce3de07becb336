"""Arguments in every form a client sends them, and bodies no client should send."""

import io
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from playground.server import Playground
from tests.playground.conftest import GENERAL

Json = dict[str, Any]


@pytest.fixture
async def session(playground: Playground) -> AsyncIterator[aiohttp.ClientSession]:
    headers = {"Authorization": f"Bearer {playground.bot_token}"}
    async with aiohttp.ClientSession(playground.api_url, headers=headers) as running:
        yield running


async def posted(session: aiohttp.ClientSession, **options: Any) -> Json:
    async with session.post("chat.postMessage", **options) as response:
        assert response.status == 200
        answer: Json = await response.json()
        return answer


def multipart(fields: dict[str, str]) -> aiohttp.MultipartWriter:
    writer = aiohttp.MultipartWriter("form-data")
    for name, value in fields.items():
        writer.append(value).set_content_disposition("form-data", name=name)
    return writer


async def test_all_four_encodings(session: aiohttp.ClientSession) -> None:
    """Query, form, JSON and multipart say the same; blocks may be JSON within them."""
    blocks = [{"type": "divider"}]
    flat = {"channel": GENERAL, "text": "hi", "blocks": json.dumps(blocks)}
    ways: list[Json] = [
        {"params": flat},
        {"data": flat},
        {"json": {"channel": GENERAL, "text": "hi", "blocks": blocks}},
        {"json": flat},
        {"data": multipart(flat)},
        {"params": {"channel": GENERAL}, "json": {"text": "hi", "blocks": blocks}},
    ]
    for way in ways:
        answer = await posted(session, **way)
        assert answer["ok"], answer
        assert answer["message"]["text"] == "hi"
        assert answer["message"]["blocks"][0]["type"] == "divider"


async def test_get_and_empty_json_body(session: aiohttp.ClientSession) -> None:
    """A GET works, and so does a POST that claims JSON and sends nothing."""
    async with session.get("conversations.info", params={"channel": GENERAL}) as response:
        assert (await response.json())["channel"]["name"] == "general"
    headers = {"Content-Type": "application/json;charset=utf-8"}
    async with session.post("auth.test", headers=headers) as response:
        assert (await response.json())["ok"]


async def test_token_in_the_body(playground: Playground) -> None:
    """A token may travel as an argument, and stays out of the log of calls."""
    async with aiohttp.ClientSession() as session:
        url = playground.api_url + "auth.test"
        async with session.post(url, data={"token": playground.bot_token}) as response:
            assert (await response.json())["ok"]
        async with session.post(url, json={"token": "xoxb-no"}) as response:
            assert (await response.json())["error"] == "invalid_auth"
    assert playground.bot_token not in json.dumps(playground.journal.calls())


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ("{", "invalid_json"),
        ("nonsense", "invalid_json"),
        ("[1]", "json_not_object"),
        ('"text"', "json_not_object"),
        ('{"text": NaN}', "invalid_json"),
        ("[" * 50_000 + "]" * 50_000, "invalid_json"),
        ('{"a":' * 5_000 + "1" + "}" * 5_000, "invalid_json"),
        ('{"channel": "C0GENERAL1", "blocks": "["}', "invalid_blocks_format"),
        ('{"channel": "C0GENERAL1", "blocks": {"a": 1}}', "invalid_blocks_format"),
        ('{"channel": "C0GENERAL1", "text": "x", "metadata": "{"}', "invalid_metadata_format"),
        ('{"channel": ["C0GENERAL1"], "text": "x"}', "channel_not_found"),
        ('{"channel": "C0GENERAL1", "text": "x", "thread_ts": {}}', None),
    ],
)
async def test_malformed_json(session: aiohttp.ClientSession, body: str, error: str | None) -> None:
    """Broken bodies get Slack's error with HTTP 200, and the next call works."""
    headers = {"Content-Type": "application/json"}
    answer = await posted(session, data=body, headers=headers)
    assert answer.get("error") == error
    assert (await posted(session, json={"channel": GENERAL, "text": "still here"}))["ok"]


async def test_strange_content_type(session: aiohttp.ClientSession) -> None:
    """A body in a form Slack does not read is refused."""
    headers = {"Content-Type": "application/xml"}
    assert (await posted(session, data="<a/>", headers=headers))["error"] == "invalid_post_type"


async def test_broken_multipart(session: aiohttp.ClientSession) -> None:
    """Half a form is refused, not a crash."""
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    answer = await posted(session, data=b"--x\r\nbroken", headers=headers)
    assert answer["ok"] is False
    headers = {"Content-Type": "multipart/form-data"}
    answer = await posted(session, data=b"no boundary", headers=headers)
    assert answer["error"] == "invalid_form_data"


async def test_five_megabytes(session: aiohttp.ClientSession) -> None:
    """A 5 MB text is cut at 40,000 characters; 5 MB of blocks are refused; nothing falls over."""
    headers = {"Content-Type": "application/json"}
    body = json.dumps({"channel": GENERAL, "text": "x" * 5_000_000}).encode()
    answer = await posted(session, data=io.BytesIO(body), headers=headers)
    assert len(answer["message"]["text"]) == 40_000
    blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": "x" * 100_000}}] * 50
    body = json.dumps({"channel": GENERAL, "text": "x", "blocks": blocks}).encode()
    answer = await posted(session, data=io.BytesIO(body), headers=headers)
    assert answer["error"] == "invalid_blocks"
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    body = f"channel={GENERAL}&text={'y' * 5_000_000}".encode()
    assert (await posted(session, data=io.BytesIO(body), headers=headers))["ok"]


async def test_too_large_altogether(session: aiohttp.ClientSession) -> None:
    """A body of 20 MB is turned away."""
    data = io.BytesIO(json.dumps({"text": "x" * 20_000_000}).encode())
    headers = {"Content-Type": "application/json"}
    async with session.post("chat.postMessage", data=data, headers=headers) as response:
        assert response.status == 413
        assert (await response.json())["error"] == "request_too_large"


async def test_hostile_text_survives(
    client: AsyncWebClient, session: aiohttp.ClientSession
) -> None:
    """Lone surrogates, NUL and right-to-left marks are stored and come back as valid Unicode."""
    body = '{"channel": "C0GENERAL1", "text": "a\\ud800b\\u0000c\\u202e \\ud83d\\ude00"}'
    answer = await posted(session, data=body, headers={"Content-Type": "application/json"})
    assert answer["message"]["text"] == "a\ufffdb\u0000c\u202e 😀"
    history = await client.conversations_history(channel=GENERAL)
    assert history["messages"][0]["text"] == answer["message"]["text"]
