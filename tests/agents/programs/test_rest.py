"""The approval server over REST: the same door, the same tasks, the same owners as JSON-RPC."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

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
from tests.agents.programs.test_server import DRAFT, Listener, part, state
from tests.conftest import free_port
from workflows.messages.decisions import Outcome

Json = dict[str, Any]
PUSH = "/pushNotificationConfigs"
TARGET = "http://127.0.0.1:9/hook"


class Served:
    """The server's address, and programs that knock with their tokens."""

    def __init__(self, parts: ApprovalParts, port: int) -> None:
        self.parts = parts
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.http = aiohttp.ClientSession(trust_env=False)

    @property
    def desk(self) -> FakeDesk:
        desk = self.parts.desk
        assert isinstance(desk, FakeDesk)
        return desk

    async def knock(
        self, method: str, path: str, body: object = None, *, token: str = "", raw: bytes = b""
    ) -> tuple[int, Json]:
        headers = {
            "Authorization": f"Bearer {token or PEER.token.get_secret_value()}",
            "A2A-Version": "1.0",
            "Content-Type": "application/json",
        }
        data = raw or (json.dumps(body).encode() if body is not None else None)
        address = self.url + path
        async with self.http.request(method, address, data=data, headers=headers) as answer:
            text = await answer.text()
            return answer.status, json.loads(text) if text else {}

    async def ask(self, message_id: str = "m1", **configuration: object) -> Json:
        message = {"messageId": message_id, "role": "ROLE_USER", "parts": [part(DRAFT)]}
        body = {"message": message, "configuration": configuration}
        status, answer = await self.knock("POST", "/message:send", body)
        assert status == 200, answer
        task: Json = answer["task"]
        return task


@pytest.fixture
async def closed(tmp_path: Path) -> AsyncIterator[Served]:
    """Everything but the server; notifications may go to loopback addresses."""
    engine = kept(tmp_path)
    auth = Served(
        ApprovalParts(
            desk=FakeDesk(), programs=PROGRAMS, key=new_key(), engine=engine, local_push=True
        ),
        free_port(),
    )
    yield auth
    await auth.http.close()
    await engine.dispose()


@pytest.fixture
async def auth(closed: Served) -> AsyncIterator[Served]:
    """The server running."""
    async with approval_server(closed.parts, closed.port):
        yield closed


async def test_an_approval_from_the_first_word_to_the_decision(auth: Served) -> None:
    """Send, get, list, and the signed decision at the end; a repeat is the same task."""
    task = await auth.ask()
    assert state(task) == "AUTH_REQUIRED"
    assert (await auth.ask())["id"] == task["id"]
    status, listed = await auth.knock("GET", "/tasks")
    assert (status, [one["id"] for one in listed["tasks"]]) == (200, [task["id"]])
    await auth.desk.settle(Outcome.APPROVED, "go ahead")
    status, done = await auth.knock("GET", f"/tasks/{task['id']}")
    assert (status, state(done)) == (200, "COMPLETED")
    statement, token = (one["text"] for one in done["artifacts"][0]["parts"])
    assert json.loads(statement)["outcome"] == "approved"
    assert token.count(".") == 2
    assert len(auth.desk.asked) == 1


async def test_cancelling_withdraws_once(auth: Served) -> None:
    """The second time it is too late."""
    task = await auth.ask()
    status, cancelled = await auth.knock("POST", f"/tasks/{task['id']}:cancel", {})
    assert (status, state(cancelled)) == (200, "CANCELED")
    assert auth.desk.withdrawn == list(auth.desk.asked)
    status, refused = await auth.knock("POST", f"/tasks/{task['id']}:cancel", {})
    assert status in {400, 409}
    assert "error" in refused


async def test_a_notification_address_is_set_read_and_taken_back(auth: Served) -> None:
    """As often as its program likes."""
    task = await auth.ask()
    path = f"/tasks/{task['id']}{PUSH}"
    status, made = await auth.knock("POST", path, {"url": TARGET, "token": "t0"})
    assert (status, made["url"]) == (200, TARGET)
    status, listed = await auth.knock("GET", path)
    assert [one["url"] for one in listed["configs"]] == [TARGET]
    status, one = await auth.knock("GET", f"{path}/{made['id']}")
    assert (status, one["url"]) == (200, TARGET)
    status, _ = await auth.knock("DELETE", f"{path}/{made['id']}")
    assert status in {200, 204}
    assert not (await auth.knock("GET", path))[1].get("configs")


