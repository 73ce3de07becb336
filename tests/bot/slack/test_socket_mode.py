"""The bot's sockets: no click falls between two of them."""

import asyncio
import contextlib
import itertools
import os
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web.async_client import AsyncWebClient
from structlog.testing import capture_logs

from benchmarks import refreshes
from benchmarks.clicks import CARD
from bot.config.errors import ConfigurationError
from bot.slack.dispatch import PromptDispatch
from bot.slack.reconnect import Pace, Switchboard
from bot.slack.socket_client import SteadyClient
from bot.slack.socket_mode import open_now, sockets
from playground.server import Playground
from playground.testing.person import Person
from tests.bot.black_hole import DOWN, UP, BlackHole
from tests.bot.strange_slack import StrangeSlack
from tests.conftest import free_port
from tests.fakes import ADA
from tests.playground.clients.rawbot import RawBot
from tests.playground.waiting import until

FULL = os.environ.get("SIGNOFF_FULL") == "1"
OPEN = "apps.connections.open"
QUICK = Pace(first_pause=0.1, longest_pause=0.8, ping=0.3, grace=2.0)

Json = dict[str, Any]


@pytest.fixture
async def workspace() -> AsyncIterator[Playground]:
    """A workspace that can be stopped and started again at the same address."""
    async with Playground(port=free_port()) as running:
        yield running


@pytest.fixture
async def ada(workspace: Playground) -> AsyncIterator[Person]:
    async with Person(workspace.url, workspace.local_token, ADA) as person:
        yield person


@dataclass
class Bot:
    """Acknowledges `approve` at once, and `reject` when its gate is open."""

    clients: list[SteadyClient] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    clicked: list[str] = field(default_factory=list)

    @property
    def open(self) -> int:
        return open_now(self.clients)

    async def approve(self, ack: AsyncAck) -> None:
        self.clicked.append("approve")
        await ack()

    async def reject(self, ack: AsyncAck) -> None:
        self.clicked.append("reject")
        await self.gate.wait()
        await ack()


@contextlib.asynccontextmanager
async def running(
    api_url: str, connections: int = 2, pace: Pace = QUICK, app_token: str = "xapp-playground"
) -> AsyncIterator[Bot]:
    """A bot with that many sockets, all of them asked for."""
    slack = AsyncWebClient("xoxb-playground", base_url=api_url)
    app, bot = AsyncApp(client=slack, request_verification_enabled=False), Bot()
    app.action("approve")(bot.approve)
    app.action("reject")(bot.reject)
    async with sockets(
        PromptDispatch(app), app_token, slack, connections, pace=pace
    ) as bot.clients:
        assert bot.open >= 1
        yield bot


async def posted(workspace: Playground) -> Json:
    """A card with two buttons."""
    slack = AsyncWebClient(workspace.bot_token, base_url=workspace.api_url)
    answer = await slack.chat_postMessage(channel="C0GENERAL1", text="Refund?", blocks=CARD)
    return {"channel": "C0GENERAL1", "ts": answer["ts"]}


async def count(workspace: Playground, wanted: int) -> None:
    await until(lambda: workspace.sockets.count() == wanted, 10)


async def acked(ada: Person, card: Json, action: str = "approve") -> bool:
    return bool((await ada.click(card, action))["acked"])


@contextlib.asynccontextmanager
async def through_proxy(workspace: Playground) -> AsyncIterator[BlackHole]:
    """Sockets (not API calls) go through a proxy."""
    async with BlackHole(int(workspace.url.rpartition(":")[2])) as proxy:
        workspace.sockets.base_url = f"ws://127.0.0.1:{proxy.port}"
        yield proxy


async def test_no_click_is_lost_over_refreshes() -> None:
    """All sockets are refreshed at once, again and again, under clicks at an even pace."""
    rate, times = (200, 100) if FULL else (60, 8)
    figures = await refreshes.measure(rate, times)
    assert figures["refreshes"] == times
    assert figures["clicks"] >= 4 * rate
    assert figures["lost"] == 0, figures


async def test_the_next_socket_is_open_before_the_last_is_left(
    workspace: Playground, ada: Person
) -> None:
    """One connection alone can take clicks all through a refresh."""
    card = await posted(workspace)
    async with running(workspace.api_url, 1) as bot:
        await ada.fault("refresh", seconds=0.4)
        await count(workspace, 2)
        deadline = time.monotonic() + 1.2
        while time.monotonic() < deadline:
            assert bot.open == 1
            assert await acked(ada, card)
        await count(workspace, 1)


async def test_sockets_are_opened_one_after_the_other(workspace: Playground, ada: Person) -> None:
    """However many are refreshed at the same moment."""
    async with running(workspace.api_url, 4):
        await count(workspace, 4)
        before = len(await ada.calls(OPEN))
        await ada.fault("hang", method=OPEN, seconds=0.2, count=4)
        await ada.fault("refresh", seconds=2)
        await count(workspace, 8)
        at = [call["at"] for call in (await ada.calls(OPEN))[before:]]
        assert len(at) == 4
        assert all(later - earlier > 0.15 for earlier, later in itertools.pairwise(at))


