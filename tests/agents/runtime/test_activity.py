"""The activity: where the turn is run, what it reports, and what it logs."""

import asyncio
import hashlib

import pytest
import structlog
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

import agents.runtime.activity
from agents.errors import AgentFailed, UnusableInput
from agents.runtime.activity import TurnRunning
from agents.turn.runner import TurnRunner
from tests.agents.requests import SALES, request
from tests.agents.runners import CountingRunner
from workflows.messages.turns import Question, TurnOutcome, TurnRequest


class Store:
    """Input files in memory."""

    def __init__(self, *contents: bytes) -> None:
        self._contents = {hashlib.sha256(content).hexdigest(): content for content in contents}

    def damage(self) -> None:
        """Change a byte of everything."""
        self._contents = {name: content + b"!" for name, content in self._contents.items()}

    async def read(self, sha256: str) -> bytes:
        """See `ReadsInputs`."""
        return self._contents[sha256]


def activities(runner: TurnRunner, store: Store | None = None) -> TurnRunning:
    return TurnRunning(inputs=store or Store(SALES), runner=runner)


async def run(of: TurnRunning, asked: TurnRequest | None = None) -> TurnOutcome:
    return await ActivityEnvironment().run(of.run_turn, asked or request())


async def test_a_turn_is_run_with_the_bytes_of_its_inputs() -> None:
    """As they are kept."""
    here = CountingRunner()
    await run(activities(here))
    assert here.files == [[SALES]]


@pytest.mark.parametrize(
    ("error", "kind", "non_retryable"),
    [
        (AgentFailed("The model is overloaded."), "AgentFailed", False),
        (UnusableInput("a.csv is empty. Send another."), "UnusableInput", True),
    ],
)
async def test_an_agents_error_keeps_its_sentence(
    error: Exception, kind: str, non_retryable: bool
) -> None:
    """The type says which, and Temporal knows whether to try again."""
    with pytest.raises(ApplicationError) as caught:
        await run(activities(CountingRunner(errors=[error])))
    assert caught.value.message == str(error)
    assert (caught.value.type, caught.value.non_retryable) == (kind, non_retryable)


async def test_an_unexpected_error_is_not_shown() -> None:
    """Its text may hold secrets."""
    with pytest.raises(ApplicationError) as caught:
        await run(activities(CountingRunner(errors=[RuntimeError("hunter2")])))
    assert "hunter2" not in caught.value.message


async def test_a_damaged_input_is_not_used() -> None:
    """The checksum is checked again before the agent sees it."""
    store = Store(SALES)
    store.damage()
    here = CountingRunner()
    with pytest.raises(ApplicationError, match=r"sales\.csv was changed or damaged"):
        await run(activities(here, store=store))
    assert here.requests == []


async def test_a_long_turn_beats(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that Temporal sees a dead worker long before the deadline."""
    monkeypatch.setattr(agents.runtime.activity, "HEARTBEAT_SECONDS", 0.05)
    beats: list[object] = []
    environment = ActivityEnvironment()
    environment.on_heartbeat = lambda *details: beats.append(details)
    await environment.run(activities(CountingRunner(seconds=0.3)).run_turn, request())
    assert 3 <= len(beats) <= 6


async def test_a_cancelled_turn_stops() -> None:
    """The running call is cancelled with it."""
    environment = ActivityEnvironment()
    here = CountingRunner(seconds=30)
    running = asyncio.create_task(environment.run(activities(here).run_turn, request()))
    await here.called.wait()
    environment.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(running, 5)


async def test_one_line_is_logged_and_no_content() -> None:
    """Agent, workflow, step, size, duration, status, mode; nothing of the input or the answer."""
    with structlog.testing.capture_logs() as lines:
        await run(activities(CountingRunner()))
    (line,) = [line for line in lines if line["event"] == "agent_call"]
    assert line.pop("duration_ms") >= 0
    assert line == {
        "event": "agent_call",
        "log_level": "info",
        "agent": "analysis",
        "workflow": "workflow-1",
        "step": "analysis",
        "step_number": 1,
        "input_size": len(SALES),
        "status": "ok",
        "execution_mode": "live_agent",
        "model_calls": 0,
        "model_tokens": 0,
        "model_seconds": 0,
        "model_money": 0,
        "models": [],
    }


async def test_a_call_that_cannot_be_shown_fails_in_a_sentence() -> None:
    """It names the tool and the argument; a deeper one could not even be read again."""
    deep: list[object] = []
    for _ in range(200):
        deep = [deep]
    runner = CountingRunner()
    runner.outcome = TurnOutcome(
        questions=(Question(id="q", tool="deploy", arguments={"tags": deep}),)
    )
    with pytest.raises(ApplicationError, match=r"'tags' of deploy .* nested more than") as caught:
        await run(activities(runner))
    assert caught.value.type == "BadAnswer"
