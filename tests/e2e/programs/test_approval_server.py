"""Programs of other people get an approval through Slack: A2A by SDK, A2A by hand, MCP.

Started as a program, this module is the MCP server on standard input and output.
"""

import asyncio
import json
import os
import sys
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import httpx
import httpx2
import pytest
from a2a.client import Client as A2AClient
from a2a.client import ClientConfig, ClientFactory
from a2a.client.card_resolver import A2ACardResolver
from a2a.types.a2a_pb2 import (
    CancelTaskRequest,
    GetTaskRequest,
    Message,
    Part,
    Role,
    SendMessageRequest,
    SubscribeToTaskRequest,
    Task,
    TaskState,
)
from google.protobuf.json_format import MessageToDict
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client
from pydantic import SecretStr

from agents.http.signature import SigningKey, verify
from agents.programs.mcp import ApprovalTools, serve_stdio
from agents.programs.program import Program, Programs
from agents.programs.server import ApprovalParts
from bot.approvals.desk import TemporalDesk
from bot.config.sections.temporal import TemporalSettings
from bot.processes import bootstrap
from bot.temporal import client as temporal
from notifications.cards.buttons import ActionId
from storage.database import create_engine
from storage.payloads.files import PayloadFiles
from storage.payloads.mac_codec import MacCodec
from storage.payloads.mac_keys import FILE, MacKeyFile
from tests.agents.programs.fakes import approval_server
from tests.conftest import free_port
from tests.e2e.conftest import CHANNEL, PATIENCE, ROOT, Office
from tests.fakes import ADA
from workflows.messages.policy import Policy

TOKEN = "peer-token-0123456789"
DRAFT = {"title": "Deploy 2.4.1", "summary": "All checks passed.", "full_text": "# The log"}
COMPLETED = TaskState.TASK_STATE_COMPLETED
Json = dict[str, Any]


def program(approvers: tuple[str, ...]) -> Program:
    """A program Ada answers for."""
    return Program(
        name="peer",
        title="The peer",
        token=SecretStr(TOKEN),
        owner=ADA,
        channel=CHANNEL,
        policy=Policy(approvers=approvers),
    )


async def desk_at(settings: TemporalSettings, folder: Path) -> TemporalDesk:
    """A desk on a real server."""
    codec = MacCodec(MacKeyFile.kept(folder / FILE))
    files = PayloadFiles(folder / "payloads")
    client = await temporal.connect(settings, temporal.plugin(files, codec=codec))
    return TemporalDesk(client, settings.task_queue)


class Counter:
    """The office with an approval server in it."""

    def __init__(self, office: Office, parts: ApprovalParts, port: int) -> None:
        self.office = office
        self.parts = parts
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.headers = {"Authorization": f"Bearer {TOKEN}", "A2A-Version": "1.0"}

    async def card(self, revision: int = 1, title: str = "The peer: ") -> Json:
        """The newest open card of a program's approval, as Grace sees it."""
        return await self.office.grace.wait_for(
            lambda m: (
                f".approve.v{revision}" in str(m.get("metadata"))
                and title in str(m["blocks"])
                and any(block["type"] == "actions" for block in m["blocks"])
            ),
            CHANNEL,
            timeout=PATIENCE,
        )

    async def ended(self, words: str) -> Json:
        """The card, once it says this and has no button."""
        return await self.office.ada.wait_for(
            lambda m: (
                words in str(m.get("blocks"))
                and not any(b["type"] == "actions" for b in m.get("blocks", ()))
            ),
            CHANNEL,
            timeout=PATIENCE,
        )

    async def approve(self) -> None:
        await self.office.grace.click(await self.card(), ActionId.APPROVE)

    async def say(self, action: str, comment: str) -> None:
        """Grace clicks what opens a form, and writes."""
        await self.office.grace.click(await self.card(), action)
        form = await self.office.grace.wait_for_view()
        await self.office.grace.submit(form, {"comment": {"comment": comment}})


@pytest.fixture
async def stopped(office: Office, tmp_path: Path) -> AsyncIterator[Counter]:
    """Everything but the server."""
    settings = office.settings
    engine = create_engine(settings.database_url)
    parts = ApprovalParts(
        desk=TemporalDesk(await bootstrap.connect(settings), settings.temporal.task_queue),
        programs=Programs([program(tuple(settings.policy["approvers"]))]),
        key=SigningKey.kept(tmp_path / "decisions.pem"),
        engine=engine,
    )
    yield Counter(office, parts, free_port())
    await engine.dispose()


@pytest.fixture
async def counter(stopped: Counter) -> AsyncIterator[Counter]:
    """The server running, on the audit database."""
    async with approval_server(stopped.parts, stopped.port):
        yield stopped


@pytest.fixture
async def http(counter: Counter) -> AsyncIterator[httpx.AsyncClient]:
    """What a2a-sdk's client speaks through."""
    async with httpx.AsyncClient(headers=counter.headers, timeout=60, trust_env=False) as opened:
        yield opened