async def test_an_old_socket_still_takes_its_answers(workspace: Playground, ada: Person) -> None:
    """A click that came in before the refresh is acknowledged after it."""
    card = await posted(workspace)
    async with running(workspace.api_url, 1) as bot:
        click = asyncio.create_task(acked(ada, card, "reject"))
        await until(lambda: bot.clicked)
        await ada.fault("refresh", seconds=0.2)
        await count(workspace, 2)
        bot.gate.set()
        assert await click


async def test_an_answer_finds_another_socket(workspace: Playground, ada: Person) -> None:
    """When the one the click came in on is gone."""
    card = await posted(workspace)
    async with running(workspace.api_url, 1) as bot:
        click = asyncio.create_task(acked(ada, card, "reject"))
        await until(lambda: bot.clicked)
        await ada.fault("disconnect")
        bot.gate.set()
        assert await click


async def test_a_lost_answer_is_repeated(workspace: Playground, ada: Person) -> None:
    """The click arrives, the socket dies with the answer in it: the next socket brings it."""
    card = await posted(workspace)
    async with through_proxy(workspace) as proxy, running(workspace.api_url, 1) as bot:
        proxy.swallow(UP)
        click = asyncio.create_task(acked(ada, card))
        await until(lambda: bot.clicked)
        await asyncio.sleep(0.1)
        proxy.cut()
        assert await click
        assert bot.clicked == ["approve"]


async def test_half_open_sockets_are_noticed(workspace: Playground, ada: Person) -> None:
    """Nothing comes, nothing goes, nobody hangs up: others are opened within seconds."""
    card = await posted(workspace)
    async with through_proxy(workspace) as proxy, running(workspace.api_url) as bot:
        await count(workspace, 2)
        proxy.swallow(UP, DOWN)
        with capture_logs() as logs:
            await count(workspace, 4)
        assert any("no longer answers" in line["event"] for line in logs)
        proxy.cut()
        await count(workspace, 2)
        assert bot.open == 2
        assert await acked(ada, card)


async def test_dropped_sockets_come_back(workspace: Playground, ada: Person) -> None:
    """All of them cut without a word."""
    card = await posted(workspace)
    async with running(workspace.api_url, 3) as bot:
        await count(workspace, 3)
        await ada.fault("disconnect")
        await until(lambda: bot.open < 3)
        await count(workspace, 3)
        await until(lambda: bot.open == 3)
        assert await acked(ada, card)


async def test_a_restarted_slack_is_found_again(workspace: Playground, ada: Person) -> None:
    """The bot waits for as long as it takes; its clicks go on."""
    async with running(workspace.api_url) as bot:
        await count(workspace, 2)
        await workspace.stop()
        await until(lambda: bot.open == 0)
        await asyncio.sleep(0.5)
        await workspace.start()
        await count(workspace, 2)
        assert await acked(ada, await posted(workspace))


async def test_refused_addresses_are_renewed(workspace: Playground, ada: Person) -> None:
    """Each try asks Slack for a new one; what is secret in it stays out of the log."""
    await ada.fault("expired_ticket", method=OPEN, count=3)
    with capture_logs() as logs:
        async with running(workspace.api_url, 1):
            assert workspace.sockets.count() == 1
    assert len(await ada.calls(OPEN)) == 4
    assert [line["reason"] for line in logs] == ["address refused with 404"] * 3
    assert "ticket" not in str(logs)


@pytest.mark.parametrize("fault", [{"error": "link_disabled"}, {"kind": "server_error"}])
async def test_refusals_are_outlasted(workspace: Playground, ada: Person, fault: Json) -> None:
    """With pauses that grow, one probe for all connections, and a sentence in the log."""
    async with running(workspace.api_url, 3, Pace(first_pause=0.2, longest_pause=0.8)) as bot:
        await count(workspace, 3)
        before = len(await ada.calls(OPEN))
        await ada.fault(**({"kind": "error", "method": OPEN} | fault))
        with capture_logs() as logs:
            await ada.fault("disconnect")
            await asyncio.sleep(2.5)
        assert 2 <= len(await ada.calls(OPEN)) - before <= 8
        assert bot.open == 0
        told = [line for line in logs if line["reason"] in ("link_disabled", "503")]
        assert len(told) >= 2
        assert all(line["seconds"] <= 0.8 for line in told)
        await ada.heal()
        await count(workspace, 3)


async def test_retry_after_is_kept(workspace: Playground, ada: Person) -> None:
    """Nobody asks for an address before Slack's time is over."""
    await ada.fault("rate_limited", method=OPEN, retry_after=1, count=2)
    started = time.monotonic()
    async with running(workspace.api_url, 2):
        assert time.monotonic() - started >= 2
        await count(workspace, 2)
    assert len(await ada.calls(OPEN)) == 4


