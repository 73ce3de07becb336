"""The MCP tools, with the official client; the desk is hand-written."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from agents.http.signature import verify
from agents.programs.mcp import ApprovalTools, mcp_server
from agents.programs.program import Program
from agents.programs.server import ApprovalParts
from tests.agents.programs.fakes import (
    OTHER,
    PEER,
    PROGRAMS,
    FakeDesk,
    approval_server,
    kept,
    new_key,
)
from tests.conftest import free_port
from workflows.messages.decisions import Outcome

DRAFT = {"title": "Deploy", "summary": "All checks passed."}
KEY = new_key()
Json = dict[str, Any]


@pytest.fixture
async def desk() -> FakeDesk:
    return FakeDesk()


@asynccontextmanager
async def client_of(desk: FakeDesk) -> AsyncIterator[Client]:
    """A client of the tools, as their one program. (The SDK wants to be left where entered.)"""
    tools = ApprovalTools(desk, PROGRAMS, KEY, alone=PEER)
    async with Client(mcp_server(tools)) as opened:
        yield opened


async def call(client: Client, tool: str, **given: Any) -> Json:
    """A tool's report."""
    done = await client.call_tool(tool, given)
    assert not done.is_error, done.content
    assert done.structured_content is not None
    report: Json = done.structured_content
    return report


async def refused(client: Client, tool: str, **given: Any) -> str:
    """A tool's error."""
    done = await client.call_tool(tool, given)
    assert done.is_error
    return str(done.content[0])


async def asked(desk: FakeDesk, count: int = 1) -> None:
    """Wait until so much is asked."""
    async with asyncio.timeout(5):
        while len(desk.asked) < count:  # noqa: ASYNC110 - the tool's call does it
            await asyncio.sleep(0.01)


async def test_it_waits_for_people(desk: FakeDesk) -> None:
    """The report is the decision, signed."""
    async with client_of(desk) as client:
        calling = asyncio.create_task(call(client, "request_approval", **DRAFT, wait_seconds=30))
        await asked(desk)
        await desk.settle(Outcome.APPROVED, "go")
        report = await calling
        assert (report["status"], report["answer"]) == ("approved", "go")
        assert verify(report["jws"], KEY.public()) == report["decision"]


async def test_it_stops_waiting(desk: FakeDesk) -> None:
    """Pending with the id, which can be asked about later."""
    async with client_of(desk) as client:
        report = await call(client, "request_approval", **DRAFT, wait_seconds=0.1)
        assert report["status"] == "pending"
        await desk.settle(Outcome.REJECTED, "no")
        report = await call(client, "approval_status", approval_id=report["approval_id"])
        assert (report["status"], report["message"]) == ("rejected", "Rejected by Grace: no")


async def test_a_key_makes_it_one(desk: FakeDesk) -> None:
    """Another key is another approval, and a key's content cannot change."""
    async with client_of(desk) as client:
        same = [
            await call(client, "request_approval", **DRAFT, wait_seconds=0, key="k")
            for _ in range(2)
        ]
        assert same[0]["approval_id"] == same[1]["approval_id"]
        await call(client, "request_approval", **DRAFT, wait_seconds=0, key="l")
        assert len(desk.asked) == 2
        other = {**DRAFT, "title": "Other"}
        text = await refused(client, "request_approval", **other, wait_seconds=0, key="k")
        assert "another content" in text


async def test_changes_lead_to_a_next_version(desk: FakeDesk) -> None:
    """`revises` names the one before."""
    async with client_of(desk) as client:
        first = await call(client, "request_approval", **DRAFT, wait_seconds=0)
        await desk.settle(Outcome.CHANGES_REQUESTED, "say more")
        seen = await call(client, "approval_status", approval_id=first["approval_id"])
        assert (seen["status"], seen["feedback"]) == ("changes_requested", "say more")
        more = {**DRAFT, "revises": first["approval_id"], "wait_seconds": 0}
        second = await call(client, "request_approval", **more)
        assert second["approval_id"] == first["approval_id"][:-1] + "2"
        assert desk.asked[second["approval_id"]].previous == first["approval_id"]