async def sdk_client(counter: Counter, http: httpx.AsyncClient, *, rest: bool) -> A2AClient:
    """A client as anybody would build it, from the card."""
    card = await A2ACardResolver(http, counter.url).get_agent_card()
    binding = "HTTP+JSON" if rest else "JSONRPC"
    config = ClientConfig(streaming=True, httpx_client=http, supported_protocol_bindings=[binding])
    return ClientFactory(config).create(card)


def message(**draft: Any) -> SendMessageRequest:
    """What the SDK's client sends."""
    part = Part(text=json.dumps(draft), media_type="application/json")
    return SendMessageRequest(
        message=Message(message_id=uuid.uuid4().hex, role=Role.ROLE_USER, parts=[part])
    )


async def outcome(client: A2AClient, request: SendMessageRequest, counter: Counter) -> list[Json]:
    """Send, let Grace approve meanwhile, and read to the end."""
    approving = asyncio.create_task(counter.approve())
    events = [MessageToDict(event) async for event in client.send_message(request)]
    await approving
    return events


@pytest.mark.parametrize("rest", [False, True])
async def test_a_peer_on_the_sdk_gets_an_approval(
    counter: Counter, http: httpx.AsyncClient, rest: bool
) -> None:
    """Streamed to the end; the keys in the card prove that Grace decided."""
    client = await sdk_client(counter, http, rest=rest)
    events = await outcome(client, message(**DRAFT), counter)
    first, artifact, last = events
    assert first["task"]["status"]["state"] == "TASK_STATE_AUTH_REQUIRED"
    assert last["statusUpdate"]["status"]["state"] == "TASK_STATE_COMPLETED"
    said, token = (part["text"] for part in artifact["artifactUpdate"]["artifact"]["parts"])
    card = MessageToDict(await A2ACardResolver(http, counter.url).get_agent_card())
    keys = card["capabilities"]["extensions"][0]["params"]["jwks"]
    statement = verify(token, keys)
    assert statement == json.loads(said)
    assert statement["outcome"] == "approved"
    assert statement["decided"][0]["id"] == counter.office.grace.user
    assert statement["decided"][0]["name"]
    await counter.ended("Approved")


async def test_a_peer_by_hand_gets_a_second_version(counter: Counter) -> None:
    """Plain JSON-RPC: Grace asks for changes, version 2 shows the difference and is approved."""
    async with aiohttp.ClientSession(headers=counter.headers, trust_env=False) as session:

        async def call(method: str, **params: Any) -> Json:
            body = {"jsonrpc": "2.0", "id": 7, "method": method, "params": params}
            async with session.post(counter.url + "/", json=body) as answer:
                found: Json = (await answer.json())["result"]
                return found

        async def task_in(state: str, task_id: str) -> Json:
            async with asyncio.timeout(PATIENCE):
                while True:
                    task = await call("GetTask", id=task_id)
                    if task["status"]["state"] == f"TASK_STATE_{state}":
                        return task
                    await asyncio.sleep(0.1)

        parts = [{"text": "Deploy 2.4.1 today"}]
        asked = {"messageId": uuid.uuid4().hex, "role": "ROLE_USER", "parts": parts}
        task = (await call("SendMessage", message=asked))["task"]
        assert (await call("SendMessage", message=asked))["task"]["id"] == task["id"]
        await counter.say(ActionId.REQUEST_CHANGES, "not today")
        changed = await task_in("INPUT_REQUIRED", task["id"])
        assert "asked for changes: not today" in changed["status"]["message"]["parts"][0]["text"]
        parts = [{"text": "Deploy 2.4.1 tomorrow"}]
        again = {**asked, "messageId": "m2", "taskId": task["id"], "parts": parts}
        await call("SendMessage", message=again)
        second = await counter.card(2)
        for shown in ("not today", "Changes since v1", "tomorrow"):
            assert shown in str(second["blocks"])
        await counter.office.grace.click(second, ActionId.APPROVE)
        done = await task_in("COMPLETED", task["id"])
    assert [one["artifactId"] for one in done["artifacts"]] == ["decision-v1", "decision-v2"]


async def test_cancelling_withdraws_the_card(counter: Counter, http: httpx.AsyncClient) -> None:
    """The card says so; the task is cancelled."""
    client = await sdk_client(counter, http, rest=False)
    async for event in client.send_message(message(**DRAFT)):
        await counter.card()
        task = await client.cancel_task(CancelTaskRequest(id=event.task.id))
        break
    assert task.status.state == TaskState.TASK_STATE_CANCELED
    await counter.ended("Withdrawn")


