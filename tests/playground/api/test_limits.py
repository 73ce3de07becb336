"""Rate limits."""

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from playground.config import PlaygroundConfig
from playground.limits import RateLimits
from playground.server import Playground
from tests.playground.conftest import APPROVALS, GENERAL
from tests.playground.manual_clock import ManualClock


def test_a_minute_of_calls() -> None:
    """N calls pass in any 60 seconds; the next must wait until the first is a minute old."""
    clock = ManualClock(1_000.0)
    limits = RateLimits(clock, 1)
    for second in range(20):
        clock._now = 1_000.0 + second
        assert limits.admit("users.list", 20) == 0
    assert limits.admit("users.list", 20) == 41
    assert limits.admit("team.info", 20) == 0
    clock._now = 1_060.0
    assert limits.admit("users.list", 20) == 0
    assert limits.admit("users.list", 20) == 1


def test_a_message_a_second() -> None:
    """A channel takes one message a second; a burst must be paid back."""
    clock = ManualClock(1_000.0)
    strict, lenient = RateLimits(clock, 1), RateLimits(clock, 3)
    assert [strict.admit("m", 600, "C1") for _ in range(3)] == [0, 1, 1]
    assert strict.admit("m", 600, "C2") == 0
    assert [lenient.admit("m", 600, "C1") for _ in range(4)] == [0, 0, 0, 1]
    clock._now = 1_001.0
    assert [strict.admit("m", 600, "C1") for _ in range(2)] == [0, 1]
    assert [lenient.admit("m", 600, "C1") for _ in range(2)] == [0, 1]


async def test_limits_over_the_wire() -> None:
    """429 with Retry-After, per channel and per method, and only when switched on."""
    clock = ManualClock()
    async with Playground(PlaygroundConfig(rate_limits=True), clock=clock) as playground:
        client = AsyncWebClient(playground.bot_token, base_url=playground.api_url)
        posted = await client.chat_postMessage(channel=GENERAL, text="one")
        with pytest.raises(SlackApiError, match="ratelimited") as caught:
            await client.chat_postMessage(channel=GENERAL, text="two")
        assert caught.value.response.headers["Retry-After"] == "1"
        assert (await client.chat_postMessage(channel=APPROVALS, text="one"))["ok"]
        await clock.advance(1)
        assert (await client.chat_postMessage(channel=GENERAL, text="two"))["ok"]
        for number in range(50):
            await client.chat_update(channel=GENERAL, ts=posted["ts"], text=str(number))
        with pytest.raises(SlackApiError, match="ratelimited") as caught:
            await client.chat_update(channel=GENERAL, ts=posted["ts"], text="x")
        assert caught.value.response.headers["Retry-After"] == "60"
