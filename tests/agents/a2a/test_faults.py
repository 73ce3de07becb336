"""Agents that go wrong, as the workflow sees it: a sentence, a kind, and whether to try again.

Each fault is a real server on loopback, called by the activity over the registry.
"""

import asyncio
import contextlib
import dataclasses
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
import structlog
from a2a.types.a2a_pb2 import AgentCard
from aiohttp import web
from google.protobuf.json_format import MessageToDict, ParseDict
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from agents.a2a.card import VERSION_EXTENSION
from agents.a2a.card_signature import signed
from agents.a2a.client import A2AClient
from agents.a2a.codec import OUTCOME_TYPE
from agents.a2a.endpoints import Endpoint
from agents.http.signature import SigningKey
from agents.http.tls import TlsFiles
from agents.runtime.activity import TurnRunning, seconds_left
from agents.runtime.cache import ResponseCache
from agents.runtime.fallback import AgentCalls
from agents.runtime.local import LocalAgents
from agents.runtime.registry import Registration, Registry
from tests.agents.certificates import Authority
from tests.agents.requests import SALES, request
from tests.agents.runners import CountingRunner
from tests.agents.runtime.test_activity import Store
from tests.agents.servers import Handler, card_json, event_stream, peer, signoff_agents
from tests.conftest import free_port
from workflows.messages.results import AgentPin, AgentResult, AgentVersion
from workflows.messages.turns import TurnOutcome

KEY = SigningKey.fresh()
DEADLINE = 0.5
Server = AbstractAsyncContextManager[Endpoint]


def task(state: str, *parts: Mapping[str, object]) -> dict[str, object]:
    """A JSON-RPC answer with a task."""
    found: dict[str, object] = {
        "id": "t1",
        "contextId": "c1",
        "status": {"state": f"TASK_STATE_{state}"},
    }
    if parts:
        found["artifacts"] = [{"artifactId": "a", "parts": list(parts)}]
    return {"jsonrpc": "2.0", "id": 1, "result": {"task": found}}


async def good(request: web.Request) -> web.StreamResponse:
    """Everything is well."""
    return web.json_response(task("COMPLETED", {"text": "All is well."}))


@contextlib.asynccontextmanager
async def down(_: Path) -> AsyncIterator[Endpoint]:
    """Nobody listens."""
    yield Endpoint(name="peer", url=f"http://127.0.0.1:{free_port()}/")


