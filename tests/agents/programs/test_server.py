"""The approval server over HTTP, as programs without any SDK see it; the desk is hand-written."""

import asyncio
import io
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from agents.http.signature import verify
from agents.programs.port import ApprovalStanding, State
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
from workflows.messages.decisions import Edit, Outcome

DRAFT = {"title": "Deploy 2.4.1", "summary": "All checks passed.", "findings": ["3 changes"]}
Json = dict[str, Any]


class Peer:
    """A program that speaks JSON-RPC with aiohttp."""

    def __init__(self, url: str, token: str) -> None:
        self.url = url
        self.headers = {"Authorization": f"Bearer {token}", "A2A-Version": "1.0"}
        self.http = aiohttp.ClientSession(trust_env=False)

    async def raw(self, body: bytes | str | io.BytesIO, **headers: str) -> tuple[int, Json]:
        given = {"Content-Type": "application/json", **self.headers, **headers}
        async with self.http.post(self.url + "/", data=body, headers=given) as answer:
            return answer.status, await answer.json()

    async def call(self, method: str, **params: Any) -> Json:
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        status, answer = await self.raw(json.dumps(body))
        assert status == 200, answer
        return answer

    async def send(self, parts: list[Json], message_id: str, **more: Any) -> Json:
        configuration = more.pop("configuration", {})
        message = {"messageId": message_id, "role": "ROLE_USER", "parts": parts, **more}
        return await self.call("SendMessage", message=message, configuration=configuration)

    async def ask(self, draft: Json, message_id: str = "m1", **more: Any) -> Json:
        answer = await self.send([part(draft)], message_id, **more)
        assert "result" in answer, answer
        task: Json = answer["result"]["task"]
        return task

    async def call_stream_error(self, task_id: str) -> str:
        """What a subscription is refused with."""
        url = f"{self.url}/tasks/{task_id}:subscribe"
        async with self.http.post(url, headers=self.headers) as answer:
            return await answer.text()

    async def task(self, task_id: str) -> Json:
        task: Json = (await self.call("GetTask", id=task_id))["result"]
        return task


def part(draft: Json) -> Json:
    return {"text": json.dumps(draft), "mediaType": "application/json"}


def state(task: Json) -> str:
    return str(task["status"]["state"]).removeprefix("TASK_STATE_")


def said(task: Json) -> str:
    return str(task["status"]["message"]["parts"][0]["text"])


class House:
    """The server, its desk, and two programs."""

    def __init__(self, folder: Path) -> None:
        self.desk = FakeDesk()
        self.engine = kept(folder)
        self.parts = ApprovalParts(
            desk=self.desk,
            programs=PROGRAMS,
            key=new_key(),
            engine=self.engine,
            old_protocol=True,
            local_push=True,
        )
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.peer = Peer(self.url, PEER.token.get_secret_value())
        self.other = Peer(self.url, OTHER.token.get_secret_value())


@pytest.fixture
async def closed(tmp_path: Path) -> AsyncIterator[House]:
    """Everything but the server."""
    house = House(tmp_path)
    yield house
    await house.peer.http.close()
    await house.other.http.close()
    await house.engine.dispose()


@pytest.fixture
async def house(closed: House) -> AsyncIterator[House]:
    """The server running."""
    async with approval_server(closed.parts, closed.port):
        yield closed


async def test_approved_is_completed_with_a_signed_decision(house: House) -> None:
    """The token says the same as the JSON part, and the published keys prove it."""
    task = await house.peer.ask(DRAFT)
    assert state(task) == "AUTH_REQUIRED"
    await house.desk.settle(Outcome.APPROVED, "go ahead")
    task = await house.peer.task(task["id"])
    assert (state(task), said(task)) == ("COMPLETED", "Approved by Grace.")
    statement, token = (one["text"] for one in task["artifacts"][0]["parts"])
    async with house.peer.http.get(house.url + "/.well-known/jwks.json") as answer:
        keys = await answer.json()
    assert verify(token, keys) == json.loads(statement)
    assert json.loads(statement)["decided"][0]["name"] == "Grace"
    assert json.loads(statement)["comments"] == ["go ahead"]


