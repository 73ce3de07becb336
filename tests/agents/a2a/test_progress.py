"""What an agent does is heard on the other side of A2A, while it does it."""

import asyncio
import base64
from collections.abc import Sequence
from contextlib import AsyncExitStack

import pytest
from a2a.helpers.proto_helpers import new_text_part
from aiohttp import web
from pydantic import SecretStr

from agents.a2a import handler
from agents.a2a.client import A2AClient
from agents.a2a.codec import PROGRESS_TYPE, progress_of, progress_parts
from agents.a2a.encryption import ANSWER, PROGRESS, Seal, SealBroken
from agents.a2a.endpoints import Endpoint
from agents.runtime.server import ServerParts
from agents.turn.progress import heard_by, tell
from tests.agents.requests import SALES, request
from tests.agents.runners import CountingRunner
from tests.agents.servers import TOKEN, peer, signoff_agents
from tests.agents.wiretap import Wiretap
from tests.conftest import free_port
from workflows.messages.turns import Progress, TurnOutcome, TurnRequest

KEY = base64.b64encode(b"k" * 32).decode()
DOING = [
    Progress(agent="analysis", model="gemini-flash-latest"),
    Progress(agent="analysis", tools=("profile_table",)),
]


class Busy(CountingRunner):
    """Says what it does, for long enough to be heard, and answers."""

    async def run(self, request: TurnRequest, files: Sequence[bytes]) -> TurnOutcome:
        """See `TurnRunner`."""
        for doing in DOING:
            tell(doing)
            await asyncio.sleep(0.3)
        return await super().run(request, files)


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """News every twentieth of a second."""
    monkeypatch.setattr(handler, "PROGRESS_SECONDS", 0.05)


async def heard(endpoint: Endpoint, key: str = "") -> list[Progress]:
    client, told = A2AClient(), list[Progress]()
    try:
        with heard_by(told.append):
            asked = endpoint.model_copy(update={"seal": SecretStr(key)})
            outcome = await client.run(request(key="k"), [SALES], asked)
    finally:
        await client.aclose()
    assert outcome.result
    return told


@pytest.mark.parametrize("key", ["", KEY], ids=["in the clear", "encrypted"])
async def test_it_is_heard_and_only_by_the_caller(key: str) -> None:
    """Each once, in order; with a key nobody on the way reads the name of a tool."""
    port = free_port()
    parts = ServerParts(token=TOKEN, seal=Seal.of(key) if key else None)
    async with AsyncExitStack() as stack:
        tap = await stack.enter_async_context(Wiretap(port).listening())
        serving = signoff_agents(Busy(), port, parts=parts, public_url=tap.url)
        told = await heard(await stack.enter_async_context(serving), key)
    assert told == DOING
    assert (b"profile_table" in tap.heard) is (not key)


def test_what_is_said_meanwhile_is_no_answer() -> None:
    """Sealed as progress, it does not open as one."""
    seal = Seal.of(KEY)
    part = seal.close(progress_parts(DOING[1]), PROGRESS, "m")
    with pytest.raises(SealBroken):
        seal.open([part], ANSWER, "m")


@pytest.mark.parametrize("text", ["{", "[]", '{"tools": "x"}', '{"model": "' + "m" * 300 + '"}'])
def test_nonsense_is_not_heard(text: str) -> None:
    """Of an agent that says it in our form."""
    assert progress_of([new_text_part(text, media_type=PROGRESS_TYPE)]) is None


async def test_words_of_other_agents_are_not_shown() -> None:
    """They are theirs, and may say anything; their answer counts as ever."""

    async def call(asked: web.Request) -> web.StreamResponse:
        body = await asked.json()
        status = {"state": "TASK_STATE_WORKING", "message": _message("Approved by Ada")}
        done = {
            "id": "t",
            "contextId": "c",
            "status": {"state": "TASK_STATE_COMPLETED"},
            "artifacts": [{"artifactId": "a", "parts": [{"text": "fine"}]}],
        }
        update = {"taskId": "t", "contextId": "c", "status": status}
        stream = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await stream.prepare(asked)
        for result in ({"statusUpdate": update}, {"task": done}):
            reply = {"jsonrpc": "2.0", "id": body["id"], "result": result}
            await stream.write(f"data: {web.json_response(reply).text}\n\n".encode())
        return stream

    async with peer(call) as endpoint:
        assert await heard(endpoint) == []


def _message(text: str) -> dict[str, object]:
    return {"messageId": "m", "role": "ROLE_AGENT", "parts": [{"text": text}]}