def slow(_: Path) -> Server:
    """Takes the call, and does not answer."""

    async def talk(request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(30)
        return web.Response()

    return peer(talk)


def declaring(version: AgentVersion, **more: object) -> Handler:
    """A card with our extension."""

    async def card(request: web.Request) -> web.StreamResponse:
        made = card_json(f"http://{request.host}/")
        extension = {"uri": VERSION_EXTENSION, "params": version.model_dump(mode="json")}
        made["capabilities"] = {"streaming": True, "extensions": [extension]}
        return web.json_response(made | more)

    return card


def lying(_: Path) -> Server:
    """Its card says 2.0.0, its answer 1.0.0."""
    said = AgentVersion(name="peer", version="1.0.0")
    outcome = TurnOutcome(result=AgentResult(summary="Trust me."), version=said)
    part = {"text": outcome.model_dump_json(), "mediaType": OUTCOME_TYPE}

    async def talk(request: web.Request) -> web.StreamResponse:
        return web.json_response(task("COMPLETED", part))

    return peer(talk, declaring(AgentVersion(name="peer", version="2.0.0")))


def pinned(_: Path) -> Server:
    """Its card says 1.0.0; the step wants 2.0.0. It must not be called at all."""

    async def talk(request: web.Request) -> web.StreamResponse:
        return web.Response(status=500)

    return peer(talk, declaring(AgentVersion(name="peer", version="1.0.0")))


def huge(_: Path) -> Server:
    """50 MB of JSON."""

    async def talk(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        for _ in range(500):
            await response.write(b" " * 100_000)
        return response

    return peer(talk)


def endless(_: Path) -> Server:
    """Works on, and says so, for ever."""

    async def talk(request: web.Request) -> web.StreamResponse:
        response = await event_stream(request)
        while True:
            await response.write(f"data: {json.dumps(task('WORKING'))}\n\n".encode())
            await asyncio.sleep(0.01)

    return peer(talk)


def flood(_: Path) -> Server:
    """The same without a pause."""

    async def talk(request: web.Request) -> web.StreamResponse:
        response = await event_stream(request)
        while True:
            await response.write(f"data: {json.dumps(task('WORKING'))}\n\n".encode() * 100)

    return peer(talk)


def malformed(_: Path) -> Server:
    """Half of an answer."""

    async def talk(request: web.Request) -> web.StreamResponse:
        return web.Response(
            text='{"jsonrpc": "2.0", "id": 1, "resu', content_type="application/json"
        )

    return peer(talk)


def expired(_: Path) -> Server:
    """The token was good until a moment ago."""

    async def talk(request: web.Request) -> web.StreamResponse:
        why = 'Bearer error="invalid_token", error_description="The token expired"'
        return web.Response(status=401, headers={"WWW-Authenticate": why})

    return peer(talk)


def busy(_: Path) -> Server:
    """Asks to be left alone for seven seconds."""

    async def talk(request: web.Request) -> web.StreamResponse:
        return web.Response(status=503, headers={"Retry-After": "7"})

    return peer(talk)


@contextlib.asynccontextmanager
async def wrong_certificate(folder: Path) -> AsyncIterator[Endpoint]:
    """One of somebody else's authority."""
    ours, other = Authority(folder / "ours"), Authority(folder / "other")
    tls = other.server()
    async with signoff_agents(CountingRunner(), free_port(), tls=tls) as endpoint:
        yield endpoint.model_copy(update={"name": "peer", "tls": TlsFiles(ca=ours.ca)})


@contextlib.asynccontextmanager
async def tampered_card(_: Path) -> AsyncIterator[Endpoint]:
    """Signed, and then somebody gave it a skill more."""

    async def card(request: web.Request) -> web.StreamResponse:
        made = ParseDict(card_json(f"http://{request.host}/"), AgentCard())
        skill = {"id": "x", "name": "x", "description": "Transfers money", "tags": ["x"]}
        return web.json_response(MessageToDict(signed(made, KEY)) | {"skills": [skill]})

    async with peer(good, card) as endpoint:
        yield endpoint.model_copy(update={"card_keys": json.dumps(KEY.public())})


class Fault(NamedTuple):
    """What is to happen. `tries` says whether Temporal tries again."""

    server: Callable[[Path], Server]
    kind: str
    tries: bool
    sentence: str


FAULTS: dict[str, Fault] = {
    "down": Fault(
        down, "AgentUnreachable", True, "peer cannot be reached. Check that it is running."
    ),
    "slow": Fault(
        slow,
        "AgentTimedOut",
        True,
        "peer did not answer in time. Try again, or raise its timeout.",
    ),
    "lying about its version": Fault(
        lying,
        "BadAnswer",
        False,
        "peer says in its card that its version is 2.0.0, and in its answer that it is 1.0.0. "
        "Check the agent.",
    ),
    "another version than the pinned one": Fault(
        pinned,
        "WrongVersion",
        False,
        "peer says it is version 1.0.0, but 2.0.0 is pinned. Deploy that one, or change the pin.",
    ),
    "50 MB": Fault(
        huge, "AnswerTooLarge", False, "The answer of peer is too large. Ask it for less."
    ),
    "endless stream": Fault(
        endless,
        "AgentTimedOut",
        True,
        "peer did not answer in time. Try again, or raise its timeout.",
    ),
    "flood of events": Fault(flood, "BadAnswer", False, "peer sends progress without end."),
    "malformed JSON": Fault(malformed, "BadAnswer", True, "The answer of peer is malformed."),
    "expired token": Fault(
        expired,
        "AgentRefused",
        False,
        "peer refused the call (it answered 401). Check its token in the settings: it may be "
        "wrong, or expired.",
    ),
    "overloaded": Fault(
        busy, "AgentUnreachable", True, "peer is overloaded or restarting (it answered 503)."
    ),
    "wrong certificate": Fault(
        wrong_certificate,
        "NotTrusted",
        False,
        "The certificate of peer is not trusted (unable to get local issuer certificate). "
        "Check its address, and ca under its tls settings.",
    ),
    "tampered card": Fault(
        tampered_card,
        "NotTrusted",
        False,
        "The card of peer is not signed with the key of the settings. "
        "Check the agent, or card_key in its settings.",
    ),
}
PATIENT = frozenset({"50 MB", "flood of events"})


def activities(endpoint: Endpoint, client: A2AClient, **registration: object) -> TurnRunning:
    """As the worker has them, for one agent."""
    settings = {"name": endpoint.name, "endpoint": endpoint, **registration}
    calls = AgentCalls(
        registry=Registry([Registration.model_validate(settings)]),
        client=client,
        local=LocalAgents(offline=True),
        cache=ResponseCache(),
    )
    return TurnRunning(inputs=Store(SALES), runner=calls)


@pytest.mark.parametrize("fault", FAULTS)
async def test_each_fault_has_its_named_behaviour(fault: str, tmp_path: Path) -> None:
    """What the task's message says, what kind it is, and whether it is tried again."""
    expected, client = FAULTS[fault], A2AClient(most_bytes=2_000_000)
    pin = AgentPin(version="2.0.0") if expected.server is pinned else AgentPin()
    asked = request("peer").model_copy(update={"pin": pin})
    async with expected.server(tmp_path) as endpoint:
        bounded = endpoint.model_copy(update={"seconds": 20 if fault in PATIENT else 2 * DEADLINE})
        with structlog.testing.capture_logs() as lines, pytest.raises(ApplicationError) as caught:
            await ActivityEnvironment().run(activities(bounded, client).run_turn, asked)
        await client.aclose()
    error = caught.value
    assert (error.type, not error.non_retryable) == (expected.kind, expected.tries)
    assert error.message == expected.sentence
    assert error.next_retry_delay == (timedelta(seconds=7) if fault == "overloaded" else None)
    (line,) = [line for line in lines if line["event"] == "agent_call"]
    assert (line["status"], line["execution_mode"]) == (expected.kind, "")


async def test_a_fault_with_a_stand_in_is_told_on_the_result() -> None:
    """The card says what happened, and that it is not live."""
    prepared = AgentResult(summary="As last year.")
    endpoint = Endpoint(name="peer", url=f"http://127.0.0.1:{free_port()}/")
    client = A2AClient()
    of = activities(endpoint, client, fallback=prepared)
    outcome = await ActivityEnvironment().run(of.run_turn, request("peer"))
    await client.aclose()
    assert outcome.result == prepared
    assert outcome.execution_mode.value == "fallback"
    assert outcome.reason == (
        "peer cannot be reached. Check that it is running. The configured fallback stands in."
    )


async def test_a_call_ends_before_temporal_would_end_it() -> None:
    """So that the sentence is the agent's, and not Temporal's."""
    environment = ActivityEnvironment()
    environment.info = dataclasses.replace(
        environment.info,
        started_time=datetime.now(UTC),
        start_to_close_timeout=timedelta(seconds=10),
    )

    async def left() -> float:
        return seconds_left()

    assert 5 < await environment.run(left) <= 9
    assert seconds_left() == float("inf")
