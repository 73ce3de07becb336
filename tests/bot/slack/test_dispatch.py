"""What goes back to Slack goes back at the moment of the ack."""

import asyncio
import time
from typing import Any

import pytest

from bot.slack import dispatch as dispatch_module
from bot.slack.dispatch import PromptDispatch
from tests.bot.slack.test_request_guard import GuardedApp
from tests.bot.slack_requests import CLICK, COMMAND


async def test_the_answer_leaves_at_the_ack() -> None:
    """Whatever the listener does afterwards goes on beside it."""
    door, done = GuardedApp(), asyncio.Event()

    async def slow(ack: Any) -> None:
        await ack(text="now")
        await asyncio.sleep(0.3)
        done.set()

    door.app.command("/slow")(slow)
    started = time.perf_counter()
    answer = await PromptDispatch(door.app)(COMMAND | {"command": "/slow"}, {})
    assert (answer.status, answer.body) == (200, "now")
    assert time.perf_counter() - started < 0.25
    assert not done.is_set()
    async with asyncio.timeout(5):
        await done.wait()


async def test_it_is_faster_than_bolts_own_look_every_10_ms() -> None:
    """Twenty clicks take less than twenty looks."""
    door = GuardedApp()
    dispatch = PromptDispatch(door.app)
    times = []
    for _ in range(20):
        started = time.perf_counter()
        assert (await dispatch(CLICK, {})).status == 200
        times.append(time.perf_counter() - started)
    assert sorted(times)[10] < 0.01


async def test_what_nobody_acks_is_told_as_bolt_tells_it() -> None:
    """404 where nobody listens, 500 where the listener failed."""
    door = GuardedApp()

    async def broken() -> None:
        raise RuntimeError("broken")

    door.app.command("/broken")(broken)
    dispatch = PromptDispatch(door.app)
    assert (await dispatch(COMMAND | {"command": "/unknown"}, {})).status == 404
    assert (await dispatch(COMMAND | {"command": "/broken"}, {})).status == 500


async def test_acks_of_clicks_are_told() -> None:
    """Commands are another matter: they may wait for what they ask for."""
    door, told = GuardedApp(), list[float]()
    dispatch = PromptDispatch(door.app, told.append)
    await dispatch(COMMAND, {})
    assert not told
    await dispatch(CLICK, {})
    assert len(told) == 1
    assert 0 < told[0] < 1


async def test_listeners_end_before_what_they_use(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that go on beside their ack are waited for; one that never ends is cancelled."""
    monkeypatch.setattr(dispatch_module, "LAST_SECONDS", 0.5)
    door, ended, stuck = GuardedApp(), list[str](), asyncio.Event()

    async def slow(ack: Any) -> None:
        await ack()
        await asyncio.sleep(0.2)
        ended.append("slow")

    async def endless(ack: Any) -> None:
        await ack()
        try:
            await stuck.wait()
        finally:
            ended.append("endless")

    door.app.command("/slow")(slow)
    door.app.command("/endless")(endless)
    dispatch = PromptDispatch(door.app)
    for name in ("/slow", "/endless"):
        await dispatch(COMMAND | {"command": name}, {})
    assert not ended
    await dispatch.close()
    assert ended == ["slow", "endless"]
