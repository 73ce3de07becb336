"""Other local users, and web pages in a browser on this machine, get nothing from our servers."""

import asyncio
import contextlib
import json
import multiprocessing
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from aiohttp import ClientSession
from playwright.async_api import Error, async_playwright
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client

from bot.config.kept_tokens import AGENTS, kept_token
from bot.config.sections.agents import AgentServerSettings
from bot.config.sections.storage import StorageSettings
from bot.config.sections.temporal import TemporalSettings
from bot.config.settings import Settings, load
from bot.processes import agent_server, dev_server
from bot.processes.local_slack import local_workspace
from bot.web.server import web_server
from tests.conftest import free_port
from tests.e2e.conftest import ROOT

FLAGS = [
    "--no-sandbox",
    "--host-resolver-rules=MAP evil.example 127.0.0.1",
    "--disable-features=LocalNetworkAccessChecks,BlockInsecurePrivateNetworkRequests",
]
"""As a rebinding name server would have it, without a browser's own help."""
NOBODY_UID = 65534
CHROMIUM = Path("/usr/bin/chromium")
QUESTION = {
    "jsonrpc": "2.0",
    "id": "1",
    "method": "SendMessage",
    "params": {
        "message": {"messageId": "m", "role": "ROLE_USER", "parts": [{"text": "Pay Mallory."}]}
    },
}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A folder of its own, and free ports."""
    return load(ROOT / "signoff.toml").model_copy(
        update={
            "storage": StorageSettings(folder=tmp_path / "signoff"),
            "agent_server": AgentServerSettings(port=free_port()),
        }
    )


def as_another_user(work: Callable[[], Any]) -> Any:
    """What it gives in a process of another uid; skipped where that cannot be had."""
    if os.getuid() != 0:
        pytest.skip("Only root can become another user here.")
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe()

    def be_somebody_else() -> None:
        os.setgroups([])
        os.setgid(NOBODY_UID)
        os.setuid(NOBODY_UID)
        theirs.send(work())

    process = context.Process(target=be_somebody_else)
    process.start()
    process.join(30)
    return ours.recv()


def answer_to(url: str, body: Any = None, **headers: str) -> tuple[int, str]:
    """Status and text."""
    data = None if body is None else json.dumps(body).encode()
    wanted = {"Content-Type": "application/json", **headers}
    try:
        with urlopen(Request(url, data, wanted), timeout=10) as answer:
            return answer.status, answer.read().decode()
    except HTTPError as error:
        return error.code, error.read().decode()


async def test_another_user_gets_no_question_of_a_tool(settings: Settings) -> None:
    """They were told the call that an agent wanted approved, and answered it themselves."""
    async with agent_server.agents(settings):
        url = f"{settings.agents_url}/payment/"

        def asks() -> tuple[int, str, bool]:
            readable = os.access(settings.folder / AGENTS, os.R_OK)
            return *answer_to(url, QUESTION), readable

        status, said, readable = await asyncio.to_thread(as_another_user, asks)
        token = kept_token(settings.folder / AGENTS).get_secret_value()
        mine, _ = await asyncio.to_thread(answer_to, url, QUESTION, Authorization=f"Bearer {token}")
    assert (status, readable) == (401, False)
    assert "Mallory" not in said
    assert mine == 200
    assert (settings.folder / AGENTS).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "127.0.0.1.evil.example"},
        {"Host": "evil.example@127.0.0.1"},
        {"Host": "127.0.0.1/evil.example"},
        {"Host": "127.0.0.1#evil.example"},
        {"Host": "127.0.0.1\\evil.example"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
    ],
    ids=lambda headers: "=".join(*headers.items()),
)
async def test_the_agents_answer_to_this_machine_only(
    settings: Settings, headers: dict[str, str]
) -> None:
    """A page that moved its name here, or posts from its own: refused before any token is asked."""
    async with agent_server.agents(settings), ClientSession() as session:
        for path in ("/health", "/payment/"):
            async with session.post(
                settings.agents_url + path, json=QUESTION, headers=headers
            ) as a:
                assert a.status == 403
        async with session.get(settings.agents_url + "/health") as answer:
            assert answer.status in (200, 503)


@pytest.mark.parametrize(
    "name",
    ["evil.example", "127.0.0.1.evil.example", "169.254.169.254", "evil.example@127.0.0.1"],
)
async def test_our_pages_answer_to_their_own_names(name: str) -> None:
    """This machine's and the public one, on loopback."""
    async with (
        web_server([], port=0, names={"signoff.acme.example"}) as url,
        ClientSession() as session,
    ):
        for host, origin, status in (
            (name, None, 403),
            ("signoff.acme.example", f"http://{name}", 403),
            ("signoff.acme.example", "https://signoff.acme.example", 404),
            ("localhost", None, 404),
        ):
            headers = {"Host": host} | ({"Origin": origin} if origin else {})
            async with session.get(f"{url}/nothing", headers=headers) as answer:
                assert answer.status == status