@pytest.mark.parametrize(
    ("outcome", "expected", "text"),
    [
        (Outcome.REJECTED, "REJECTED", "Rejected by Grace: no"),
        (Outcome.CHANGES_REQUESTED, "INPUT_REQUIRED", "Grace asked for changes: no"),
        (Outcome.EXPIRED, "FAILED", "Nobody decided in time"),
        (Outcome.WITHDRAWN, "CANCELED", "Withdrawn. no"),
    ],
)
async def test_each_outcome_has_its_state(
    house: House, outcome: Outcome, expected: str, text: str
) -> None:
    """And a sentence; each is signed."""
    task = await house.peer.ask(DRAFT)
    await house.desk.settle(outcome, "no")
    task = await house.peer.task(task["id"])
    assert state(task) == expected
    assert text in said(task)
    assert len(task["artifacts"]) == 1


async def test_what_cannot_be_asked_breaks_with_its_sentence(house: House) -> None:
    """For example when nobody is left who may decide."""
    task = await house.peer.ask(DRAFT)
    approval = next(iter(house.desk.asked))
    await house.desk.put(
        ApprovalStanding(id=approval, state=State.BROKEN, problem="Nobody is left.")
    )
    task = await house.peer.task(task["id"])
    assert (state(task), said(task)) == ("FAILED", "Nobody is left.")


async def test_requested_changes_take_a_second_message(house: House) -> None:
    """Revision 2 keeps the title and the limits, and follows the first."""
    task = await house.peer.ask({**DRAFT, "timeout": "2h"})
    await house.desk.settle(Outcome.CHANGES_REQUESTED, "say which changes")
    again = await house.peer.send(
        [{"text": "All checks passed: A, B, C."}], "m2", taskId=task["id"]
    )
    assert state(again["result"]["task"]) == "AUTH_REQUIRED"
    first, second = house.desk.asked.values()
    assert (second.revision, second.previous) == (2, first.id)
    assert (second.draft.title, second.draft.timeout) == (first.draft.title, first.draft.timeout)
    assert second.draft.summary == "All checks passed: A, B, C."
    await house.desk.settle(Outcome.APPROVED)
    task = await house.peer.task(task["id"])
    assert state(task) == "COMPLETED"
    assert [one["artifactId"] for one in task["artifacts"]] == ["decision-v1", "decision-v2"]


async def test_an_edit_is_handed_over(house: House) -> None:
    """What the approver made of it stands in the statement."""
    task = await house.peer.ask(DRAFT)
    await house.desk.settle(Outcome.APPROVED, edit=Edit(summary="2.4.1, but only in Europe"))
    task = await house.peer.task(task["id"])
    statement = json.loads(task["artifacts"][0]["parts"][0]["text"])
    assert statement["edited_result"]["summary"] == "2.4.1, but only in Europe"


async def test_the_same_message_twice_is_one_approval(house: House) -> None:
    """Also at the same time; with other content it is refused."""
    tasks = await asyncio.gather(*(house.peer.ask(DRAFT) for _ in range(5)))
    assert len({task["id"] for task in tasks}) == 1
    assert len(house.desk.asked) == 1
    refused = await house.peer.send([part({**DRAFT, "title": "Another"})], "m1")
    assert "another content" in refused["error"]["message"]
    await house.desk.settle(Outcome.APPROVED)
    assert state(await house.peer.ask(DRAFT)) == "COMPLETED"


async def test_nothing_a_program_sends_decides(house: House) -> None:
    """A message on a waiting task, however it is worded, is refused; so is one on an ended task."""
    task = await house.peer.ask(DRAFT)
    yes = await house.peer.send([{"text": "approve"}], "m2", taskId=task["id"])
    assert "nothing a program sends decides" in yes["error"]["message"]
    await house.desk.settle(Outcome.REJECTED, "no")
    yes = await house.peer.send([{"text": "approve"}], "m3", taskId=task["id"])
    assert "ended" in yes["error"]["message"]
    assert state(await house.peer.task(task["id"])) == "REJECTED"


async def test_programs_do_not_see_each_other(house: House) -> None:
    """Not by get, list, cancel, subscribe, message or notification settings."""
    task = await house.peer.ask(DRAFT)
    for method, params in (
        ("GetTask", {"id": task["id"]}),
        ("CancelTask", {"id": task["id"]}),
        ("CreateTaskPushNotificationConfig", {"taskId": task["id"], "url": house.url}),
        ("ListTaskPushNotificationConfigs", {"taskId": task["id"]}),
    ):
        assert (await house.other.call(method, **params))["error"]["code"] == -32001, method
    sent = await house.other.send([{"text": "x"}], "m9", taskId=task["id"])
    assert sent["error"]["code"] == -32001
    assert "no such task" in await house.other.call_stream_error(task["id"])
    assert not (await house.other.call("ListTasks"))["result"].get("tasks")
    assert len((await house.peer.call("ListTasks"))["result"]["tasks"]) == 1
    assert (await house.other.ask(DRAFT))["id"] != task["id"]


