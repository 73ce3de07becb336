"""The guard before Bolt: nothing unsigned, malformed or repeated gets through, and it says little."""

import asyncio
import gc
import json
import logging
import os
import time
from collections.abc import AsyncIterator, Iterator
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import structlog
from pydantic import SecretStr
from slack_bolt.async_app import AsyncApp
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient

from bot.config.errors import ConfigurationError
from bot.monitoring import logs
from bot.slack.dispatch import PromptDispatch
from bot.slack.http import SlackHttp
from bot.slack.replays import Replays
from bot.slack.request_guard import LARGEST_BODY
from bot.web.server import web_server
from tests.bot.forger import Forger
from tests.bot.mutilator import Mutilator
from tests.bot.raw_http import RawClient
from tests.bot.slack_requests import (
    CLICK,
    COMMAND,
    EVENT,
    FORM,
    JSON,
    SECRET,
    SUBMISSION,
    gesture,
    now,
    request,
    sign,
)
from tests.playground.waiting import until

FULL = os.environ.get("SIGNOFF_FULL") == "1"
SEED = int(os.environ.get("SIGNOFF_SEED", "20251"))
FORGED = 100_000 if FULL else 4_000
LONGEST_LOG = 300


class GuardedApp:
    """A Bolt app behind the guard; `taken` is every payload a listener got."""

    def __init__(self) -> None:
        self.taken: list[dict[str, Any]] = []
        self.pause = 0.0
        self.app = AsyncApp(
            client=AsyncWebClient(token="xoxb-nobody"),
            request_verification_enabled=False,
            ignoring_self_events_enabled=False,
            authorize=_authorize,
        )
        self.app.command("/task")(self._take)
        self.app.action("signoff_approve")(self._take)
        self.app.view("signoff_decide")(self._take)
        self.app.event("app_home_opened")(self._take_event)

    async def _take(self, ack: Any, body: dict[str, Any]) -> None:
        self.taken.append(body)
        await asyncio.sleep(self.pause)
        await ack(text=f"taken {len(self.taken)}") if "command" in body else await ack()

    async def _take_event(self, body: dict[str, Any]) -> None:
        self.taken.append(body)


async def _authorize(**_: Any) -> Any:
    from slack_bolt.authorization import AuthorizeResult  # noqa: PLC0415

    return AuthorizeResult(enterprise_id=None, team_id="T0ACME0001", bot_token="xoxb-nobody")


@pytest.fixture
def door() -> GuardedApp:
    return GuardedApp()


@pytest.fixture
async def client(door: GuardedApp) -> AsyncIterator[RawClient]:
    front = SlackHttp(PromptDispatch(door.app), SecretStr(SECRET), lambda _: None)
    async with web_server([front.register], port=0) as url:
        raw = RawClient(url)
        yield raw
        await raw.close()


@pytest.fixture
def log_file(tmp_path: Path) -> Iterator[Path]:
    """Everything logged, as a running bot logs it."""
    gc.collect()  # what earlier tests left behind must not be logged here
    before = structlog.get_config()
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    root.handlers = []
    logs.configure(tmp_path / "log")
    yield tmp_path / "log"
    ours = root.handlers[0]
    assert isinstance(ours, logging.StreamHandler)
    ours.stream.close()
    root.handlers, root.level = handlers, level
    structlog.configure(**before)  # without it, tracebacks with all locals take seconds


@pytest.mark.parametrize("secret", ["", "  \n"])
def test_an_empty_secret_refuses_to_start(door: GuardedApp, secret: str) -> None:
    """With an empty secret anybody could sign; one sentence names it."""
    with pytest.raises(ConfigurationError, match="SLACK_SIGNING_SECRET is missing"):
        SlackHttp(PromptDispatch(door.app), SecretStr(secret), lambda _: None)


async def test_what_slack_sends_gets_through(door: GuardedApp, client: RawClient) -> None:
    """Commands, clicks, forms and events reach their listeners as Slack meant them."""
    for sent in (
        request(urlencode(COMMAND).encode()),
        request(gesture(CLICK)),
        request(gesture(SUBMISSION), FORM + b"; charset=UTF-8"),
        request(json.dumps(EVENT).encode(), JSON),
    ):
        status, _ = await client.send(sent)
        assert status == 200
    await until(lambda: len(door.taken) == 4)
    assert door.taken == [COMMAND, CLICK, SUBMISSION, EVENT]


async def test_a_challenge_is_answered(client: RawClient) -> None:
    """Slack verifies a request URL with a challenge."""
    body = json.dumps({"type": "url_verification", "challenge": "c123"}).encode()
    assert await client.send(request(body, JSON)) == (200, b'{"challenge": "c123"}')


@pytest.mark.parametrize("offset", [-299, 0, 298.9])
async def test_a_replay_is_answered_once(
    door: GuardedApp, client: RawClient, offset: float
) -> None:
    """The same request again, anywhere in the window, gets the same answer and does nothing."""
    sent = request(urlencode(COMMAND).encode(), timestamp=now(offset))
    answers = {await client.send(sent) for _ in range(5)}
    assert answers == {(200, b"taken 1")}
    assert len(door.taken) == 1