async def test_a_restart_in_between_loses_nothing(stopped: Counter) -> None:
    """Decided while the server was away: get and subscribe tell the truth of Temporal."""
    async with httpx.AsyncClient(headers=stopped.headers, timeout=60, trust_env=False) as http:
        async with approval_server(stopped.parts, stopped.port):
            client = await sdk_client(stopped, http, rest=False)
            ids = [await begun(client, name) for name in ("m1", "m2")]
            cards = [await stopped.card(title=f"Deploy {name}") for name in ("m1", "m2")]
        await stopped.office.grace.click(cards[0], ActionId.APPROVE)
        await stopped.ended("Approved")
        async with approval_server(stopped.parts, stopped.port):
            assert (await client.get_task(GetTaskRequest(id=ids[0]))).status.state == COMPLETED
            states = []
            async for event in client.subscribe(SubscribeToTaskRequest(id=ids[1])):
                if event.HasField("task"):
                    await stopped.office.grace.click(cards[1], ActionId.APPROVE)
                if event.HasField("status_update"):
                    states.append(event.status_update.status.state)
    assert states == [COMPLETED]


async def begun(client: A2AClient, name: str) -> str:
    """Ask and go away; the task's id."""
    draft = {**DRAFT, "title": f"Deploy {name}"}
    async for event in client.send_message(message(**draft)):
        task: Task = event.task
        return task.id
    raise LookupError(name)


async def test_where_nobody_may_decide_it_is_said(counter: Counter) -> None:
    """Ada answers for the program: she cannot be the one who approves it."""
    alone = program((ADA,))
    parts = ApprovalParts(
        desk=counter.parts.desk,
        programs=Programs([alone]),
        key=counter.parts.key,
        engine=counter.parts.engine,
    )
    async with (
        approval_server(parts, free_port()) as url,
        httpx.AsyncClient(headers=counter.headers, timeout=60, trust_env=False) as http,
    ):
        card = await A2ACardResolver(http, url).get_agent_card()
        client = ClientFactory(ClientConfig(streaming=True, httpx_client=http)).create(card)
        events = [event async for event in client.send_message(message(**DRAFT))]
    status = events[-1].status_update.status
    assert status.state == TaskState.TASK_STATE_FAILED
    assert "Nobody is left who may decide" in status.message.parts[0].text


async def test_an_mcp_client_gets_an_approval(counter: Counter) -> None:
    """Streamable HTTP: pending first, then approved, with a signed decision."""
    async with (
        httpx2.AsyncClient(headers=counter.headers, timeout=60, trust_env=False) as http,
        Client(streamable_http_client(counter.url + "/mcp", http_client=http)) as client,
    ):
        names = {tool.name for tool in (await client.list_tools()).tools}
        assert names == {"request_approval", "ask_human", "approval_status"}
        draft = {**DRAFT, "key": uuid.uuid4().hex, "wait_seconds": 0}
        first = await client.call_tool("request_approval", draft)
        again = await client.call_tool("request_approval", draft)
        assert first.structured_content == again.structured_content
        assert first.structured_content is not None
        assert first.structured_content["status"] == "pending"
        approving = asyncio.create_task(counter.approve())
        asked = {"approval_id": first.structured_content["approval_id"], "wait_seconds": 60}
        done = (await client.call_tool("approval_status", asked)).structured_content
        await approving
    assert done is not None
    assert done["status"] == "approved"
    assert verify(done["jws"], counter.parts.key.public()) == done["decision"]


async def test_an_mcp_client_asks_a_question_over_stdio(counter: Counter) -> None:
    """A server of its own process; the answer is what Grace writes beside her decision."""
    settings = counter.office.settings
    command = StdioServerParameters(
        command=sys.executable,
        args=["-m", "tests.e2e.programs.test_approval_server", settings.temporal.model_dump_json()],
        env={**os.environ, "SIGNOFF_TEST_FOLDER": str(settings.folder)},
        cwd=ROOT,
    )
    async with Client(command) as client:
        answering = asyncio.create_task(
            counter.say(ActionId.APPROVE_WITH_CARE, "The blue one, please.")
        )
        question = {"question": "Which colour?", "wait_seconds": 60, "key": uuid.uuid4().hex}
        said = (await client.call_tool("ask_human", question)).structured_content
        await answering
        refused = await client.call_tool("approval_status", {"approval_id": "x-0.approve.v1"})
    assert said is not None
    assert (said["status"], said["answer"]) == ("approved", "The blue one, please.")
    assert refused.is_error


async def stdio(settings: TemporalSettings, folder: Path) -> None:
    """The server of the test above."""
    desk = await desk_at(settings, folder)
    alone = program(("grace@acme.example",))
    await serve_stdio(ApprovalTools(desk, Programs([alone]), SigningKey.fresh(), alone))


if __name__ == "__main__":
    asyncio.run(
        stdio(
            TemporalSettings.model_validate_json(sys.argv[1]),
            Path(os.environ["SIGNOFF_TEST_FOLDER"]),
        )
    )
