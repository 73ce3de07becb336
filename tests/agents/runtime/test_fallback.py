"""What answers when an agent does not, and what is kept of its answers."""

from pathlib import Path

import pytest

from agents.a2a.client import A2AClient
from agents.errors import AgentUnreachable, UnknownAgent, UnusableInput, WrongVersion
from agents.runtime.cache import ResponseCache, request_key
from agents.runtime.fallback import AgentCalls
from agents.runtime.figures import CacheUse, CallFigures
from agents.runtime.registry import Registration, Registry
from tests.agents.requests import SALES, request
from tests.agents.runners import CountingRunner
from tests.agents.servers import signoff_agents
from tests.conftest import free_port
from workflows.messages.results import AgentPin, AgentResult, AgentVersion, ExecutionMode
from workflows.messages.turns import Feedback, TurnOutcome, TurnRequest
from workflows.task.cost import Spent

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
        self.number = "1.0.0"
        self.model = "offline/x"

    async def run(self, asked: TurnRequest, files: object) -> TurnOutcome:
        """See `TurnRunner`."""
        self.asked.append(asked.agent)
        if asked.agent in self.down:
            raise AgentUnreachable(DOWN)
        result = AgentResult(summary=f"By {asked.agent}.")
        return TurnOutcome(result=result, version=self.version(asked))

    def version(self, asked: TurnRequest) -> AgentVersion:
        """See `LocalRunner`."""
        return AgentVersion(
            name=asked.agent, version=self.number, prompt_version="1", model_version=self.model
        )


class Figures:
    """What was counted of the cache."""

    def __init__(self) -> None:
        self.cache: list[tuple[str, str]] = []

    def agent_spent(self, agent: str, spent: Spent) -> None:
        """See `CallFigures`."""

    def agent_called(self, agent: str, status: str, mode: str, seconds: float) -> None:
        """See `CallFigures`; the activity calls this one."""

    def agent_cache(self, agent: str, use: CacheUse) -> None:
        """See `CallFigures`."""
        self.cache.append((agent, use.value))


def calls(
    runner: ByName | CountingRunner,
    *registrations: Registration,
    cache: ResponseCache | None = None,
    give_up: bool = True,
    figures: CallFigures | None = None,
) -> AgentCalls:
    return AgentCalls(
        registry=Registry(registrations),
        client=A2AClient(),
        local=runner,
        cache=cache or ResponseCache(),
        give_up=lambda: give_up,
        figures=figures,
    )


async def test_a_live_answer_is_live() -> None:
    """Nothing is said about it."""
    outcome = await calls(ByName(), Registration(name="analysis")).run(request(), [SALES])
    assert (outcome.execution_mode, outcome.reason) == (ExecutionMode.LIVE_AGENT, "")


async def test_a_configured_endpoint_is_called_over_a2a() -> None:
    """Rather than the agent of the same name in this process."""
    remote, here = CountingRunner(), CountingRunner()
    async with signoff_agents(remote, free_port()) as endpoint:
        agent = Registration(name="analysis", endpoint=endpoint)
        outcome = await calls(here, agent).run(request(), [SALES])
    assert outcome.result is not None
    assert (len(remote.requests), len(here.requests)) == (1, 0)
    assert remote.files == [[SALES]]


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
    assert not outcome.result.offline  # no offline model wrote it either


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


PINS: dict[str, tuple[AgentPin, str]] = {
    "version": (AgentPin(version="2.0.0"), "is version 1.0.0, but 2.0.0 is pinned"),
    "model": (AgentPin(model_version="gemini"), "is model offline/x, but gemini is pinned"),
    "prompt": (AgentPin(prompt_version="7"), "is prompt version 1, but 7 is pinned"),
    "api": (AgentPin(api_version="2.0"), "is API version unknown, but 2.0 is pinned"),
    "capability": (AgentPin(capabilities=("chess",)), "does not declare what is pinned: chess"),
}


@pytest.mark.parametrize("pinned", PINS)
async def test_a_pin_is_kept_to(pinned: str) -> None:
    """A mismatch is refused with a sentence: no retries, and nobody stands in."""
    pin, says = PINS[pinned]
    agents = (
        Registration(name="analysis", synthetic=True, skills=("data",)),
        Registration(name="spare", skills=("data",)),
    )
    asked = request().model_copy(update={"pin": pin})
    with pytest.raises(WrongVersion) as caught:
        await calls(ByName(), *agents).run(asked, [SALES])
    assert says in caught.value.sentence
    assert not caught.value.retryable
    right = AgentPin(version="1.0.0", prompt_version="1", model_version="offline/x")
    outcome = await calls(ByName(), *agents).run(request().model_copy(update={"pin": right}), [])
    assert outcome.execution_mode is ExecutionMode.LIVE_AGENT