async def test_a_wrong_token_is_told_at_the_start(workspace: Playground) -> None:
    """It will not get better by waiting."""
    with pytest.raises(ConfigurationError, match=r"SLACK_APP_TOKEN .*connections:write"):
        async with running(workspace.api_url, app_token="xapp-other"):
            pass


async def test_too_many_sockets_are_outlasted(workspace: Playground, ada: Person) -> None:
    """When all ten are open, a refresh makes its own room."""
    async with contextlib.AsyncExitStack() as stack:
        bot = await stack.enter_async_context(running(workspace.api_url, 2))
        await count(workspace, 2)
        others = [RawBot(workspace) for _ in range(8)]
        for other in others:
            await stack.enter_async_context(other)
        with capture_logs() as logs:
            before = [client.current_session for client in bot.clients]
            await ada.fault("refresh", seconds=60, count=2)
            clients = list(bot.clients)
            await until(lambda: all(c.current_session not in before for c in clients), 10)
            await until(lambda: workspace.sockets.count() == 10 and bot.open == 2)
        assert any("stop other copies" in line["advice"] for line in logs)


async def test_a_slow_click_holds_up_no_other(workspace: Playground, ada: Person) -> None:
    """On the same socket."""
    card = await posted(workspace)
    async with running(workspace.api_url, 1) as bot:
        slow = asyncio.create_task(acked(ada, card, "reject"))
        await until(lambda: bot.clicked)
        assert all(await asyncio.gather(*(acked(ada, card) for _ in range(20))))
        assert not slow.done()
        bot.gate.set()
        assert await slow


async def test_duplicates_and_lost_acks_harm_nobody(workspace: Playground, ada: Person) -> None:
    """A click delivered twice is acknowledged; after a lost acknowledgement life goes on."""
    card = await posted(workspace)
    async with running(workspace.api_url) as bot:
        await count(workspace, 2)
        await ada.fault("duplicate", count=1)
        assert await acked(ada, card)
        await until(lambda: bot.clicked == ["approve", "approve"])
        await ada.fault("drop_ack", count=1)
        assert not await acked(ada, card)
        assert await acked(ada, card)


async def test_close_is_quick(workspace: Playground, ada: Person) -> None:
    """With a handler that hangs, sockets that do not answer, and a Slack that is away."""
    card = await posted(workspace)
    async with contextlib.AsyncExitStack() as stack:
        proxy = await stack.enter_async_context(through_proxy(workspace))
        bot = await stack.enter_async_context(running(workspace.api_url, 3))
        await count(workspace, 3)
        click = asyncio.create_task(ada.click(card, "reject"))
        await until(lambda: bot.clicked)
        await ada.fault("hang", method=OPEN, seconds=10)
        proxy.swallow(UP, DOWN)
        started = time.monotonic()
        await asyncio.gather(*(client.close() for client in bot.clients))
        assert time.monotonic() - started < 2
        assert bot.open == 0
        assert not (await click)["acked"]
        await ada.heal()


async def test_running_clicks_are_finished_at_the_end(workspace: Playground, ada: Person) -> None:
    """Closing waits a moment for what came in."""
    card = await posted(workspace)
    async with running(workspace.api_url, 1) as bot:
        click = asyncio.create_task(acked(ada, card, "reject"))
        await until(lambda: bot.clicked)
        asyncio.get_running_loop().call_later(0.3, bot.gate.set)
    assert await click


@contextlib.asynccontextmanager
async def late_client(slack: StrangeSlack) -> AsyncIterator[SteadyClient]:
    """Without Bolt; it acknowledges when there is a later socket."""
    async with slack.serve(free_port()) as api_url:
        board, web = Switchboard(QUICK), AsyncWebClient(base_url=api_url)
        client = SteadyClient("xapp-playground", web, board)

        async def acknowledge(_: Any, request: SocketModeRequest) -> None:
            await until(lambda: slack.sockets > request.payload["n"])
            await client.send_socket_mode_response(SocketModeResponse(request.envelope_id))

        client.socket_mode_request_listeners.append(acknowledge)
        try:
            await asyncio.wait_for(client.connect(), 10)
            yield client
        finally:
            await client.close()


async def test_an_answer_leaves_where_its_envelope_came_in() -> None:
    """Even when newer sockets are open by then."""
    slack = StrangeSlack("warning")
    async with late_client(slack):
        await until(lambda: len(slack.acks) >= 5)
        assert all(envelope == f"e-{number}" for number, envelope in slack.acks)


@pytest.mark.parametrize(("goodbye", "most"), [("too_many_websockets", 8), ("warning", 14)])
async def test_strange_words_are_survived(goodbye: str, most: int) -> None:
    """Pings are echoed, junk is ignored, and no goodbye at once leads to a storm."""
    slack = StrangeSlack(goodbye)
    async with late_client(slack) as client:
        await until(lambda: slack.sockets > 1)
        await asyncio.sleep(1.5)
        assert client.is_open
        assert 2 <= slack.sockets <= most
    assert slack.echoes == {b"applink-1"}
