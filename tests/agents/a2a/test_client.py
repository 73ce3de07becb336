"""Our client against our server, over loopback."""

import asyncio
import socket
from pathlib import Path
from time import monotonic

import httpx
import pytest
from pydantic import SecretStr

from agents.a2a.client import A2AClient
from agents.a2a.endpoints import Endpoint
from agents.catalogue import CATALOGUE
from agents.errors import AgentFailed, AgentRefused, AgentTimedOut, AgentUnreachable, UnusableInput
from agents.runtime.local import LocalAgents
from agents.runtime.server import ServerParts, serve
from storage.agent_answers import AnswerFile
from tests.agents.requests import SALES, request
from tests.agents.runners import CountingRunner
from tests.agents.servers import TOKEN, signoff_agents
from workflows.messages.turns import Question, TurnOutcome


@pytest.fixture
def port() -> int:
    """A free port."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


async def call(endpoint: Endpoint, key: str = "k", content: bytes = SALES) -> TurnOutcome:
    client = A2AClient()
    try:
        return await client.run(request(content=content, key=key), [content], endpoint)
    finally:
        await client.aclose()


async def test_an_agent_answers_over_a2a(port: int, local: LocalAgents) -> None:
    """The same result as in this process, with the version that ran."""
    async with signoff_agents(local, port) as endpoint:
        outcome = await call(endpoint)
    direct = await local.run(request(key="k"), [SALES])
    assert outcome.cost.turn.calls == direct.cost.turn.calls == 2
    assert outcome == direct.model_copy(update={"cost": outcome.cost})
    assert outcome.version is not None
    assert outcome.version.model_version == "offline/analysis"


async def test_the_request_arrives_whole(port: int) -> None:
    """Inputs as bytes, and the rest of the request as it was sent."""
    runner = CountingRunner()
    content = bytes(range(256))
    async with signoff_agents(runner, port) as endpoint:
        await call(endpoint, content=content)
    assert runner.files == [[content]]
    assert runner.requests[0] == request(content=content, key="k")


async def test_a_repeat_of_a_running_call_waits_for_the_first(port: int) -> None:
    """Three retries at the same time are one run."""
    runner = CountingRunner(seconds=0.3)
    async with signoff_agents(runner, port) as endpoint:
        outcomes = await asyncio.gather(*(call(endpoint) for _ in range(3)))
    assert len(runner.requests) == 1
    assert len({outcome.model_dump_json() for outcome in outcomes}) == 1


async def test_a_repeat_of_a_finished_call_gets_its_result(port: int) -> None:
    """And another key is another run."""
    runner = CountingRunner()
    async with signoff_agents(runner, port) as endpoint:
        first, again, other = [await call(endpoint, key) for key in ("a", "a", "b")]
    assert first == again != other
    assert len(runner.requests) == 2


async def test_a_call_whose_client_went_away_is_finished_for_its_retry(port: int) -> None:
    """A worker that dies while the agent works finds the result when it asks again."""
    runner = CountingRunner(seconds=0.5)
    async with signoff_agents(runner, port) as endpoint:
        with pytest.raises(AgentTimedOut):
            await call(endpoint.model_copy(update={"seconds": 0.2}))
        outcome = await call(endpoint)
    assert outcome.result is not None
    assert len(runner.requests) == 1


async def test_a_call_that_fails_at_once_is_run_once(port: int) -> None:
    """Also where its stream is read slower than it fails."""
    runner = CountingRunner(errors=[AgentFailed(f"No luck {at}.") for at in range(5)])
    async with signoff_agents(runner, port) as endpoint:
        with pytest.raises(AgentFailed, match=r"No luck 0\."):
            await call(endpoint)
    assert len(runner.requests) == 1


async def test_a_failed_call_may_be_repeated(port: int) -> None:
    """A failure is not remembered."""
    runner = CountingRunner(errors=[AgentFailed("The model is overloaded.")])
    async with signoff_agents(runner, port) as endpoint:
        with pytest.raises(AgentFailed, match=r"The model is overloaded\.") as caught:
            await call(endpoint)
        assert caught.value.retryable
        assert (await call(endpoint)).result is not None


async def test_a_repeat_after_a_restart_gets_the_first_answer(port: int, tmp_path: Path) -> None:
    """Results and questions are kept on disk; a failure is not, and nobody else gets them."""
    asking = TurnOutcome(questions=(Question(id="q", tool="pay"),), session="{}")
    first, second = CountingRunner(), CountingRunner()
    answers = AnswerFile(tmp_path / "agents.db")
    parts = ServerParts(token=TOKEN, answers=answers)
    async with signoff_agents(first, port, parts=parts) as endpoint:
        told = await call(endpoint, "a")
        first.outcome = asking
        asked = await call(endpoint, "question")
        first.errors.append(AgentFailed("No luck."))
        with pytest.raises(AgentFailed):
            await call(endpoint, "failed")
    await answers.close()
    answers = AnswerFile(tmp_path / "agents.db")
    parts = ServerParts(token=TOKEN, answers=answers)
    async with signoff_agents(second, port, parts=parts) as endpoint:
        assert await call(endpoint, "a") == told
        assert await call(endpoint, "question") == asked
        assert second.requests == []
        with pytest.raises(AgentRefused):
            await call(endpoint, "a", content=b"something else")
        assert (await call(endpoint, "failed")).result is not None
        await asyncio.gather(*(call(endpoint, "new") for _ in range(3)))
    await answers.close()
    assert len(second.requests) == 2


async def test_a_new_version_answers_anew(
    port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the old one had said is not what the new one says."""
    runner, answers = CountingRunner(), AnswerFile(tmp_path / "agents.db")
    parts = ServerParts(token=TOKEN, answers=answers)
    async with signoff_agents(runner, port, parts=parts) as endpoint:
        await call(endpoint)
    newer = CATALOGUE["analysis"].model_copy(update={"version": "1.1.0"})
    monkeypatch.setattr("agents.runtime.server.find", lambda name, own: newer)
    parts = ServerParts(token=TOKEN, answers=answers, names=("analysis",))
    async with signoff_agents(runner, port, parts=parts) as endpoint:
        outcome = await call(endpoint)
    await answers.close()
    assert outcome.version is not None
    assert outcome.version.version == "1.1.0"
    assert len(runner.requests) == 2


