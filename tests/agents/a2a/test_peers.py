"""Our client against agents of other people, good ones and bad ones."""

import asyncio
import json
from urllib.parse import urlsplit

import pytest
from aiohttp import web

from agents.a2a.client import A2AClient
from agents.a2a.codec import OUTCOME_TYPE, REQUEST_TYPE
from agents.a2a.endpoints import Endpoint
from agents.errors import (
    AgentError,
    AgentFailed,
    AgentRefused,
    AgentTimedOut,
    AgentUnreachable,
    AnswerTooLarge,
    BadAnswer,
    WrongVersion,
)
from tests.agents.requests import SALES, request
from tests.agents.servers import card_json, event_stream, peer
from workflows.messages.results import AgentPin, AgentResult, AgentVersion
from workflows.messages.turns import TurnOutcome


def answer(result: object) -> web.Response:
    """A JSON-RPC answer."""
    return web.json_response({"jsonrpc": "2.0", "id": 1, "result": result})


def task(state: str, text: str = "", artifact: str = "") -> dict[str, object]:
    """A task in plain A2A 1.0 JSON."""
    status: dict[str, object] = {"state": f"TASK_STATE_{state}"}
    if text:
        parts = [{"text": text}]
        status["message"] = {"messageId": "m", "role": "ROLE_AGENT", "parts": parts}
    found: dict[str, object] = {"id": "t1", "contextId": "c1", "status": status}
    if artifact:
        found["artifacts"] = [{"artifactId": "a", "parts": [{"text": artifact}]}]
    return {"task": found}


async def call(endpoint: Endpoint, most_bytes: int = 1_000_000, session: str = "") -> TurnOutcome:
    client = A2AClient(most_bytes)
    asked = request("peer").model_copy(update={"session": session})
    try:
        return await client.run(asked, [SALES], endpoint)
    finally:
        await client.aclose()


async def test_words_become_a_result() -> None:
    """An agent that knows nothing of us answers in text; its card says which version that was."""

    async def talk(request: web.Request) -> web.StreamResponse:
        return answer(task("COMPLETED", artifact="All is well."))

    async with peer(talk) as endpoint:
        outcome = await call(endpoint)
    assert outcome.result is not None
    assert (outcome.result.summary, outcome.result.offline) == ("All is well.", False)
    assert outcome.version is not None
    assert outcome.version.version == "3.1"


async def test_a_peer_gets_words_files_and_headers() -> None:
    """The text names the step, files come as raw parts, headers carry our ids and the version."""
    seen: dict[str, object] = {}

    async def talk(request: web.Request) -> web.StreamResponse:
        seen["headers"] = dict(request.headers)
        seen["body"] = await request.json()
        return answer(task("COMPLETED", artifact="ok"))

    async with peer(talk) as endpoint:
        await call(endpoint)
    headers, body = seen["headers"], seen["body"]
    assert isinstance(headers, dict)
    assert isinstance(body, dict)
    assert headers["X-Request-ID"] == "task-1/analysis/1"
    assert headers["X-Workflow-ID"] == "workflow-1"
    assert headers["A2A-Version"] == "1.0"
    parts = body["params"]["message"]["parts"]
    assert parts[0]["text"].startswith("Do the step 'peer'")
    assert [part.get("filename") for part in parts] == [None, "sales.csv"]


async def test_what_somebody_typed_is_words() -> None:
    """An agent that takes text only reads it; what is no text stays a file."""
    sent: list[dict[str, object]] = []

    async def talk(request: web.Request) -> web.StreamResponse:
        sent.append((await request.json())["params"]["message"]["parts"][1])
        return answer(task("COMPLETED", artifact="ok"))

    async with peer(talk) as endpoint:
        for content in ("Häuser?".encode(), b"\xff"):
            asked = request("peer", name="text.md", content=content)
            file = asked.inputs[0].model_copy(update={"media_type": "text/markdown"})
            client = A2AClient()
            await client.run(asked.model_copy(update={"inputs": (file,)}), [content], endpoint)
            await client.aclose()
    assert (sent[0]["text"], sent[0]["filename"]) == ("Häuser?", "text.md")
    assert (sent[1]["raw"], sent[1]["mediaType"]) == ("/w==", "text/markdown")