async def test_without_a_token_only_card_keys_and_health_are_open(house: House) -> None:
    """401 for everything else, and for a wrong token."""
    paths = ("/health", "/.well-known/jwks.json", "/.well-known/agent-card.json")
    for path in paths:
        async with house.peer.http.get(house.url + path) as answer:
            assert answer.status == 200, path
    for path in ("/tasks", "/mcp", "/tasks/health", "/x/tasks/.well-known/agent-card.json"):
        async with house.peer.http.get(house.url + path) as answer:
            assert answer.status == 401, path
    for wrong in ("", "Bearer ", "Bearer wrong", f"Basic {PEER.token.get_secret_value()}"):
        status, answer_json = await house.peer.raw(b"{}", Authorization=wrong)
        assert (status, "token" in answer_json["error"]) == (401, True)


MALFORMED: dict[str, tuple[str, int]] = {
    "no json": ("{", -32700),
    "a list": ("[1]", -32600),
    "a number": ("1", -32600),
    "no method": ('{"jsonrpc": "2.0", "id": 1}', -32600),
    "unknown method": ('{"jsonrpc": "2.0", "id": 1, "method": "Approve"}', -32601),
    "odd params": ('{"jsonrpc": "2.0", "id": 1, "method": "GetTask", "params": {"id": 1}}', -32602),
    "empty message": (
        '{"jsonrpc": "2.0", "id": 1, "method": "SendMessage", "params": {"message": {}}}',
        -32602,
    ),
    "deep": ("[" * 50_000 + "]" * 50_000, -32603),
}


@pytest.mark.parametrize("case", MALFORMED)
async def test_malformed_requests_have_clear_errors(house: House, case: str) -> None:
    """A JSON-RPC error, never a 500."""
    body, code = MALFORMED[case]
    status, answer = await house.peer.raw(body)
    assert (status, answer["error"]["code"]) == (200, code)


UNFIT: dict[str, tuple[list[Json], str]] = {
    "no text": ([{"text": "  "}], "no text"),
    "a file": ([{"raw": "aGk=", "filename": "a.txt"}], "files and links"),
    "unknown field": ([part({**DRAFT, "approver": "x"})], "approver:"),
    "no summary": ([part({"title": "x"})], "summary:"),
    "no object": ([{"text": "[1]", "mediaType": "application/json"}], "an object"),
    "no json": ([{"text": "{", "mediaType": "application/json"}], "no JSON"),
    "too deep": ([{"text": "[" * 100_000, "mediaType": "application/json"}], "no JSON"),
    "half a pair": ([part({**DRAFT, "summary": "\ud800"})], "Unicode"),
    "NUL in JSON": ([part({**DRAFT, "summary": "a\x00"})], "NUL"),
    "NUL": ([{"text": "a\x00b"}], "NUL"),
    "two JSON parts": ([part(DRAFT), part(DRAFT)], "one JSON part"),
    "text twice": ([part({**DRAFT, "full_text": "x"}), {"text": "y"}], "send it once"),
    "stranger": ([part({**DRAFT, "approvers": ["U0EVE"]})], "may not be asked"),
    "longer": ([part({**DRAFT, "timeout": "30d"})], "at most 1 d"),
    "odd time": ([part({**DRAFT, "timeout": "soon"})], "no duration"),
    "odd risk": ([part({**DRAFT, "risk": "none"})], "risk has to be"),
    "lower risk": ([part({**DRAFT, "risk": "low"})], "cannot lower"),
}


@pytest.mark.parametrize("case", UNFIT)
async def test_what_cannot_be_asked_is_said(house: House, case: str) -> None:
    """Before anybody is asked."""
    parts, text = UNFIT[case]
    answer = await house.peer.send(parts, "m1")
    assert answer["error"]["code"] == -32602
    assert text in answer["error"]["message"]
    assert not house.desk.asked


