"""Calls of agents over A2A, beside bare POSTs: `python -m benchmarks.agents`.

Both servers run in a process of their own, as they would in life: our agents' server as it is in
production (token, answers on disk), and an aiohttp handler that reads a body and answers JSON.
"""

import asyncio
import json
import multiprocessing
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from multiprocessing.synchronize import Event
from pathlib import Path

import aiohttp
from aiohttp import web
from pydantic import SecretStr

from agents.a2a.client import A2AClient
from agents.a2a.endpoints import Endpoint
from agents.runtime.cache import ResponseCache
from agents.runtime.fallback import AgentCalls
from agents.runtime.registry import Registration, Registry
from agents.runtime.server import ServerParts, serve
from benchmarks.figures import Json, beside, quantile, say, spread
from benchmarks.setting.place import free_ports
from storage.agent_answers import AnswerFile
from workflows.messages.results import AgentResult, AgentVersion
from workflows.messages.turns import TurnOutcome, TurnRequest

TOKEN = "benchmark"
CALLS = 200
ROUNDS = 3
AT_ONCE = 50
HITS = 100
TEXT = "x" * 2_000
READY_SECONDS = 60.0


class Instant:
    """An agent that knows the answer."""

    async def run(self, request: TurnRequest, files: Sequence[bytes]) -> TurnOutcome:
        """See `TurnRunner`."""
        return TurnOutcome(result=AgentResult(summary="All is well.", full_text=TEXT))

    def version(self, request: TurnRequest) -> AgentVersion:
        """See `LocalRunner`."""
        return AgentVersion(name=request.agent, version="1.0.0", prompt_version="1")


def main() -> None:
    """Measure, print one JSON line each."""
    asyncio.run(agents())


async def agents() -> None:
    """All figures of calls."""
    spawn = multiprocessing.get_context("spawn")
    done, ports = spawn.Event(), free_ports(2)
    with tempfile.TemporaryDirectory() as folder:
        process = spawn.Process(target=run_servers, args=(ports, folder, done), daemon=True)
        process.start()
        try:
            await _measure(ports[0], ports[1], Path(folder))
        finally:
            done.set()
            await asyncio.to_thread(process.join, 10)


async def _measure(a2a_port: int, bare_port: int, folder: Path) -> None:
    bare_url = f"http://127.0.0.1:{bare_port}/"
    url = f"http://127.0.0.1:{a2a_port}/analysis/"
    endpoint = Endpoint(name="analysis", url=url, token=SecretStr(TOKEN))
    async with AsyncExitStack() as stack:
        connector = aiohttp.TCPConnector(limit=AT_ONCE)
        http = await stack.enter_async_context(aiohttp.ClientSession(connector=connector))
        client = A2AClient()
        stack.push_async_callback(client.aclose)

        async def bare(number: int) -> None:
            body = _request(number).model_dump_json().encode()
            async with http.post(bare_url, data=body) as answer:
                await answer.json()

        async def call(number: int) -> None:
            await client.run(_request(number), [], endpoint)

        await _ready(lambda: bare(-1))
        await _ready(lambda: call(-1))
        floor = [took for turn in range(ROUNDS) for took in await _one_by_one(bare, turn)]
        before = time.process_time()
        rounds = [await _one_by_one(call, turn) for turn in range(ROUNDS)]
        computed = {
            "caller_cpu_ms": round((time.process_time() - before) * 1e3 / CALLS / ROUNDS, 2)
        }
        say("A2A call, beside a bare aiohttp POST", beside(spread(rounds), floor) | computed)
        floor = [await _at_once(bare, 10 + turn) for turn in range(ROUNDS)]
        rounds = [[await _at_once(call, 10 + turn)] for turn in range(ROUNDS)]
        say(f"{AT_ONCE} A2A calls at once", beside(spread(rounds), floor))
        await _cache(folder / "answers")


async def _cache(folder: Path) -> None:
    """A turn that the cache answers, from memory; then by a new process's cache, from disk."""
    agent = Registration(name="analysis", cache_seconds=3_600)

    def calls() -> AgentCalls:
        return AgentCalls(
            registry=Registry([agent]),
            client=A2AClient(),
            local=Instant(),
            cache=ResponseCache(folder),
        )

    warm = calls()
    for number in range(HITS):
        await warm.run(_request(number), [])

    async def hit(of: AgentCalls, number: int) -> None:
        outcome = await of.run(_request(number), [])
        assert outcome.reason.startswith("From the cache"), outcome.reason

    for name, of in (("memory", warm), ("disk", calls())):
        times = await _one_by_one(lambda number, of=of: hit(of, number), 0, HITS)  # type: ignore[misc]
        say(f"cache hit, {name}", _microseconds(times))


def _microseconds(times: Sequence[float]) -> Json:
    p50, p99 = (round(quantile(times, share) * 1e6) for share in (0.5, 0.99))
    return {"p50_us": p50, "p99_us": p99, "n": len(times)}


async def _one_by_one(
    work: Callable[[int], Awaitable[None]], turn: int, count: int = CALLS
) -> list[float]:
    times = []
    for number in range(count):
        before = time.perf_counter()
        await work(turn * CALLS + number)
        times.append(time.perf_counter() - before)
    return times


async def _at_once(work: Callable[[int], Awaitable[None]], turn: int) -> float:
    before = time.perf_counter()
    await asyncio.gather(*(work(turn * CALLS + number) for number in range(AT_ONCE)))
    return time.perf_counter() - before


async def _ready(work: Callable[[], Awaitable[None]]) -> None:
    """Until the server answers; the first calls are not measured."""
    until = time.monotonic() + READY_SECONDS
    while True:
        try:
            await work()
        except Exception:
            if time.monotonic() > until:
                raise
            await asyncio.sleep(0.1)
        else:
            return


def _request(number: int) -> TurnRequest:
    return TurnRequest(
        key=f"benchmark-{number}",
        agent="analysis",
        task_id=f"t-{number}",
        workflow_id=f"t-{number}",
        step="analysis",
        requester=f"U{number}",
    )


def run_servers(ports: list[int], folder: str, done: Event) -> None:
    """Both servers, until it is done."""
    asyncio.run(_run_servers(ports, Path(folder), done))


async def _run_servers(ports: list[int], folder: Path, done: Event) -> None:
    async def answer(request: web.Request) -> web.Response:
        json.loads(await request.read())
        return web.json_response({"summary": "All is well.", "full_text": TEXT})

    app, stop = web.Application(), asyncio.Event()
    app.router.add_post("/", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", ports[1]).start()
    answers = AnswerFile(folder / "agents.db")
    parts = ServerParts(token=TOKEN, names=("analysis",), answers=answers)
    serving = asyncio.create_task(
        serve(Instant(), parts, host="127.0.0.1", port=ports[0], stop=stop)
    )
    await asyncio.to_thread(done.wait)
    stop.set()
    await serving
    await answers.close()
    await runner.cleanup()


if __name__ == "__main__":
    main()