async def test_our_json_goes_to_whoever_declares_it() -> None:
    """By the media type among the inputs of the card; anybody else's model would have to read it."""
    sent: list[list[str]] = []

    async def talk(request: web.Request) -> web.StreamResponse:
        parts = (await request.json())["params"]["message"]["parts"]
        sent.append([part.get("mediaType", "") for part in parts])
        return answer(task("COMPLETED", artifact="ok"))

    for modes in (["text/plain"], ["text/plain", REQUEST_TYPE]):
        own: dict[str, object] = {"defaultInputModes": modes}

        async def card(request: web.Request, own: dict[str, object] = own) -> web.StreamResponse:
            return web.json_response(card_json(str(request.url.origin())) | own)

        async with peer(talk, card) as endpoint:
            await call(endpoint)
    assert sent == [["text/plain", ""], ["text/plain", REQUEST_TYPE, ""]]


@pytest.mark.parametrize("ours", ["127.0.0.1", "localhost"])
@pytest.mark.parametrize("theirs", ["127.0.0.1", "localhost", "[::1]"])
async def test_this_machine_has_several_names(ours: str, theirs: str) -> None:
    """The call goes to the address of the settings, by whichever the card calls it."""

    async def talk(request: web.Request) -> web.StreamResponse:
        return answer(task("COMPLETED", artifact=f"called as {request.host}"))

    async def card(request: web.Request) -> web.StreamResponse:
        return web.json_response(card_json(f"http://{theirs}:{request.url.port}/"))

    async with peer(talk, card) as endpoint:
        url = endpoint.url.replace("127.0.0.1", ours)
        outcome = await call(endpoint.model_copy(update={"url": url}))
    assert outcome.result is not None
    assert outcome.result.summary == f"called as {urlsplit(url).netloc}"


async def test_a_peers_question_becomes_a_question() -> None:
    """INPUT_REQUIRED stops for people, and the session says where to go on."""
    bodies: list[dict[str, object]] = []

    async def talk(request: web.Request) -> web.StreamResponse:
        bodies.append((await request.json())["params"]["message"])
        if len(bodies) == 1:
            return answer(task("INPUT_REQUIRED", text="Which year?"))
        return answer(task("COMPLETED", artifact="2024 it is."))

    async with peer(talk) as endpoint:
        asked = await call(endpoint)
        told = await call(endpoint, session=asked.session)
    assert asked.questions[0].hint == "Which year?"
    assert (bodies[1]["taskId"], bodies[1]["contextId"]) == ("t1", "c1")
    assert told.result is not None


