"""What a supervisor and a monitor see of a running process."""

import asyncio
import contextlib
import socket
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from temporalio.client import Client

from bot.config.errors import ConfigurationError
from bot.config.sections.slack import SlackSettings
from bot.config.sections.web import WebSettings
from bot.config.settings import Settings
from bot.monitoring.metrics import Metrics
from bot.web import checks
from bot.web.health import HealthPages, ReadinessChecks
from bot.web.server import web_server
from storage.click_inbox import ClickInbox
from storage.database import create_engine
from tests.conftest import free_port


@contextlib.asynccontextmanager
async def pages(readiness: ReadinessChecks) -> AsyncIterator[str]:
    """The three pages on a free port."""
    async with web_server([HealthPages(Metrics(), readiness).register], port=0) as url:
        yield url


async def fetch(url: str) -> tuple[int, Any]:
    """Status and JSON."""
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        return answer.status, await answer.json()


async def well() -> str:
    return "ok"


async def test_health_says_alive_whatever_else_is_wrong() -> None:
    """A process that only waits for others is not restarted."""

    async def ill() -> str:
        return "Gone."

    async with pages(ReadinessChecks({"temporal": ill})) as url:
        assert await fetch(f"{url}/health") == (200, {"status": "ok"})
        assert await fetch(f"{url}/ready") == (503, {"temporal": "Gone."})


async def test_ready_names_every_part() -> None:
    """Each is `ok` or a sentence; one sentence makes it 503."""

    async def raises() -> str:
        raise RuntimeError("postgres://user:hunter2@db")

    async with pages(ReadinessChecks({"temporal": well, "database": raises})) as url:
        status, told = await fetch(f"{url}/ready")
    assert status == 503
    assert told == {"temporal": "ok", "database": "The database could not be checked; see the log."}


async def test_a_public_port_tells_the_status_and_no_more() -> None:
    """What a load balancer has to know; nobody's reasons, figures or agents."""

    async def ill() -> str:
        return "The database cannot be reached."

    for check, told in ((well, (200, {"status": "ok"})), (ill, (503, {"status": "not ready"}))):
        shown = HealthPages(Metrics(), ReadinessChecks({"database": check})).register_public
        async with web_server([shown], port=0) as url, aiohttp.ClientSession() as session:
            assert await fetch(f"{url}/ready") == told
            assert await fetch(f"{url}/health") == (200, {"status": "ok"})
            for page in ("metrics", "health/agents"):
                assert (await session.get(f"{url}/{page}")).status == 404


@pytest.mark.parametrize(
    ("web_settings", "slack", "public"),
    [
        ({}, {}, False),
        ({"host": "::1"}, {}, False),
        ({"host": "0.0.0.0"}, {}, True),
        ({"public_url": "https://signoff.example"}, {}, True),
        ({}, {"mode": "http"}, True),
    ],
)
def test_which_pages_are_public(
    web_settings: dict[str, Any], slack: dict[str, Any], public: bool
) -> None:
    """Whatever somebody else's request may reach."""
    settings = Settings.model_construct(
        web=WebSettings(**web_settings), slack=SlackSettings(**slack)
    )
    assert settings.has_public_pages is public


async def test_a_hanging_check_does_not_hang_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever does not answer in time is not ready."""
    monkeypatch.setattr("bot.web.health.CHECK_SECONDS", 0.1)

    async def hangs() -> str:
        await asyncio.sleep(60)
        return "ok"

    async with pages(ReadinessChecks({"inbox": hangs})) as url:
        status, told = await fetch(f"{url}/ready")
    assert status == 503
    assert "did not answer" in told["inbox"]


async def test_many_visits_are_one_question() -> None:
    """An answer is good for a second, so nobody can wear out what is checked."""
    asked = 0

    async def counted() -> str:
        nonlocal asked
        asked += 1
        return "ok"

    async with pages(ReadinessChecks({"database": counted})) as url:
        await asyncio.gather(*(fetch(f"{url}/ready") for _ in range(20)))
    assert asked == 1


async def test_temporal_is_checked(temporal_address: str) -> None:
    """Up is ok; gone is a sentence."""
    assert await checks.temporal(await Client.connect(temporal_address))() == "ok"
    nobody = await Client.connect(f"127.0.0.1:{free_port()}", lazy=True)
    assert "Temporal does not answer" in await checks.temporal(nobody)()


async def test_database_and_inbox_are_checked(tmp_path: Path) -> None:
    """A place that cannot be opened is a sentence, not an error."""
    engine = create_engine(f"sqlite:///{tmp_path / 'a.db'}")
    assert await checks.database(engine)() == "ok"
    await engine.dispose()
    gone = create_engine(f"sqlite:///{tmp_path / 'missing' / 'a.db'}")
    assert "The database does not answer" in await checks.database(gone)()
    await gone.dispose()
    inbox = ClickInbox(tmp_path / "inbox.db")
    assert await checks.inbox(inbox)() == "ok"
    await inbox.close()
    (tmp_path / "broken.db").write_bytes(b"no database at all" * 100)
    broken = ClickInbox(tmp_path / "broken.db")
    assert "click inbox cannot be used" in await checks.inbox(broken)()
    await broken.close()


async def test_sockets_are_checked() -> None:
    """One open connection is enough; none is a sentence."""
    assert await checks.sockets(lambda: 1)() == "ok"
    assert "No socket to Slack is open" in await checks.sockets(lambda: 0)()


async def test_a_port_in_use_is_one_sentence() -> None:
    """It names the address and the way out."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ConfigurationError, match=f"127.0.0.1:{port}.*under .web."):
            async with web_server([], port=port):
                pass


async def test_running_requests_are_finished_at_the_end() -> None:
    """Who is being answered gets the answer; new ones are not taken."""
    arrived = asyncio.Event()

    async def slow(_request: web.Request) -> web.Response:
        arrived.set()
        await asyncio.sleep(0.5)
        return web.json_response("done")

    async with web_server([lambda app: app.router.add_get("/slow", slow)], port=0) as url:
        asking = asyncio.create_task(fetch(f"{url}/slow"))
        await arrived.wait()
    assert await asking == (200, "done")
    with pytest.raises(aiohttp.ClientConnectionError):
        await fetch(f"{url}/slow")


async def test_the_end_comes_within_ten_seconds() -> None:
    """However long a request would take."""
    arrived = asyncio.Event()

    async def endless(_request: web.Request) -> web.Response:
        arrived.set()
        await asyncio.sleep(600)
        return web.Response()

    async with contextlib.AsyncExitStack() as stack:
        server = web_server([lambda app: app.router.add_get("/endless", endless)], port=0)
        url = await stack.enter_async_context(server)
        asking = asyncio.create_task(fetch(f"{url}/endless"))
        await arrived.wait()
        started = time.monotonic()
    assert time.monotonic() - started < 10
    with pytest.raises(aiohttp.ClientError):
        await asking