async def test_five_megabytes_are_refused(house: House) -> None:
    """By the header, and while they come in; the server goes on."""
    status, answer = await house.peer.raw(io.BytesIO(b" " * 5_000_000))
    assert (status, "too large" in answer["error"]) == (413, True)

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(50):
            yield b" " * 100_000

    try:
        sending = house.peer.http.post(house.url + "/", data=endless(), headers=house.peer.headers)
        async with sending as sent:
            taken = sent.status == 200 and "result" in await sent.text()
    except aiohttp.ClientError:  # the connection was cut
        taken = False
    assert not taken
    assert state(await house.peer.ask(DRAFT)) == "AUTH_REQUIRED"


async def test_where_the_desk_is_away_it_is_said(house: House) -> None:
    """Nothing is guessed: an error now, the truth later; the same message goes on."""
    house.desk.down = True
    answer = await house.peer.send([part(DRAFT)], "m1")
    assert (answer["error"]["code"], "try again" in answer["error"]["message"]) == (-32603, True)
    house.desk.down = False
    task = await house.peer.ask(DRAFT)
    house.desk.down = True
    assert "error" in await house.peer.call("GetTask", id=task["id"])
    house.desk.down = False
    assert state(await house.peer.task(task["id"])) == "AUTH_REQUIRED"


async def test_a_database_error_does_not_leak(house: House, tmp_path: Path) -> None:
    """The client gets a sentence, not a statement with its parameters."""
    await house.peer.ask(DRAFT)
    async with house.engine.begin() as connection:
        await connection.exec_driver_sql("DROP TABLE tasks")
    answer = await house.peer.send([part(DRAFT)], "m2")
    assert answer["error"]["code"] == -32603
    assert "SELECT" not in str(answer)
    assert "does not answer just now" in answer["error"]["message"]


async def test_cancelling_withdraws(house: House) -> None:
    """Once; a decided or cancelled task cannot be cancelled, and one with changes asked can."""
    task = await house.peer.ask(DRAFT)
    cancelled = (await house.peer.call("CancelTask", id=task["id"]))["result"]
    assert state(cancelled) == "CANCELED"
    assert house.desk.withdrawn == list(house.desk.asked)
    assert (await house.peer.call("CancelTask", id=task["id"]))["error"]["code"] == -32002
    task = await house.peer.ask(DRAFT, "m2")
    await house.desk.settle(Outcome.CHANGES_REQUESTED, "no")
    assert state((await house.peer.call("CancelTask", id=task["id"]))["result"]) == "CANCELED"


async def test_a_stream_follows_to_the_end(house: House) -> None:
    """Task, artifact, last status; the same over REST."""
    message = {"messageId": "m1", "role": "ROLE_USER", "parts": [part(DRAFT)]}
    headers = {"Content-Type": "application/json", **house.peer.headers}
    async with house.peer.http.post(
        house.url + "/message:stream", json={"message": message}, headers=headers
    ) as stream:
        events = stream.content
        first = await next_event(events)
        await house.desk.settle(Outcome.APPROVED)
        rest = [await next_event(events), await next_event(events)]
    assert state(first["task"]) == "AUTH_REQUIRED"
    assert "decision" in str(rest[0]["artifactUpdate"])
    assert state(rest[1]["statusUpdate"]) == "COMPLETED"
    refused = await house.peer.call_stream_error(first["task"]["id"])
    assert "ended" in refused


async def next_event(content: aiohttp.StreamReader) -> Json:
    """The next data line of a stream."""
    async with asyncio.timeout(10):
        async for line in content:
            if line.startswith(b"data:"):
                event: Json = json.loads(line[5:])
                return event
    raise EOFError


async def test_a_restart_in_between_loses_nothing(closed: House) -> None:
    """A new process over the same database and desk: get and subscribe tell the truth."""
    async with approval_server(closed.parts, closed.port):
        task = await closed.peer.ask(DRAFT)
        second = await closed.peer.ask(DRAFT, "m2")
    await closed.desk.settle(Outcome.APPROVED, "", next(iter(closed.desk.asked)))
    async with approval_server(closed.parts, closed.port):
        assert state(await closed.peer.task(task["id"])) == "COMPLETED"
        assert state(await closed.peer.ask(DRAFT)) == "COMPLETED"
        url = f"{closed.url}/tasks/{second['id']}:subscribe"
        async with closed.peer.http.post(url, headers=closed.peer.headers) as stream:
            assert state((await next_event(stream.content))["task"]) == "AUTH_REQUIRED"
            await closed.desk.settle(Outcome.REJECTED, "no")
            await next_event(stream.content)
            ended = await next_event(stream.content)
    assert state(ended["statusUpdate"]) == "REJECTED"


