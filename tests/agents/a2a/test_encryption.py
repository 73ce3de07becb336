"""Encrypted messages: nobody on the way reads, changes or swaps them."""

import asyncio
import base64
import os
from contextlib import AsyncExitStack

import httpx
import pytest
from a2a.helpers.proto_helpers import new_raw_part, new_text_part
from a2a.types.a2a_pb2 import Part
from aiohttp import web
from google.protobuf.json_format import MessageToDict
from pydantic import SecretStr

from agents.a2a.client import A2AClient
from agents.a2a.encryption import (
    ANSWER,
    REQUEST,
    SEALED_EXTENSION,
    NotSealed,
    Seal,
    SealBroken,
    is_sealed,
)
from agents.a2a.endpoints import Endpoint
from agents.errors import AgentRefused, BadAnswer, UnusableInput
from agents.runtime.server import ServerParts
from tests.agents.requests import SALES, request
from tests.agents.runners import CountingRunner
from tests.agents.servers import TOKEN, card_json, peer, signoff_agents
from tests.agents.wiretap import Wiretap
from tests.conftest import free_port
from workflows.messages.turns import TurnOutcome

KEY = base64.b64encode(b"k" * 32).decode()
OTHER = base64.b64encode(b"o" * 32).decode()
SEALED = ServerParts(token=TOKEN, seal=Seal.of(KEY))
SECRET = b"region,profit\nNorth,hunter2-4711\n"


async def call(endpoint: Endpoint, key: str = KEY, content: bytes = SALES) -> TurnOutcome:
    client = A2AClient()
    asked = endpoint.model_copy(update={"seal": SecretStr(key)})
    try:
        return await client.run(request(content=content, key="k"), [content], asked)
    finally:
        await client.aclose()


@pytest.mark.parametrize("key", ["", KEY], ids=["in the clear", "encrypted"])
async def test_nothing_of_request_or_answer_is_on_the_line(key: str) -> None:
    """The clear call shows that the tap would have heard it."""
    runner, port = CountingRunner(), free_port()
    parts = ServerParts(token=TOKEN, seal=Seal.of(key) if key else None)
    async with AsyncExitStack() as stack:
        tap = await stack.enter_async_context(Wiretap(port).listening())
        serving = signoff_agents(runner, port, parts=parts, public_url=tap.url)
        endpoint = await stack.enter_async_context(serving)
        outcome = await call(endpoint, key, SECRET)
    assert outcome.result is not None
    assert outcome.result.summary == "Run 1 of analysis."
    assert runner.files == [[SECRET]]
    assert runner.requests[0] == request(content=SECRET, key="k")
    content = base64.b64encode(SECRET)[:30]
    for heard in (content, b"Run 1 of analysis", b"sales.csv", b"sha256"):
        assert (heard in tap.heard) is (not key), heard


async def test_a_failure_is_told_encrypted_too() -> None:
    """Its sentence names the file."""
    port = free_port()
    runner = CountingRunner(errors=[UnusableInput("payroll.csv has no rows.")])
    async with AsyncExitStack() as stack:
        tap = await stack.enter_async_context(Wiretap(port).listening())
        serving = signoff_agents(runner, port, parts=SEALED, public_url=tap.url)
        endpoint = await stack.enter_async_context(serving)
        with pytest.raises(UnusableInput, match=r"payroll\.csv has no rows"):
            await call(endpoint)
    assert b"payroll" not in tap.heard


async def test_a_repeat_is_known_though_its_bytes_differ() -> None:
    """Every message has a nonce of its own; the content counts."""
    runner = CountingRunner(seconds=0.2)
    async with signoff_agents(runner, free_port(), parts=SEALED) as endpoint:
        outcomes = await asyncio.gather(*(call(endpoint) for _ in range(3)))
        with pytest.raises(AgentRefused):
            await call(endpoint, content=b"something else")
    assert len(runner.requests) == 1
    assert outcomes[0] == outcomes[1] == outcomes[2]


async def test_a_plain_agent_is_not_sent_anything() -> None:
    """A key that only one side has is a mistake, and said in a sentence on both sides."""
    runner = CountingRunner()
    async with signoff_agents(runner, free_port()) as endpoint:
        with pytest.raises(AgentRefused, match="Nothing was sent") as caught:
            await call(endpoint)
    assert not caught.value.retryable
    async with signoff_agents(runner, free_port(), parts=SEALED) as endpoint:
        with pytest.raises(AgentRefused, match=r"takes encrypted messages only\. Set its key"):
            await call(endpoint, "")
        with pytest.raises(AgentRefused, match="both sides have the same key"):
            await call(endpoint, OTHER)
        with pytest.raises(AgentRefused, match="openssl rand"):
            await call(endpoint, "no key")
    assert runner.requests == []