async def test_a_pin_of_the_settings_holds_where_the_step_has_none() -> None:
    """And the step's own goes over it."""
    agent = Registration(name="analysis", version="2.0.0")
    with pytest.raises(WrongVersion, match=r"says it is version 1\.0\.0, but 2\.0\.0 is pinned"):
        await calls(ByName(), agent).run(request(), [SALES])
    asked = request().model_copy(update={"pin": AgentPin(version="1.0.0")})
    assert (await calls(ByName(), agent).run(asked, [SALES])).result is not None


async def test_a_stand_in_need_not_be_what_was_pinned() -> None:
    """The pin is about the agent that is away; the card says who answered instead."""
    runner = ByName("analysis")
    agents = (
        Registration(name="analysis", skills=("data",)),
        Registration(name="spare", skills=("data",)),
    )
    asked = request().model_copy(update={"pin": AgentPin(version="9")})
    outcome = await calls(runner, *agents).run(asked, [SALES])
    assert outcome.reason.endswith("spare answered instead.")


async def test_a_last_answer_of_another_version_does_not_stand_in() -> None:
    """When the step has pinned one."""
    cache, runner = ResponseCache(), ByName()
    of = calls(runner, Registration(name="analysis"), cache=cache)
    await of.run(request(), [SALES])
    runner.down.add("analysis")
    pinned = request().model_copy(update={"pin": AgentPin(version="2.0.0")})
    with pytest.raises(AgentUnreachable):
        await of.run(pinned, [SALES])
    assert (await of.run(request(), [SALES])).execution_mode is ExecutionMode.FALLBACK


async def test_an_https_address_is_an_agent_of_its_own() -> None:
    """Without a line in the settings; plain http is not."""
    known = Registry([Registration(name="analysis")])
    found = known.get("https://agents.example/quotes/")
    assert found.endpoint is not None
    assert found.endpoint.url == "https://agents.example/quotes/"
    assert not found.endpoint.token.get_secret_value()
    with pytest.raises(UnknownAgent):
        known.get("http://agents.example/quotes/")


async def test_an_unknown_agent_is_named() -> None:
    """With the names there are."""
    with pytest.raises(UnknownAgent, match="There are: spare"):
        await calls(ByName(), Registration(name="spare")).run(request(), [SALES])


async def test_the_cache_answers_within_its_time() -> None:
    """And not after, nor for another requester; what it had is counted."""
    clock, runner, figures = Clock(), ByName(), Figures()
    cache = ResponseCache(clock=clock)
    agent = Registration(name="analysis", cache_seconds=60)
    of = calls(runner, agent, cache=cache, figures=figures)
    await of.run(request(), [SALES])
    clock.now += 59
    again = await of.run(request(key="again"), [SALES])
    assert again.reason == "From the cache, 59 s old."
    assert len(runner.asked) == 1
    await of.run(request().model_copy(update={"requester": "somebody else"}), [SALES])
    clock.now += 2
    await of.run(request(), [SALES])
    assert len(runner.asked) == 3
    assert figures.cache == [("analysis", use) for use in ("miss", "hit", "miss", "miss")]
    runner.down.add("analysis")
    clock.now += 3_600
    await of.run(request(), [SALES])
    assert figures.cache[4:] == [("analysis", "miss"), ("analysis", "last_good")]


async def test_another_version_model_or_prompt_answers_anew() -> None:
    """The cache is for the agent as it is now."""
    runner = ByName()
    of = calls(runner, Registration(name="analysis", cache_seconds=60))
    await of.run(request(), [SALES])
    runner.number = "1.0.1"
    await of.run(request(), [SALES])
    runner.model = "gemini"
    await of.run(request(), [SALES])
    await of.run(request(), [SALES])
    assert len(runner.asked) == 3


async def test_answers_are_shared_only_where_the_settings_say_so() -> None:
    """Then another requester's same question gets the same answer."""
    runner = ByName()
    of = calls(runner, Registration(name="analysis", cache_seconds=60, share_cache=True))
    await of.run(request().model_copy(update={"requester": "Ada"}), [SALES])
    again = await of.run(request().model_copy(update={"requester": "Grace"}), [SALES])
    assert again.reason.startswith("From the cache")
    assert len(runner.asked) == 1


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
    versions = [
        AgentVersion(name="analysis"),
        *(
            AgentVersion.model_validate({"name": "analysis", field: "2"})
            for field in ("version", "model_version", "prompt_version", "api_version")
        ),
    ]
    assert len({request_key(first, version) for version in [None, *versions]}) == 6
    assert request_key(first, shared=True) == request_key(others[1], shared=True)
