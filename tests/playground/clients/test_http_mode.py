"""HTTP mode: signed deliveries, retries and url_verification."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from slack_bolt.async_app import AsyncApp
from slack_sdk.signature import SignatureVerifier
from slack_sdk.web.async_client import AsyncWebClient

from playground.config import PlaygroundConfig
from playground.server import Playground
from playground.testing.person import Person, PersonError
from tests.playground.conftest import ADA, GENERAL
from tests.playground.manual_clock import ManualClock
from tests.playground.waiting import until

Json = dict[str, Any]


class Listener:
    """A bot's web server that keeps what it gets; `status` is what it answers with."""

    def __init__(self) -> None:
        self.status = 200
        self.headers: dict[str, str] = {}
        self.requests: list[tuple[dict[str, str], str]] = []

    async def __aenter__(self) -> "Listener":
        app = web.Application()
        app.router.add_post("/slack/events", self._take)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/slack/events"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    async def _take(self, request: web.Request) -> web.Response:
        text = await request.text()
        self.requests.append((dict(request.headers), text))
        if request.content_type == "application/json":
            body = await request.json()
            if body.get("type") == "url_verification":
                return web.json_response({"challenge": body["challenge"]})
        return web.Response(status=self.status, headers=self.headers)

    async def wait(self, count: int) -> None:
        await until(lambda: len(self.requests) >= count)


@pytest.fixture
async def listener() -> AsyncIterator[Listener]:
    async with Listener() as running:
        yield running


async def test_bolt_over_http(playground: Playground, ada: Person) -> None:
    """Bolt verifies the signatures and does over HTTP what it does over a socket."""
    app = AsyncApp(
        client=AsyncWebClient(playground.bot_token, base_url=playground.api_url),
        signing_secret=playground.signing_secret,
    )

    @app.command("/hello")
    async def hello(ack: Any, command: Json) -> None:
        await ack(f"Hello {command['user_name']}")

    runner = web.AppRunner(app.web_app())
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        await ada.request_url(f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events")
        told = await ada.command("/hello", channel=GENERAL)
        assert told["acked"]
        assert told["response"] == {"text": "Hello ada"} or told["response"] == "Hello ada"
    finally:
        await runner.cleanup()


async def test_signature_is_slacks(playground: Playground, ada: Person, listener: Listener) -> None:
    """slack_sdk's verifier accepts what is sent, and refuses it with one byte changed."""
    await ada.request_url(listener.url)
    await ada.command("/task a b", channel=GENERAL)
    headers, body = listener.requests[-1]
    verifier = SignatureVerifier(playground.signing_secret)
    assert verifier.is_valid_request(body, headers)
    assert not verifier.is_valid_request(body + " ", headers)
    assert headers["Content-Type"] == "application/x-www-form-urlencoded"


async def test_unverified_url_is_refused(ada: Person) -> None:
    """A request URL nobody answers at is not taken."""
    with pytest.raises(PersonError, match="url_not_verified"):
        await ada.request_url("http://127.0.0.1:9/slack/events")


async def test_events_are_retried_at_0_1_and_5_minutes(listener: Listener) -> None:
    """An event that is not taken comes again at once, after a minute and after five, no more."""
    clock = ManualClock()
    config = PlaygroundConfig(ack_seconds=1.0)
    async with (
        Playground(config, clock=clock) as playground,
        Person(playground.url, playground.local_token, ADA) as ada,
    ):
        await ada.request_url(listener.url)
        listener.requests.clear()
        listener.status = 500
        await ada.say(GENERAL, "anybody?")
        for seconds, count in ((0, 2), (59, 2), (1, 3), (299, 3), (1, 4)):
            await until(lambda: clock.sleepers == 1)
            await clock.advance(seconds)
            await listener.wait(count)
            assert len(listener.requests) == count
        await asyncio.sleep(0.2)
        assert clock.sleepers == 0
    retries = [headers.get("X-Slack-Retry-Num") for headers, _ in listener.requests]
    assert retries == [None, "1", "2", "3"]
    assert listener.requests[-1][0]["X-Slack-Retry-Reason"] == "http_error"


async def test_no_retry_header_ends_the_retries(
    playground: Playground, ada: Person, listener: Listener
) -> None:
    """`X-Slack-No-Retry: 1` on a failure means once is enough."""
    await ada.request_url(listener.url)
    listener.requests.clear()
    listener.status, listener.headers = 500, {"X-Slack-No-Retry": "1"}
    await ada.say(GENERAL, "anybody?")
    await listener.wait(1)
    await asyncio.sleep(0.2)
    assert len(listener.requests) == 1
    assert playground.config.app.mode == "socket"