@pytest.mark.parametrize("server_key", [None, KEY], ids=["plain", "sealing"])
async def test_our_server_refuses_what_it_cannot_open(server_key: str | None) -> None:
    """With a JSON-RPC error in words, also for callers that do not read cards."""
    parts = ServerParts(token=TOKEN, seal=Seal.of(server_key) if server_key else None)
    part = Seal.of(OTHER).close([new_text_part("hello")], REQUEST, "m1")
    message = {"messageId": "m1", "role": "ROLE_USER", "parts": [MessageToDict(part)]}
    body = {"jsonrpc": "2.0", "id": 1, "method": "SendMessage", "params": {"message": message}}
    headers = {"Authorization": f"Bearer {TOKEN}", "A2A-Version": "1.0"}
    runner = CountingRunner()
    async with (
        signoff_agents(runner, free_port(), parts=parts) as endpoint,
        httpx.AsyncClient(trust_env=False, headers=headers) as http,
    ):
        answer = (await http.post(endpoint.url, json=body)).json()
    says = "encrypted with its key only" if server_key else "takes no encrypted messages"
    assert answer["error"]["code"] == -32602
    assert says in answer["error"]["message"]
    assert runner.requests == []


FORGERIES: dict[str, tuple[Part, str]] = {
    "in the clear": (new_text_part("All is well."), "answered unencrypted"),
    "of another call": (
        Seal.of(KEY).close([new_text_part("x")], ANSWER, "another"),
        "cannot be decrypted",
    ),
    "with another key": (
        Seal.of(OTHER).close([new_text_part("x")], ANSWER, "k"),
        "cannot be decrypted",
    ),
    "our own request": (
        Seal.of(KEY).close([new_text_part("x")], REQUEST, "k"),
        "cannot be decrypted",
    ),
}


@pytest.mark.parametrize("forgery", FORGERIES)
async def test_a_forged_answer_is_refused(forgery: str) -> None:
    """And nobody asks for it again."""
    part, says = FORGERIES[forgery]

    async def talk(request: web.Request) -> web.StreamResponse:
        artifact = {"artifactId": "a", "parts": [MessageToDict(part)]}
        task = {
            "id": "t1",
            "contextId": "c1",
            "status": {"state": "TASK_STATE_COMPLETED"},
            "artifacts": [artifact],
        }
        return web.json_response({"jsonrpc": "2.0", "id": 1, "result": {"task": task}})

    async def card(request: web.Request) -> web.StreamResponse:
        made = card_json(f"http://{request.host}/")
        extension = {"uri": SEALED_EXTENSION, "required": True}
        made["capabilities"] = {"streaming": True, "extensions": [extension]}
        return web.json_response(made)

    async with peer(talk, card) as endpoint:
        with pytest.raises(BadAnswer, match=says) as caught:
            await call(endpoint)
    assert not caught.value.retryable


def test_every_flipped_bit_is_noticed() -> None:
    """And every missing end."""
    seal = Seal.of(KEY)
    parts = [new_text_part("hello"), new_raw_part(b"\0\xff", media_type="text/csv", filename="a")]
    sealed = seal.close(parts, REQUEST, "m1")
    assert seal.open([sealed], REQUEST, "m1") == parts
    for position in range(len(sealed.raw)):
        flipped = bytearray(sealed.raw)
        flipped[position] ^= 1 << (position % 8)
        for raw in (bytes(flipped), sealed.raw[:position]):
            changed = new_raw_part(raw, media_type=sealed.media_type)
            with pytest.raises((SealBroken, NotSealed)):
                seal.open([changed], REQUEST, "m1")


def test_a_part_is_sealed_to_its_message_and_direction() -> None:
    """Two sealings of the same parts share nothing."""
    seal = Seal.of(base64.b64encode(os.urandom(32)).decode())
    one, two = (seal.close([new_text_part("x")], REQUEST, "m1") for _ in range(2))
    assert one.raw != two.raw
    assert is_sealed([one])
    for direction, message in ((ANSWER, "m1"), (REQUEST, "m2"), (REQUEST, "")):
        with pytest.raises(SealBroken):
            seal.open([one], direction, message)
    with pytest.raises(NotSealed):
        seal.open([one, two], REQUEST, "m1")


@pytest.mark.parametrize("text", ["", "k", base64.b64encode(b"k" * 16).decode(), "!" * 44])
def test_a_key_has_32_bytes(text: str) -> None:
    """In base64."""
    with pytest.raises(ValueError, match=r"32|base64"):
        Seal.of(text)
