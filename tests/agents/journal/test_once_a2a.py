"""What ran travels over A2A, with results and with failures; a foreign agent gets a key."""

import base64
import json

import pytest
from aiohttp import web
from pydantic import SecretStr

from agents.a2a.client import A2AClient
from agents.a2a.codec import IDEMPOTENCY
from agents.a2a.encryption import Seal
from agents.errors import AgentError, AgentFailed
from agents.runtime.cache import ResponseCache
from agents.runtime.fallback import AgentCalls
from agents.runtime.registry import Registration, Registry
from agents.runtime.server import ServerParts
from tests.agents.requests import SALES, request
from tests.agents.runners import CountingRunner
from tests.agents.servers import TOKEN, peer, signoff_agents
from tests.conftest import free_port
from workflows.messages.results import AgentResult, RunStatus, ToolRun
from workflows.messages.turns import TurnOutcome

RAN = (
    ToolRun(key="1", tool="pay", arguments={"amount": 1, "to": "Ann"}, approved=True),
    ToolRun(key="2", tool="pay", status=RunStatus.UNKNOWN),
)
KEY = base64.b64encode(b"k" * 32).decode()


@pytest.mark.parametrize("key", ["", KEY], ids=["plain", "sealed"])
async def test_what_ran_is_told_either_way(key: str) -> None:
    """As it was: 1 stays 1, and a failure keeps its sentence."""
    runner = CountingRunner(errors=[AgentFailed("The model is overloaded.").after(RAN)])
    runner.outcome = TurnOutcome(result=AgentResult(summary="paid"), ran=RAN)
    parts = ServerParts(token=TOKEN, seal=Seal.of(key) if key else None)
    client = A2AClient()
    async with signoff_agents(runner, free_port(), parts=parts) as open_endpoint:
        endpoint = open_endpoint.model_copy(update={"seal": SecretStr(key)})
        with pytest.raises(AgentFailed) as caught:
            await client.run(request(), [SALES], endpoint)
        outcome = await client.run(request(), [SALES], endpoint)
    await client.aclose()
    assert (caught.value.sentence, caught.value.ran) == ("The model is overloaded.", RAN)
    assert outcome.ran == RAN
    assert json.dumps(caught.value.ran[0].arguments) == '{"amount": 1, "to": "Ann"}'


async def test_a_foreign_agent_gets_the_same_key_for_the_same_turn() -> None:
    """In the message and as a header: after a person's Retry, too, when the message is another."""
    heard: list[tuple[str, str, str]] = []

    async def listen(call: web.Request) -> web.StreamResponse:
        message = (await call.json())["params"]["message"]
        key = str(message["metadata"][IDEMPOTENCY])
        heard.append((message["messageId"], key, call.headers["Idempotency-Key"]))
        return web.json_response({}, status=500)

    client = A2AClient()
    turns = (("k/0", "k"), ("k/1", "k"), ("l/0", "l"))
    async with peer(listen) as endpoint:
        for key, turn in turns:
            asked = request(key=key).model_copy(update={"turn": turn})
            with pytest.raises(AgentError, match="peer"):
                await client.run(asked, [SALES], endpoint)
    await client.aclose()
    assert [message for message, _, _ in heard] == [key for key, _ in turns]
    assert heard[0][1:] == heard[1][1:] != heard[2][1:]
    assert all(key == header for _, key, header in heard)


def calls_of(runner: CountingRunner, cache: ResponseCache, **more: object) -> AgentCalls:
    agent = Registration.model_validate({"name": "analysis", "synthetic": True, **more})
    return AgentCalls(registry=Registry([agent]), client=A2AClient(), local=runner, cache=cache)


async def test_nobody_stands_in_for_a_turn_that_has_acted() -> None:
    """Else another agent would act again, or a card would say that nothing was done."""
    runner = CountingRunner(errors=[AgentFailed("No luck.").after(RAN), AgentFailed("No luck.")])
    calls = calls_of(runner, ResponseCache())
    with pytest.raises(AgentFailed) as caught:
        await calls.run(request(), [SALES])
    assert caught.value.ran == RAN
    assert (await calls.run(request(), [SALES])).reason.startswith("No luck.")


async def test_an_answer_that_acted_is_not_given_again() -> None:
    """The same question wants the same act again."""
    runner = CountingRunner()
    runner.outcome = TurnOutcome(result=AgentResult(summary="paid"), ran=RAN)
    calls = calls_of(runner, ResponseCache(), cache_seconds=60)
    for _ in range(2):
        assert (await calls.run(request(), [SALES])).ran == RAN
    assert len(runner.requests) == 2