class Listener:
    """A program's own address for notifications."""

    def __init__(self) -> None:
        self.got: list[Json] = []
        self.tokens: list[str | None] = []
        self.refuse = 0

    async def take(self, request: web.Request) -> web.Response:
        if self.refuse:
            self.refuse -= 1
            return web.Response(status=503)
        self.got.append(await request.json())
        self.tokens.append(request.headers.get("X-A2A-Notification-Token"))
        return web.Response()

    async def wait(self, count: int) -> None:
        async with asyncio.timeout(15):
            while len(self.got) < count:  # noqa: ASYNC110 - another task fills it
                await asyncio.sleep(0.02)


@pytest.fixture
async def listener() -> AsyncIterator[tuple[Listener, str]]:
    """It, and its address."""
    heard, app = Listener(), web.Application()
    app.router.add_post("/hook", heard.take)
    server = TestServer(app, host="127.0.0.1")
    await server.start_server()
    yield heard, f"http://127.0.0.1:{server.port}/hook"
    await server.close()


async def test_notifications_arrive(house: House, listener: tuple[Listener, str]) -> None:
    """The decision and the last status, with the token; a refusal is tried again."""
    heard, url = listener
    heard.refuse = 1
    push = {"taskPushNotificationConfig": {"url": url, "token": "t0"}}
    await house.peer.ask(DRAFT, configuration=push)
    await house.desk.settle(Outcome.APPROVED)
    await heard.wait(2)
    assert "artifactUpdate" in heard.got[0]
    assert state(heard.got[1]["statusUpdate"]) == "COMPLETED"
    assert heard.tokens == ["t0", "t0"]


async def test_notifications_survive_a_restart(
    closed: House, listener: tuple[Listener, str]
) -> None:
    """The next process goes on following."""
    heard, url = listener
    async with approval_server(closed.parts, closed.port):
        task = await closed.peer.ask(DRAFT)
        await closed.peer.call("CreateTaskPushNotificationConfig", taskId=task["id"], url=url)
    async with approval_server(closed.parts, closed.port):
        await asyncio.sleep(0.3)
        await closed.desk.settle(Outcome.REJECTED, "no")
        await heard.wait(2)
    assert state(heard.got[-1]["statusUpdate"]) == "REJECTED"


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:1/",
        "http://localhost/",
        "http://10.0.0.1/",
        "http://169.254.169.254/",
        "http://[::1]/",
        "https://127.0.0.1/",
        "https://10.0.0.1/",
        "http://8.8.8.8/",
        "file:///etc/passwd",
        "ftp://127.0.0.1/",
        "nonsense",
        "",
    ],
)
async def test_notifications_go_to_public_addresses_only(closed: House, url: str) -> None:
    """Unless the settings let loopback through; nobody is asked either."""
    strict = ApprovalParts(
        desk=closed.desk, programs=PROGRAMS, key=closed.parts.key, engine=closed.engine
    )
    async with approval_server(strict, closed.port):
        push = {"taskPushNotificationConfig": {"url": url}}
        answer = await closed.peer.send([part(DRAFT)], "m1", configuration=push)
        assert answer["error"]["code"] == -32602
        assert not closed.desk.asked
        task = await closed.peer.ask(DRAFT)
        answer = await closed.peer.call(
            "CreateTaskPushNotificationConfig", taskId=task["id"], url=url
        )
        assert "error" in answer


async def test_the_old_protocol_is_let_in_behind_a_flag(house: House) -> None:
    """A2A 0.3: message/send without a version header."""
    message = {
        "kind": "message",
        "messageId": "old1",
        "role": "user",
        "parts": [{"kind": "text", "text": "Deploy 2.4.1"}],
    }
    body = {"jsonrpc": "2.0", "id": 1, "method": "message/send", "params": {"message": message}}
    old = {"Authorization": house.peer.headers["Authorization"]}
    async with house.peer.http.post(house.url + "/", json=body, headers=old) as answer:
        task = (await answer.json())["result"]
    assert task["status"]["state"] == "auth-required"