FAULTS: dict[str, tuple[web.Response, type[AgentError], bool]] = {
    "failed": (answer(task("FAILED", text="No luck.")), AgentFailed, True),
    "rejected": (answer(task("REJECTED")), AgentRefused, False),
    "nothing": (answer(task("COMPLETED")), BadAnswer, True),
    "no json": (web.Response(text="<html>"), BadAnswer, True),
    "a list": (web.json_response([1, 2]), BadAnswer, True),
    "no result": (web.json_response({"jsonrpc": "2.0", "id": 1}), BadAnswer, True),
    "odd result": (answer({"task": "yes"}), BadAnswer, True),
    "odd state": (answer({"task": {"status": {"state": 99}}}), AgentUnreachable, True),
    "deep": (web.Response(text="[" * 100_000), BadAnswer, True),
    "bad request": (web.Response(status=400), AgentRefused, False),
    "forbidden": (web.Response(status=403), AgentRefused, False),
    "overloaded": (web.Response(status=503), AgentUnreachable, True),
    "rate limit": (web.Response(status=429), AgentUnreachable, True),
    "redirect": (web.Response(status=302, headers={"Location": "/x"}), AgentRefused, False),
    "rpc refusal": (
        web.json_response({"jsonrpc": "2.0", "id": 1, "error": {"code": -32602, "message": "x"}}),
        AgentRefused,
        False,
    ),
    "rpc fault": (
        web.json_response({"jsonrpc": "2.0", "id": 1, "error": {"code": -32603, "message": "x"}}),
        AgentFailed,
        True,
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_each_fault_has_its_error(fault: str) -> None:
    """With a sentence that names the agent, and whether to try again."""
    response, kind, retryable = FAULTS[fault]

    async def talk(request: web.Request) -> web.StreamResponse:
        return web.Response(
            status=response.status,
            body=response.body,
            headers={k: v for k, v in response.headers.items() if k != "Content-Length"},
        )

    async with peer(talk) as endpoint:
        with pytest.raises(kind) as caught:
            await call(endpoint)
    assert type(caught.value) is kind
    assert caught.value.retryable is retryable
    assert "peer" in caught.value.sentence or caught.value.sentence == "No luck."


async def test_fifty_megabytes_are_cut_off() -> None:
    """While they come in; and not asked for again."""
    sent = 0

    async def talk(request: web.Request) -> web.StreamResponse:
        nonlocal sent
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        for _ in range(500):
            await response.write(b" " * 100_000)
            sent += 100_000
        return response

    async with peer(talk) as endpoint:
        with pytest.raises(AnswerTooLarge) as caught:
            await call(endpoint, most_bytes=2_000_000)
    assert not caught.value.retryable
    assert sent < 50_000_000


async def test_a_compressed_answer_is_refused() -> None:
    """A kilobyte may unpack to a gigabyte."""

    async def talk(request: web.Request) -> web.StreamResponse:
        return web.Response(body=b"x", headers={"Content-Encoding": "gzip"})

    async with peer(talk) as endpoint:
        with pytest.raises(AnswerTooLarge):
            await call(endpoint)


async def test_a_slow_agent_times_out() -> None:
    """At the deadline of the endpoint."""

    async def talk(request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(30)
        return web.Response()

    async with peer(talk) as endpoint:
        with pytest.raises(AgentTimedOut) as caught:
            await call(endpoint.model_copy(update={"seconds": 0.3}))
    assert caught.value.retryable


async def test_an_endless_stream_is_ended() -> None:
    """Pings and progress do not extend the deadline."""

    async def talk(request: web.Request) -> web.StreamResponse:
        response = await event_stream(request)
        event = {"jsonrpc": "2.0", "id": 1, "result": task("WORKING")}
        while True:
            await response.write(b": ping\n\n" + f"data: {json.dumps(event)}\n\n".encode())
            await asyncio.sleep(0.01)

    async with peer(talk) as endpoint:
        with pytest.raises(AgentTimedOut):
            await call(endpoint.model_copy(update={"seconds": 0.5}))


async def test_a_flood_of_events_is_ended() -> None:
    """By the limit on bytes or on events, before memory."""

    async def talk(request: web.Request) -> web.StreamResponse:
        response = await event_stream(request)
        event = json.dumps({"jsonrpc": "2.0", "id": 1, "result": task("WORKING")})
        while True:
            await response.write(f"data: {event}\n\n".encode() * 100)

    async with peer(talk) as endpoint:
        with pytest.raises(BadAnswer) as caught:
            await call(endpoint)
    assert not caught.value.retryable


async def test_a_stream_that_is_no_use_is_left_at_once() -> None:
    """The agent notices, though our client lives on."""
    left = asyncio.Event()

    async def talk(request: web.Request) -> web.StreamResponse:
        response = await event_stream(request)
        event = json.dumps({"jsonrpc": "2.0", "id": 1, "result": task("FAILED", text="No.")})
        try:
            while True:
                await response.write(f"data: {event}\n\n".encode())
                await asyncio.sleep(0.01)
        finally:
            left.set()

    client = A2AClient()
    async with peer(talk) as endpoint:
        with pytest.raises(AgentFailed):
            await client.run(request("peer"), [SALES], endpoint)
        await asyncio.wait_for(left.wait(), 5)
        await client.aclose()


async def test_a_stream_that_breaks_off_may_be_tried_again() -> None:
    """The agent's side knows the key and has the result by then."""

    async def talk(request: web.Request) -> web.StreamResponse:
        response = await event_stream(request)
        event = {"jsonrpc": "2.0", "id": 1, "result": task("WORKING")}
        await response.write(f"data: {json.dumps(event)}\n\n".encode())
        return response

    async with peer(talk) as endpoint:
        with pytest.raises(AgentUnreachable, match="broke off") as caught:
            await call(endpoint)
    assert caught.value.retryable


async def test_a_streamed_result_is_put_together() -> None:
    """Appended parts of an artifact are one text."""

    async def talk(request: web.Request) -> web.StreamResponse:
        response = await event_stream(request)
        where = {"taskId": "t1", "contextId": "c1"}
        artifact = {"artifactId": "a", "parts": [{"text": "one"}]}
        more = {"artifactId": "a", "parts": [{"text": "two"}]}
        for result in (
            task("WORKING"),
            {"artifactUpdate": {**where, "artifact": artifact}},
            {"artifactUpdate": {**where, "artifact": more, "append": True}},
            {"statusUpdate": {**where, "status": {"state": "TASK_STATE_COMPLETED"}}},
        ):
            event = json.dumps({"jsonrpc": "2.0", "id": 1, "result": result})
            await response.write(f"data: {event}\n\n".encode())
        return response

    async with peer(talk) as endpoint:
        outcome = await call(endpoint)
    assert outcome.result is not None
    assert outcome.result.full_text == "one\n\ntwo"


async def test_a_card_that_points_elsewhere_is_refused() -> None:
    """Our token goes to the configured server only."""
    called = False

    async def talk(request: web.Request) -> web.StreamResponse:
        nonlocal called
        called = True
        return web.Response()

    async def card(request: web.Request) -> web.StreamResponse:
        return web.json_response(card_json("http://127.0.0.1:1/"))

    async with peer(talk, card) as endpoint:
        with pytest.raises(AgentRefused, match=r"names another server, http://127.0.0.1:1/, and"):
            await call(endpoint)
    assert not called


async def test_a_newly_deployed_version_is_noticed_at_once() -> None:
    """A card that was read minutes ago refuses nobody; nor does it make anybody a liar."""
    deployed = ["1.0"]

    async def talk(request: web.Request) -> web.StreamResponse:
        outcome = TurnOutcome(
            result=AgentResult(summary="ok"), version=AgentVersion(name="peer", version=deployed[0])
        )
        part = {"text": outcome.model_dump_json(), "mediaType": OUTCOME_TYPE}
        found = {"id": "t1", "contextId": "c1", "status": {"state": "TASK_STATE_COMPLETED"}}
        return answer({"task": found | {"artifacts": [{"artifactId": "a", "parts": [part]}]}})

    async def card(request: web.Request) -> web.StreamResponse:
        made = card_json(f"http://{request.host}/") | {"version": deployed[0]}
        return web.json_response(made)

    pinned = request("peer").model_copy(update={"pin": AgentPin(version="2.0")})
    client = A2AClient()
    async with peer(talk, card) as endpoint:
        with pytest.raises(WrongVersion, match=r"is version 1\.0, but 2\.0 is pinned"):
            await client.run(pinned, [SALES], endpoint)
        deployed[0] = "2.0"
        assert (await client.run(pinned, [SALES], endpoint)).result is not None
        deployed[0] = "3.0"
        outcome = await client.run(request("peer"), [SALES], endpoint)
        await client.aclose()
    assert outcome.version is not None
    assert outcome.version.version == "3.0"


async def test_a_malformed_card_is_a_bad_answer() -> None:
    """Also when it is valid JSON."""

    async def talk(request: web.Request) -> web.StreamResponse:
        return web.Response()

    async def card(request: web.Request) -> web.StreamResponse:
        return web.json_response({"supportedInterfaces": "none"})

    async with peer(talk, card) as endpoint:
        with pytest.raises(BadAnswer):
            await call(endpoint)