@pytest.mark.parametrize("prefix", ["", "/somewhere"], ids=["plain", "as a tenant"])
async def test_another_program_finds_nothing(auth: Served, prefix: str) -> None:
    """404 for whatever is not theirs, as for whatever is not there; nothing is changed by it."""
    task = await auth.ask()
    token = OTHER.token.get_secret_value()
    made = (await auth.knock("POST", f"/tasks/{task['id']}{PUSH}", {"url": TARGET}))[1]
    mine = f"{prefix}/tasks/{task['id']}"
    more = {"messageId": "m2", "role": "ROLE_USER", "parts": [part(DRAFT)], "taskId": task["id"]}
    for method, path, body in (
        ("GET", mine, None),
        ("POST", f"{mine}:cancel", {}),
        ("POST", f"{mine}:subscribe", {}),
        ("GET", f"{mine}{PUSH}", None),
        ("POST", f"{mine}{PUSH}", {"url": TARGET}),
        ("GET", f"{mine}{PUSH}/{made['id']}", None),
        ("DELETE", f"{mine}{PUSH}/{made['id']}", None),
        ("POST", f"{prefix}/message:send", {"message": more}),
    ):
        status, answer = await auth.knock(method, path, body, token=token)
        assert status == 404, (method, path, answer)
        assert str(DRAFT["title"]) not in str(answer)
    assert not (await auth.knock("GET", f"{prefix}/tasks", token=token))[1].get("tasks")
    assert auth.desk.withdrawn == []
    assert state((await auth.knock("GET", f"/tasks/{task['id']}"))[1]) == "AUTH_REQUIRED"
    assert (await auth.knock("GET", f"/tasks/{task['id']}{PUSH}"))[1]["configs"]


async def test_without_a_valid_token_nothing_opens(auth: Served) -> None:
    """Whatever the path."""
    task = await auth.ask()
    for method, path in (
        ("GET", "/tasks"),
        ("GET", f"/tasks/{task['id']}"),
        ("POST", f"/tasks/{task['id']}:cancel"),
        ("POST", "/message:send"),
        ("GET", "/x/tasks"),
        ("GET", "/extendedAgentCard"),
    ):
        status, _ = await auth.knock(method, path, {}, token="wrong")
        assert status == 401, path


MALFORMED: dict[str, tuple[str, str, bytes]] = {
    "no json": ("POST", "/message:send", b"{"),
    "no message": ("POST", "/message:send", b"{}"),
    "a list": ("POST", "/message:send", b"[1]"),
    "odd message": ("POST", "/message:send", b'{"message": 1}'),
    "odd part": ("POST", "/message:send", b'{"message": {"messageId": "m", "parts": [1]}}'),
    "deep": ("POST", "/message:send", b"[" * 50_000 + b"]" * 50_000),
    "no unicode": ("POST", "/message:send", b"\xff\xfe"),
    "nothing there": ("GET", "/tasks/nothing", b""),
    "odd page": ("GET", "/tasks?pageSize=many", b""),
    "odd token": ("GET", "/tasks?pageToken=%00", b""),
    "odd address": ("POST", "/tasks/nothing/pushNotificationConfigs", b'{"url": 1}'),
}


@pytest.mark.parametrize("case", MALFORMED)
async def test_malformed_requests_are_the_callers_fault(auth: Served, case: str) -> None:
    """4xx with a reason, never a 5xx; nobody is asked."""
    method, path, raw = MALFORMED[case]
    status, answer = await auth.knock(method, path, raw=raw)
    assert 400 <= status < 500, answer
    assert answer["error"]
    assert not auth.desk.asked


@pytest.fixture
async def hooks() -> AsyncIterator[tuple[Listener, Listener, str]]:
    """A place that sends notifications on to another one, and its address."""
    first, second, app = Listener(), Listener(), web.Application()

    async def elsewhere(request: web.Request) -> web.Response:
        await first.take(request)
        raise web.HTTPTemporaryRedirect("/second")

    app.router.add_post("/first", elsewhere)
    app.router.add_post("/second", second.take)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield first, second, f"http://127.0.0.1:{runner.addresses[0][1]}/first"
    await runner.cleanup()


async def test_a_notification_is_not_sent_on(
    auth: Served, hooks: tuple[Listener, Listener, str]
) -> None:
    """A redirect could lead anywhere; the address that was checked is the one that is called."""
    first, second, url = hooks
    await auth.ask(taskPushNotificationConfig={"url": url})
    await auth.desk.settle(Outcome.APPROVED)
    await first.wait(2)
    assert second.got == []


async def test_an_address_is_checked_again_before_each_delivery(
    closed: Served, hooks: tuple[Listener, Listener, str]
) -> None:
    """What was let in once is not let out when it leads to a place it must not."""
    first, _, url = hooks
    async with approval_server(closed.parts, closed.port):
        await closed.ask(taskPushNotificationConfig={"url": url})
    strict = ApprovalParts(
        desk=closed.desk,
        programs=PROGRAMS,
        key=closed.parts.key,
        engine=closed.parts.engine,
    )
    async with approval_server(strict, closed.port):
        await closed.desk.settle(Outcome.APPROVED)
        task = (await closed.knock("GET", "/tasks"))[1]["tasks"][0]
        assert state((await closed.knock("GET", f"/tasks/{task['id']}"))[1]) == "COMPLETED"
        await closed.ask("m2")
    assert first.got == []