async def test_a_key_with_another_content_is_refused(port: int) -> None:
    """A key names one request."""
    async with signoff_agents(CountingRunner(), port) as endpoint:
        await call(endpoint)
        with pytest.raises(AgentRefused):
            await call(endpoint, content=b"something else")


async def test_the_agents_own_sentence_arrives(port: int, local: LocalAgents) -> None:
    """An unreadable input is the person's to mend, also over A2A; it is not tried again."""
    async with signoff_agents(local, port) as endpoint:
        with pytest.raises(UnusableInput, match=r"sales\.csv has a header but no rows") as caught:
            await call(endpoint, content=b"a,b\n")
    assert not caught.value.retryable


async def test_an_unexpected_fault_is_not_told_to_the_peer(port: int) -> None:
    """The exception's text stays in the log."""
    runner = CountingRunner(errors=[RuntimeError("password=hunter2")])
    async with signoff_agents(runner, port) as endpoint:
        with pytest.raises(AgentFailed) as caught:
            await call(endpoint)
    assert "hunter2" not in caught.value.sentence
    assert caught.value.retryable


async def test_a_wrong_token_is_refused(port: int) -> None:
    """And trying again is no use; cards and health are open."""
    runner = CountingRunner()
    async with signoff_agents(runner, port) as endpoint:
        for token in ("", "open", TOKEN + "!"):
            wrong = endpoint.model_copy(update={"token": SecretStr(token)})
            with pytest.raises(AgentRefused, match="Check its token") as caught:
                await call(wrong)
            assert not caught.value.retryable
    assert runner.requests == []