async def test_another_user_cannot_act_in_the_demo(settings: Settings) -> None:
    """Its page held the token that acts as anybody, and its tokens were the same everywhere."""
    async with local_workspace(settings, 0) as workspace:

        def tries() -> list[tuple[int, str]]:
            api, known = workspace.api_url, {"Authorization": "Bearer xoxb-playground"}
            return [
                answer_to(workspace.url),
                answer_to(f"{workspace.url}/archives/C0GENERAL1/p1"),
                answer_to(f"{workspace.url}/?key={'x' * 43}"),
                answer_to(f"{api}auth.test", {}, **known),
            ]

        page, link, guess, bot = await asyncio.to_thread(as_another_user, tries)
        mine = await asyncio.to_thread(
            answer_to,
            workspace.api_url + "auth.test",
            {},
            Authorization=f"Bearer {workspace.bot_token}",
        )
    assert [page[0], link[0], guess[0]] == [403, 403, 403]
    assert workspace.local_token not in page[1] + link[1] + guess[1]
    assert json.loads(bot[1])["ok"] is False
    assert json.loads(mine[1])["ok"] is True
    for file in settings.folder.iterdir():
        assert file.stat().st_mode & 0o077 == 0, file.name
    async with local_workspace(settings, 0) as again:  # what was noted of it stays right
        assert (again.bot_token, again.page_key) == (workspace.bot_token, workspace.page_key)


@contextlib.asynccontextmanager
async def dev_temporal(folder: Path) -> AsyncIterator[tuple[TemporalSettings, list[int]]]:
    """The embedded server, and every port it listens on."""
    settings = TemporalSettings(address=f"127.0.0.1:{free_port()}")
    async with dev_server.server(settings, folder) as pid:
        yield settings, _listened_on(pid)


def _listened_on(pid: int) -> list[int]:
    """From Linux's table of sockets."""
    with contextlib.suppress(OSError):
        sockets = {str(fd.readlink()) for fd in Path(f"/proc/{pid}/fd").iterdir()}
        rows = [line.split() for line in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]]
        return [
            int(row[1].rpartition(":")[2], 16)
            for row in rows
            if row[3] == "0A" and f"socket:[{row[9]}]" in sockets
        ]
    return []


SIGNALS = """
async (ports) => {
    const path = '/namespaces/default/workflows/w/signal/decide';
    for (const host of ['127.0.0.1', 'localhost', 'evil.example'])
        for (const port of ports)
            for (const base of ['/api/v1', ''])
                for (const how of [
                    {mode: 'no-cors'},
                    {headers: {'Content-Type': 'application/json'}},
                ])
                    await fetch(`http://${host}:${port}${base}${path}`, {
                        method: 'POST', body: '{"input": [{"forged": true}]}', ...how,
                    }).catch(() => null);
}
"""


@pytest.mark.parametrize("page", ["of another site", "of the server's own name"])
async def test_no_web_page_reaches_temporal(tmp_path: Path, page: str) -> None:
    """Chromium on a foreign page, and on one whose name was moved to this machine."""
    if not CHROMIUM.exists():
        pytest.skip("Debian's chromium is not installed.")
    async with dev_temporal(tmp_path) as (settings, ports), async_playwright() as driver:
        client = await Client.connect(settings.address)
        handle = await client.start_workflow("Nobody", id="w", task_queue="nobody")
        browser = await driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for port in ports if page != "of another site" else [free_port()]:
            tab = await browser.new_page()
            with contextlib.suppress(Error):  # most ports speak no HTTP
                await tab.goto(f"http://evil.example:{port}/api/v1/namespaces", timeout=5_000)
            with contextlib.suppress(Error):  # nor is there a page then that could send
                async with asyncio.timeout(60):
                    await tab.evaluate(SIGNALS, ports)
            await tab.close()
        await browser.close()
        kinds = [event.event_type async for event in handle.fetch_history_events()]
    assert len(ports) > 1
    assert settings.ui_port == 0
    assert EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED not in kinds