async def test_a_question_is_answered_in_words(desk: FakeDesk) -> None:
    """A form opens on approval, so that there is something to write into."""
    async with client_of(desk) as client:
        calling = asyncio.create_task(call(client, "ask_human", question="Which?", wait_seconds=30))
        await asked(desk)
        assert next(iter(desk.asked.values())).draft.answer_in_words
        await desk.settle(Outcome.APPROVED, "The blue one.")
        assert (await calling)["answer"] == "The blue one."


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"title": "x"}, "summary"),
        ({**DRAFT, "approvers": ["U0EVE"]}, "may not be asked"),
        ({**DRAFT, "timeout": "30d"}, "at most 1 d"),
        ({**DRAFT, "risk": "low"}, "cannot lower"),
        ({**DRAFT, "wait_seconds": 10_000}, "600"),
        ({**DRAFT, "revises": "nonsense"}, "no approval's id"),
        ({**DRAFT, "revises": "x.v99999"}, "no approval's id"),
        ({**DRAFT, "revises": "x.v²"}, "no approval's id"),
    ],
)
async def test_what_cannot_be_asked_is_said(desk: FakeDesk, given: Json, text: str) -> None:
    """Before anybody is asked."""
    async with client_of(desk) as client:
        assert text in await refused(client, "request_approval", **given)
        assert not desk.asked


async def test_where_the_desk_is_away_it_is_said(desk: FakeDesk) -> None:
    """One sentence."""
    async with client_of(desk) as client:
        desk.down = True
        assert "try again" in await refused(client, "request_approval", **DRAFT)


async def test_over_http_each_request_is_its_principals(desk: FakeDesk, tmp_path: Path) -> None:
    """By the token of that very request; an approval of others is not there."""
    engine = kept(tmp_path)
    parts = ApprovalParts(desk=desk, programs=PROGRAMS, key=KEY, engine=engine)
    async with approval_server(parts, free_port()) as url:
        async with over_http(url, PEER) as peer:
            report = await call(peer, "request_approval", **DRAFT, wait_seconds=0)
            assert (await call(peer, "approval_status", **id_of(report)))["status"] == "pending"
        async with over_http(url, OTHER) as other:
            assert "no such approval" in await refused(other, "approval_status", **id_of(report))
        async with httpx2.AsyncClient(trust_env=False) as nobody:
            assert (await nobody.post(url + "/mcp", json={})).status_code == 401
    await engine.dispose()
    assert next(iter(desk.asked.values())).program == PEER


def id_of(report: Json) -> Json:
    return {"approval_id": report["approval_id"]}


@asynccontextmanager
async def over_http(url: str, program: Program) -> AsyncIterator[Client]:
    """A client over streamable HTTP."""
    bearer = f"Bearer {program.token.get_secret_value()}"
    async with (
        httpx2.AsyncClient(headers={"Authorization": bearer}, trust_env=False) as http,
        Client(streamable_http_client(url + "/mcp", http_client=http)) as opened,
    ):
        yield opened


async def test_the_same_wish_again_joins_the_one_that_waits(desk: FakeDesk) -> None:
    """One card, until it is decided; with keys of their own there are two."""
    async with client_of(desk) as client:
        first, again = [
            (await call(client, "request_approval", **DRAFT, wait_seconds=0))["approval_id"]
            for _ in range(2)
        ]
        other = await call(client, "request_approval", **DRAFT, key="mine", wait_seconds=0)
        await desk.settle(Outcome.APPROVED, approval=first)
        await desk.settle(Outcome.APPROVED, approval=other["approval_id"])
        later = await call(client, "request_approval", **DRAFT, wait_seconds=0)
    assert first == again
    assert len({first, other["approval_id"], later["approval_id"]}) == 3
    assert len(desk.asked) == 3
