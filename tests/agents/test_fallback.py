"""What answers when an agent does not, and what is kept of its answers."""

from pathlib import Path

import pytest

from agents.a2a_client import A2AClient
from agents.cache import ResponseCache, request_key
from agents.errors import AgentRefused, AgentUnreachable, UnknownAgent, UnusableInput
from agents.fallback import AgentCalls
from agents.registry import Registration, Registry
from tests.agents.inputs import SALES, request
from tests.agents.runners import CountingRunner
from workflows.results import AgentResult, AgentVersion, ExecutionMode
from workflows.turns import Feedback, TurnOutcome, TurnRequest

DOWN = "analysis cannot be reached. Check that it is running."


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


class ByName:
    """A runner that fails for the agents named in `down`."""

    def __init__(self, *down: str) -> None:
        self.down = set(down)
        self.asked: list[str] = []

    async def run(self, asked: TurnRequest, files: object) -> TurnOutcome:
        """See `TurnRunner`."""
        self.asked.append(asked.agent)
        if asked.agent in self.down:
            raise AgentUnreachable(DOWN)
        version = AgentVersion(name=asked.agent, version="1.0.0")
        return TurnOutcome(result=AgentResult(summary=f"By {asked.agent}."), version=version)


def calls(
    runner: ByName | CountingRunner,
    *registrations: Registration,
    cache: ResponseCache | None = None,
    give_up: bool = True,
) -> AgentCalls:
    return AgentCalls(
        registry=Registry(registrations),
        client=A2AClient(),
        local=runner,
        cache=cache or ResponseCache(),
        give_up=lambda: give_up,
    )


async def test_a_live_answer_is_live() -> None:
    """Nothing is said about it."""
    outcome = await calls(ByName(), Registration(name="analysis")).run(request(), [SALES])
    assert (outcome.execution_mode, outcome.reason) == (ExecutionMode.LIVE_AGENT, "")


async def test_another_agent_of_the_same_skill_comes_first() -> None:
    """And the reason names both."""
    runner = ByName("analysis")
    agents = (
        Registration(name="analysis", skills=("data",)),
        Registration(name="poetry", skills=("verse",)),
        Registration(name="spare", skills=("data", "more")),
    )
    outcome = await calls(runner, *agents).run(request(), [SALES])
    assert outcome.result is not None
    assert outcome.result.summary == "By spare."
    assert outcome.execution_mode is ExecutionMode.FALLBACK
    assert outcome.reason == f"{DOWN} spare answered instead."
    assert runner.asked == ["analysis", "spare"]


async def test_the_last_good_answer_comes_with_its_age() -> None:
    """To the same question only."""
    clock, runner = Clock(), ByName()
    cache = ResponseCache(clock=clock)
    of = calls(runner, Registration(name="analysis"), cache=cache)
    await of.run(request(), [SALES])
    clock.now += 7_300
    runner.down.add("analysis")
    outcome = await of.run(request(key="later"), [SALES])
    assert outcome.execution_mode is ExecutionMode.FALLBACK
    assert outcome.reason == f"{DOWN} Its last answer, 2 h old."
    with pytest.raises(AgentUnreachable):
        await of.run(request(content=b"other\n1\n"), [b"other\n1\n"])


async def test_configured_data_then_a_synthetic_answer() -> None:
    """A synthetic one only where it is allowed, and it says that nothing was examined."""
    prepared = Registration(name="analysis", fallback=AgentResult(summary="As last year."))
    outcome = await calls(ByName("analysis"), prepared).run(request(), [SALES])
    assert outcome.result == prepared.fallback
    assert outcome.execution_mode is ExecutionMode.FALLBACK
    allowed = Registration(name="analysis", synthetic=True)
    outcome = await calls(ByName("analysis"), allowed).run(request(), [SALES])
    assert outcome.execution_mode is ExecutionMode.SYNTHETIC
    assert outcome.result is not None
    assert "Nothing was examined" in outcome.result.summary


async def test_without_a_stand_in_the_error_stays() -> None:
    """The step fails as it would have."""
    with pytest.raises(AgentUnreachable, match="cannot be reached"):
        await calls(ByName("analysis"), Registration(name="analysis")).run(request(), [SALES])


async def test_retries_come_before_the_fallback() -> None:
    """Until the last attempt the error goes up."""
    agent = Registration(name="analysis", synthetic=True)
    with pytest.raises(AgentUnreachable):
        await calls(ByName("analysis"), agent, give_up=False).run(request(), [SALES])


async def test_an_unreadable_input_has_no_fallback() -> None:
    """It is the person's to mend."""
    runner = CountingRunner(errors=[UnusableInput("sales.csv is empty.")])
    agent = Registration(name="analysis", synthetic=True)
    with pytest.raises(UnusableInput):
        await calls(runner, agent).run(request(), [SALES])


async def test_a_pinned_version_is_kept_to() -> None:
    """A mismatch is refused with a sentence, and nobody waits for retries."""
    agent = Registration(name="analysis", version="2.0.0")
    with pytest.raises(AgentRefused, match=r"says it is version 1\.0\.0, but 2\.0\.0 is pinned"):
        await calls(ByName(), agent).run(request(), [SALES])


async def test_an_unknown_agent_is_named() -> None:
    """With the names there are."""
    with pytest.raises(UnknownAgent, match="There are: spare"):
        await calls(ByName(), Registration(name="spare")).run(request(), [SALES])


async def test_the_cache_answers_within_its_time() -> None:
    """And not after, nor for another requester."""
    clock, runner = Clock(), ByName()
    cache = ResponseCache(clock=clock)
    of = calls(runner, Registration(name="analysis", cache_seconds=60), cache=cache)
    await of.run(request(), [SALES])
    clock.now += 59
    again = await of.run(request(key="again"), [SALES])
    assert again.reason == "From the cache, 59 s old."
    assert (cache.hits, len(runner.asked)) == (1, 1)
    await of.run(request().model_copy(update={"requester": "somebody else"}), [SALES])
    clock.now += 2
    await of.run(request(), [SALES])
    assert len(runner.asked) == 3


async def test_the_cache_outlives_the_process(tmp_path: Path) -> None:
    """A damaged file is a miss, not an error."""
    outcome = await ByName().run(request(), [])
    await ResponseCache(tmp_path).put("key", outcome)
    found = await ResponseCache(tmp_path).get("key", 60)
    assert found is not None
    assert found.outcome == outcome
    (tmp_path / "key.json").write_text("{")
    assert await ResponseCache(tmp_path).get("key", 60) is None
    assert not list(tmp_path.glob("*.part"))


def test_the_key_is_the_question() -> None:
    """Whatever may change the answer changes the key; ids and retries do not."""
    first = request()
    same = first.model_copy(update={"key": "x", "task_id": "y", "workflow_id": "z", "revision": 2})
    feedback = Feedback(text="more", by="Ann", previous=AgentResult(summary="x"))
    others = [
        first.model_copy(update=change)
        for change in (
            {"agent": "report"},
            {"requester": "Ann"},
            {"model": "gemini-pro-latest"},
            {"temperature": 0.7},
            {"feedback": feedback},
            {"inputs": ()},
        )
    ]
    assert request_key(first) == request_key(same)
    assert len({request_key(item) for item in [first, *others]}) == 7
    assert request_key(first) != request_key(first, "2.0.0")