async def test_nobody_there_is_unreachable(port: int) -> None:
    """Worth trying again."""
    with pytest.raises(AgentUnreachable, match="analysis cannot be reached") as caught:
        await call(Endpoint(name="analysis", url=f"http://127.0.0.1:{port}/analysis/"))
    assert caught.value.retryable


async def test_health_and_both_card_paths_answer(port: int) -> None:
    """Without a token: that is how others find the agent."""
    async with signoff_agents(CountingRunner(), port), httpx.AsyncClient(trust_env=False) as http:
        health = await http.get(f"http://127.0.0.1:{port}/health")
        cards = [
            (await http.get(f"http://127.0.0.1:{port}/strategy/.well-known/{name}")).json()
            for name in ("agent-card.json", "agent.json")
        ]
    assert health.json()["status"] == "healthy"
    assert cards[0] == cards[1]
    assert cards[0]["supportedInterfaces"][0]["url"] == f"http://127.0.0.1:{port}/strategy/"
    assert cards[0]["capabilities"]["extensions"][0]["params"]["prompt_version"] == "1"


@pytest.mark.parametrize("body", [b"", b"{", b"[" * 50_000, b"\xff\xfe", b'{"jsonrpc":"2.0"}'])
async def test_junk_is_answered_without_a_server_error(port: int, body: bytes) -> None:
    """As a JSON-RPC error or a 4xx, and the server lives on."""
    url = f"http://127.0.0.1:{port}/analysis/"
    headers = {"Authorization": f"Bearer {TOKEN}", "A2A-Version": "1.0"}
    async with signoff_agents(CountingRunner(), port) as endpoint:
        async with httpx.AsyncClient(trust_env=False, headers=headers) as http:
            answer = await http.post(url, content=body)
        assert answer.status_code < 500
        assert (await call(endpoint)).result is not None


async def test_too_large_a_request_is_refused(port: int) -> None:
    """By its declared length, before it is read."""
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Length": str(10**12)}
    async with signoff_agents(CountingRunner(), port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        lines = [
            "POST /analysis/ HTTP/1.1",
            "Host: localhost",
            *(f"{k}: {v}" for k, v in headers.items()),
        ]
        writer.write("\r\n".join([*lines, "", ""]).encode())
        assert b"413" in await reader.readline()
        writer.close()
        await writer.wait_closed()


async def test_many_calls_at_once(port: int) -> None:
    """Fifty calls are fifty runs."""
    runner = CountingRunner(seconds=0.05)
    client = A2AClient()
    async with signoff_agents(runner, port) as endpoint:
        await asyncio.gather(
            *(client.run(request(key=f"k{at}"), [SALES], endpoint) for at in range(50))
        )
    await client.aclose()
    assert len(runner.requests) == 50


async def test_stopping_does_not_wait_for_a_long_run(port: int) -> None:
    """The server is down within seconds, and the caller may try again."""
    runner = CountingRunner(seconds=60)
    async with signoff_agents(runner, port) as endpoint:
        calling = asyncio.create_task(call(endpoint))
        await runner.called.wait()
        stopping = monotonic()
    with pytest.raises(AgentUnreachable):
        await asyncio.wait_for(calling, 5)
    assert monotonic() - stopping < 8


async def test_twenty_megabytes_go_through(port: int) -> None:
    """The largest input there may be."""
    runner = CountingRunner()
    content = bytes(range(256)) * 78_125
    async with signoff_agents(runner, port) as endpoint:
        assert (await call(endpoint, content=content)).result is not None
    assert runner.files == [[content]]


async def test_an_open_door_to_the_network_is_refused(port: int) -> None:
    """Without a token, loopback only."""
    with pytest.raises(ValueError, match=r"Agents on 0\.0\.0\.0 need a token"):
        await serve(
            CountingRunner(), ServerParts(), host="0.0.0.0", port=port, stop=asyncio.Event()
        )


async def test_a_taken_port_is_an_error(port: int) -> None:
    """An OSError, not an exit of the process."""
    with socket.create_server(("127.0.0.1", port)), pytest.raises(OSError, match="in use"):
        async with signoff_agents(CountingRunner(), port):
            pass
