"""What the reference says of our servers is what they answer."""

import json
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from agents.programs.mcp import ApprovalReport
from agents.programs.server import ApprovalParts, create_app
from bot.monitoring.metrics import Metrics
from bot.slack import http as slack_http
from bot.web import decision_page
from bot.web.health import HealthPages
from tests.agents.programs.fakes import PEER, PROGRAMS, FakeDesk, approval_server, kept, new_key
from tests.conftest import free_port
from workflows.messages.content_hash import digest
from workflows.messages.decisions import Outcome
from workflows.messages.health import FleetHealth

PAGES = Path(__file__).parents[2] / "docs" / "reference"
A2A, MCP, API = (
    (PAGES / f"{name}.md").read_text(encoding="utf-8") for name in ("a2a", "mcp", "api")
)


def keys(page: str, heading: str) -> set[str]:
    """The names in the first column of the first table below a heading."""
    below = page.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    cells = re.findall(r"^\| (`.*?`) \|", below, re.MULTILINE)
    return {name for cell in cells for name in re.findall(r"`(\w+)`", cell)}


async def test_the_request_of_the_page_asks_people(tmp_path: Path) -> None:
    """It is sent as it stands there, and its decision has the keys of the table."""
    desk, engine, port = FakeDesk(), kept(tmp_path), free_port()
    parts = ApprovalParts(desk=desk, programs=PROGRAMS, key=new_key(), engine=engine)
    request = A2A.partition("```json\n")[2].partition("```")[0]
    token = PEER.token.get_secret_value()
    headers = {"Authorization": f"Bearer {token}", "A2A-Version": "1.0"}
    for name in headers:
        assert f"`{name}: " in A2A
    async with (
        approval_server(parts, port),
        aiohttp.ClientSession(headers=headers, trust_env=False) as http,
    ):

        async def call(body: dict[str, Any]) -> Any:
            async with http.post(f"http://127.0.0.1:{port}/", json=body) as answer:
                return (await answer.json())["result"]

        task = (await call(json.loads(request)))["task"]
        assert task["status"]["state"] == "TASK_STATE_AUTH_REQUIRED"
        await desk.settle(Outcome.APPROVED, "go ahead")
        asking = {"jsonrpc": "2.0", "id": 2, "method": "GetTask", "params": {"id": task["id"]}}
        (artifact,) = (await call(asking))["artifacts"]
    await engine.dispose()
    statement = json.loads(artifact["parts"][0]["text"])
    described = keys(A2A, "The decision")
    assert set(statement) <= described
    assert described - set(statement) == {"edited_result", "editor", "feedback"}
    (asked,) = desk.asked.values()
    assert statement["result_digest"] == digest(asked.draft.result())


def test_the_report_of_the_tools_has_the_keys_of_the_page() -> None:
    """All of them, and no other."""
    assert keys(MCP, "What they give") == set(ApprovalReport.model_fields)


async def test_every_address_of_the_approval_server_is_listed(tmp_path: Path) -> None:
    """By the beginning of its path."""
    engine = kept(tmp_path)
    parts = ApprovalParts(desk=FakeDesk(), programs=PROGRAMS, key=new_key(), engine=engine)
    paths = [str(getattr(route, "path", "")) for route in create_app(parts, "http://here").routes]
    await engine.dispose()
    below = API.partition("## Approvals for programs")[2]
    listed = {path.removesuffix("...") for path in re.findall(r"`(?:\w+ )?(/[^` ]*)`", below)}
    not_said = ("/{tenant}", "/extendedAgentCard", "/.well-known/agent.json")
    said = [path for path in paths if not path.startswith(not_said)]
    assert len(said) > 8
    assert {path for path in said if not path.startswith(tuple(listed - {"/"}))} == {"/"}


async def test_every_address_of_the_bot_is_listed() -> None:
    """Its own pages, the decision page, and Slack's requests."""

    async def fleet() -> FleetHealth:
        raise NotImplementedError

    fleet_of: Callable[[], Awaitable[FleetHealth]] = fleet
    app = web.Application()
    HealthPages(Metrics(), None, fleet_of).register(app)
    own = {route.resource.canonical for route in app.router.routes() if route.resource}
    more = {decision_page.PATH, decision_page.TEXT_PATH, *slack_http.PATHS}
    below = API.partition("## The bot")[2].partition("\n## ")[0]
    listed = set(
        re.findall(r"`(?:\w+ )?(/[\w/<>]+)`", below.partition("\n\nA `signoff worker`")[0])
    )
    assert listed == {path.replace("{token}", "<token>") for path in own | more}