async def test_replays_at_the_same_moment_are_one(door: GuardedApp, client: RawClient) -> None:
    """A replay that overtakes the first one's answer waits for it."""
    door.pause = 0.2
    sent = request(urlencode(COMMAND).encode())
    others = [RawClient(f"http://127.0.0.1:{client._port}") for _ in range(4)]
    answers = await asyncio.gather(*(one.send(sent) for one in [client, *others]))
    assert set(answers) == {(200, b"taken 1")}
    assert len(door.taken) == 1
    for one in others:
        await one.close()


@pytest.mark.parametrize("offset", [-302, 302])
async def test_outside_the_window_is_refused(
    door: GuardedApp, client: RawClient, offset: float
) -> None:
    """300 s either way, even with a right signature."""
    assert await client.send(request(gesture(CLICK), timestamp=now(offset))) == (401, b"stale\n")
    assert not door.taken


async def test_the_same_gesture_signed_anew_is_a_new_request(
    door: GuardedApp, client: RawClient
) -> None:
    """Slack's own retries carry a new timestamp; what they mean is for the listeners to see."""
    for offset in (0, -5):
        assert (await client.send(request(gesture(CLICK), timestamp=now(offset))))[0] == 200
    assert len(door.taken) == 2


async def test_a_large_body_is_refused_whether_announced_or_not(client: RawClient) -> None:
    """413 above 2 MB, by its length, and by counting when no length was given."""
    body = b"payload=" + b"x" * LARGEST_BODY
    assert (await client.send(request(body)))[0] == 413
    head, _, _ = request(b"", timestamp=now(), signature=sign(body, now())).partition(b"\r\n\r\n")
    chunked = head.replace(b"Content-Length: 0", b"Transfer-Encoding: chunked")
    sent = chunked + b"\r\n\r\n" + b"%x\r\n" % len(body) + body + b"\r\n0\r\n\r\n"
    assert (await client.send(sent))[0] == 413


async def test_a_body_that_dribbles_is_given_up(client: RawClient, monkeypatch: Any) -> None:
    """Whoever holds a connection open gets 408."""
    monkeypatch.setattr("bot.slack.request_guard.BODY_SECONDS", 0.2)
    body = gesture(CLICK)
    status, answer = await client.send(request(body)[: -len(body) // 2])
    assert (status, answer) == (408, b"too_slow\n")


@pytest.mark.timeout(900)
async def test_nothing_forged_is_accepted(
    door: GuardedApp, client: RawClient, log_file: Path
) -> None:
    """Thousands of forged and malformed requests: 4xx each, no listener called, a short log line."""
    forger = Forger(SEED)
    logged = longest = 0
    statuses: dict[int, int] = {}
    for number in range(FORGED):
        sent = forger.next()
        status, answer = await client.send(sent)
        size = log_file.stat().st_size
        longest, logged = max(longest, size - logged), size
        statuses[status] = statuses.get(status, 0) + 1
        assert status == 0 or 400 <= status < 500, (SEED, number, status, sent[:600])
        assert len(answer) < 200 or status == 400, (SEED, number, answer)
        assert not door.taken, (SEED, number, sent[:600])
        assert longest <= LONGEST_LOG, (SEED, number, log_file.read_text()[-1500:])
    assert statuses[401] > 0.3 * FORGED
    assert (await client.send(request(gesture(CLICK))))[0] == 200


@pytest.mark.timeout(900)
async def test_what_is_signed_and_mutilated_makes_no_error(client: RawClient) -> None:
    """Slack's payloads with any part missing or of another kind: taken or refused, never a 500."""
    mutilator = Mutilator(SEED)
    for number in range(FORGED // 2):
        payload = mutilator.next()
        status, _ = await client.send(request(json.dumps(payload).encode(), JSON))
        assert 200 <= status < 500, (SEED, number, payload)


async def test_replays_remember_a_bounded_number() -> None:
    """The oldest is forgotten when there are too many, and what is too old in any case."""
    clock = [1_000.0]
    replays = Replays(lambda: clock[0], most=3)
    done: list[int] = []

    async def work(number: int) -> BoltResponse:
        done.append(number)
        return BoltResponse(status=200, body=str(number))

    for number in range(4):
        await replays.once(str(number), 1_300.0, partial(work, number))
    assert (await replays.once("3", 1_300.0, lambda: work(9))).body == "3"
    assert (await replays.once("0", 1_300.0, lambda: work(10))).body == "10"
    clock[0] = 1_301.0
    assert (await replays.once("3", 1_900.0, lambda: work(11))).body == "11"
    assert len(replays._known) == 1


async def test_a_failure_is_not_remembered() -> None:
    """What was not done may be tried again, with the same request."""
    replays = Replays()
    replies = iter([BoltResponse(status=500), BoltResponse(status=200, body="done")])

    async def work() -> BoltResponse:
        return next(replies)

    until = time.time() + 60
    assert (await replays.once("k", until, work)).status == 500
    assert (await replays.once("k", until, work)).body == "done"
    assert (await replays.once("k", until, work)).body == "done"


async def test_the_work_outlives_whoever_asked() -> None:
    """A caller that hangs up does not undo a click."""
    replays = Replays()
    done = asyncio.Event()

    async def work() -> BoltResponse:
        await asyncio.sleep(0.05)
        done.set()
        return BoltResponse(status=200)

    asking = asyncio.create_task(replays.once("k", time.time() + 60, work))
    await asyncio.sleep(0.01)
    asking.cancel()
    async with asyncio.timeout(5):
        await done.wait()
