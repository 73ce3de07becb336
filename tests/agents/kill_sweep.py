"""Kills a process at every point of a turn.

    python -m tests.agents.kill_sweep FOLDER [asking] [a2a]

`asking` kills the turn after people's approval, `a2a` the agents' server instead of a worker.
Prints one JSON line for each point: where it was killed, what had been done, what the next attempt
came to, and what had been done then. ADK is loaded once, and each attempt is a fork.
"""

import asyncio
import json
import os
import signal
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import httpx

from agents.a2a.client import A2AClient
from agents.a2a.endpoints import Endpoint
from agents.errors import AgentUnreachable
from agents.runtime.local import LocalAgents
from agents.runtime.server import ServerParts, serve
from bot.processes.turn_journal import KeptTurns
from storage.agent_answers import AnswerFile
from tests.agents.acting import NAME, PointedJournal, Points, install
from tests.conftest import free_port
from workflows.messages.turns import ToolDecision, TurnOutcome, TurnRequest

MOST_POINTS = 100


def request(outcome: TurnOutcome | None) -> TurnRequest:
    """The turn; after people have approved its calls, where they were asked."""
    asked = TurnRequest(
        key="k/0", turn="k", agent=NAME, task_id="t", workflow_id="w", step="s", model="acting/one"
    )
    if outcome is None:
        return asked
    answers = tuple(ToolDecision(question_id=q.id, confirmed=True) for q in outcome.questions)
    more = {"session": outcome.session, "answers": answers, "turn": "k/1"}
    return asked.model_copy(update=more)


@dataclass(frozen=True)
class Case:
    """One attempt: its folder, and the point at which it is killed, or 0."""

    folder: Path
    kill_at: int
    asked: TurnRequest
    asking: bool

    def runner(self, kept: KeptTurns) -> LocalAgents:
        """The agents of this process."""
        points = Points(self.kill_at, self.folder / "killed")
        install(self.folder, points, asking=self.asking)
        return LocalAgents(offline=False, journal=PointedJournal(kept, points))


async def attempt(case: Case) -> TurnOutcome:
    """As a worker does it."""
    kept = KeptTurns(case.folder)
    outcome = await case.runner(kept).run(case.asked, [])
    await kept.close()
    return outcome


async def warm(folder: Path) -> None:
    """Load what ADK loads when it is first used, so that the forks need not."""
    install(folder)
    await LocalAgents(offline=False).run(request(None), [])


def forked(case: Case) -> TurnOutcome | None:
    """One attempt in a process of its own; nothing when it was killed."""
    child = os.fork()
    if child == 0:
        outcome = asyncio.run(attempt(case))
        (case.folder / "outcome").write_text(outcome.model_dump_json(), encoding="utf-8")
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
        return None
    assert status == 0
    return TurnOutcome.model_validate_json((case.folder / "outcome").read_bytes())


def served(case: Case) -> TurnOutcome | None:
    """One attempt by way of a server in a process of its own; nothing when that was killed."""
    port = free_port()
    child = os.fork()
    if child == 0:
        asyncio.run(serve_it(case, port))
        os._exit(0)
    try:
        return asyncio.run(called(case, port))
    except AgentUnreachable:
        assert (case.folder / "killed").exists()
        return None
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


async def serve_it(case: Case, port: int) -> None:
    """As `signoff agents` does it."""
    kept, answers = KeptTurns(case.folder), AnswerFile(case.folder / "agents.db")
    parts = ServerParts(names=(NAME,), offline=False, answers=answers)
    runner = case.runner(kept)
    await serve(runner, parts, host="127.0.0.1", port=port, stop=asyncio.Event())


async def called(case: Case, port: int) -> TurnOutcome:
    """As a worker calls it, once it is there."""
    client, endpoint = A2AClient(), Endpoint(name=NAME, url=f"http://127.0.0.1:{port}/{NAME}/")
    try:
        await ready(client, endpoint)
        return await client.run(case.asked, [], endpoint)
    finally:
        await client.aclose()


async def ready(client: A2AClient, endpoint: Endpoint) -> None:
    """Until it answers."""
    for _ in range(600):
        try:
            if await client.status(endpoint) == 200:
                return
        except httpx.HTTPError:
            pass
        await asyncio.sleep(0.05)
    raise TimeoutError


def main(folder: Path, *, asking: bool, a2a: bool) -> None:
    """Until a point is never reached."""
    run = served if a2a else forked
    asyncio.run(warm(_new(folder, MOST_POINTS)))
    first: TurnOutcome | None = None
    if asking:
        first = run(Case(_new(folder, 0), 0, request(None), asking))
    for at in range(1, MOST_POINTS):
        place = _new(folder, at)
        case = Case(place, at, request(first), asking)
        if run(case) is not None:
            return
        before = len(install(place).acts())
        outcome = run(replace(case, kill_at=0))
        assert outcome is not None
        witness = install(place)
        line = {
            "point": (place / "killed").read_text(encoding="utf-8"),
            "before": before,
            "acts": witness.acts(),
            "keys": len(set(witness.keys())),
            "asked": [question.arguments["to"] for question in outcome.questions],
            "ran": [[run.tool, run.status] for run in outcome.ran],
            "result": outcome.result.summary if outcome.result else "",
        }
        print(json.dumps(line), flush=True)


def _new(folder: Path, at: int) -> Path:
    place = folder / str(at)
    place.mkdir()
    return place


if __name__ == "__main__":
    main(Path(sys.argv[1]), asking="asking" in sys.argv, a2a="a2a" in sys.argv)
