"""An act runs once, whatever fails after it: in the worker, over attempts, Retry and revisions."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from google.adk.agents.llm_agent import LlmAgent
from google.adk.agents.sequential_agent import SequentialAgent
from google.adk.plugins.reflect_retry_tool_plugin import ReflectAndRetryToolPlugin
from google.adk.tools.function_tool import FunctionTool
from google.adk.tools.tool_context import ToolContext
from google.adk.workflow import BaseNode
from google.genai import types

from agents.catalogue import LocalAgent
from agents.errors import AgentError, AgentFailed
from agents.journal.journal import TurnJournal
from agents.runtime import local
from agents.runtime.local import LocalAgents
from agents.tool_policy.rules import RuleEngine
from bot.processes.turn_journal import KeptTurns
from storage.payloads.codec import AesGcmCodec
from tests.agents.scripted import ScriptedModel, calls, overloaded, reset, returned, says, script
from tests.agents.witness import Witness
from workflows.messages.results import RunStatus, ToolRun
from workflows.messages.turns import ToolDecision, TurnOutcome, TurnRequest

ABOUT = LocalAgent(name="trap", title="Trap", description="Acts.", model="scripted/trap")
REQUEST = TurnRequest(
    key="k/0",
    turn="k",
    agent="trap",
    task_id="t-1",
    workflow_id="w",
    step="trap",
    model="scripted/trap",
)
Build = Callable[[], BaseNode]
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture
def witness(tmp_path: Path) -> Witness:
    return Witness(tmp_path / "acts")


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[KeptTurns]:
    kept = KeptTurns(tmp_path)
    yield kept
    await kept.close()


class Stage:
    """Runs turns of a scripted agent, each in a runner that knows nothing but the journal."""

    def __init__(self, journal: TurnJournal) -> None:
        self.journal = journal
        self.build: Build = lambda: LlmAgent(name="trap", model="scripted/trap")
        self.plugins: Callable[[], list[Any]] = list
        self.policy: RuleEngine | None = None

    def acts_with(self, witness: Witness, *turns: Any, asking: bool = False) -> None:
        """One agent with the witness's tools, and what its model says."""
        script("trap", *turns)
        self.build = lambda: LlmAgent(
            name="trap", model="scripted/trap", tools=list(witness.tools(asking=asking))
        )

    async def turn(self, **changed: Any) -> TurnOutcome:
        """One attempt."""
        agents = LocalAgents(offline=False, journal=self.journal, policy=self.policy)
        return await agents.run(REQUEST.model_copy(update=changed), [])

    async def fails(self, **changed: Any) -> AgentError:
        with pytest.raises(AgentError) as caught:
            await self.turn(**changed)
        return caught.value


@pytest.fixture
def stage(journal: KeptTurns, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    made = Stage(journal)
    ScriptedModel.scripts.clear()
    monkeypatch.setattr(local, "find", lambda *_: ABOUT)
    module = ModuleType("agents.samples.trap.agent")
    vars(module).update(
        build=lambda model, heat: made.build(), plugins=lambda: list(made.plugins())
    )
    monkeypatch.setitem(sys.modules, "agents.samples.trap.agent", module)
    yield made
    ScriptedModel.scripts.clear()


def yes(outcome: TurnOutcome, **more: Any) -> dict[str, Any]:
    """The turn after people said yes to everything."""
    answers = tuple(
        ToolDecision(question_id=question.id, confirmed=True, **more)
        for question in outcome.questions
    )
    return {"session": outcome.session, "answers": answers, "turn": "k/next"}


FAILURES = {"overloaded": overloaded, "reset": reset}
PAYS = [calls("pay", to="Ann"), calls("pay", to="Bob"), calls("put", to="Eve")]


@pytest.mark.parametrize("failure", FAILURES)
async def test_calls_without_approval_run_once(
    stage: Stage, witness: Witness, failure: str
) -> None:
    """The model fails three times after the tools' results; then a person presses Retry."""
    fail = FAILURES[failure]
    stage.acts_with(witness, PAYS, fail(), fail(), fail(), says("all paid"))
    for _ in range(3):
        error = await stage.fails()
        assert [run.status for run in error.ran] == [RunStatus.DONE] * 3
        assert [run.arguments for run in error.ran] == [{"to": n} for n in ("Ann", "Bob", "Eve")]
    outcome = await stage.turn(key="k/1")
    assert outcome.result is not None
    assert outcome.result.summary == "all paid"
    assert witness.acts() == ["Ann", "Bob", "Eve"]
    assert [run.key for run in outcome.ran] == witness.keys()
    assert len(set(witness.keys())) == 3
    assert len(ScriptedModel.requests) == 5  # what was said first was not asked again


@pytest.mark.parametrize("failure", FAILURES)
async def test_approved_calls_run_once(stage: Stage, witness: Witness, failure: str) -> None:
    """Also equal ones: each of them was approved, each is another act."""
    fail = FAILURES[failure]
    twice = [calls("pay", to="Ann"), calls("pay", to="Ann")]
    stage.acts_with(witness, twice, fail(), fail(), fail(), says("paid twice"), asking=True)
    asked = await stage.turn()
    assert [question.arguments for question in asked.questions] == [{"to": "Ann"}] * 2
    assert (witness.acts(), asked.ran) == ([], ())
    going_on = yes(asked)
    for _ in range(3):
        assert [run.approved for run in (await stage.fails(**going_on)).ran] == [True, True]
    outcome = await stage.turn(**going_on, key="k/1")
    assert witness.acts() == ["Ann", "Ann"]
    assert sorted(witness.keys()) == sorted(run.key for run in outcome.ran)
    assert len(set(witness.keys())) == 2


async def test_edited_calls_run_as_edited_and_once(stage: Stage, witness: Witness) -> None:
    """What people changed is what ran; what the agent had wanted is known beside it."""
    stage.acts_with(witness, calls("pay", to="Ann"), overloaded(), says("paid"), asking=True)
    asked = await stage.turn()
    going_on = yes(asked, arguments={"to": "Bob"})
    await stage.fails(**going_on)
    (run,) = (await stage.turn(**going_on)).ran
    assert witness.acts() == ["Bob"]
    assert (run.arguments, run.proposed) == ({"to": "Bob"}, {"to": "Ann"})


async def test_a_model_that_thinks_anew_does_not_act_anew(stage: Stage, witness: Witness) -> None:
    """Where its answer could not be kept, the same call is still the same call."""
    blocked = calls("pay", to="Ann")
    stage.acts_with(witness, blocked, overloaded(), calls("pay", to="Ann"), says("paid"))
    await stage.fails()
    await stage.journal.add("trap/k", 1, _unsaid_first(await stage.journal.open("trap/k")))
    outcome = await stage.turn()
    assert witness.acts() == ["Ann"]
    assert [run.status for run in outcome.ran] == [RunStatus.DONE]


def _unsaid_first(opened: tuple[int, list[bytes]]) -> bytes:
    said = next(entry for entry in opened[1] if b'"kind":"said"' in entry)
    return said.replace(b'"kind":"said"', b'"kind":"unsaid"')


async def test_one_agent_after_another_is_paid_for_once(stage: Stage, witness: Witness) -> None:
    """The writer's answer is kept while the critic behind it fails."""
    script("writer", says("a draft"))
    script("critic", overloaded(), overloaded(), says("well done"))
    ScriptedModel.requests.clear()
    stage.build = lambda: SequentialAgent(
        name="trap",
        sub_agents=[LlmAgent(name=n, model=f"scripted/{n}") for n in ("writer", "critic")],
    )
    for _ in range(2):
        await stage.fails()
    outcome = await stage.turn()
    assert outcome.result is not None
    assert outcome.result.summary == "well done"
    assert len(ScriptedModel.requests) == 4


async def test_an_answer_that_leads_nowhere_is_asked_for_again(
    stage: Stage, witness: Witness
) -> None:
    """Else every retry would fail over the same words; what was done before them stays done."""
    stage.acts_with(witness, calls("pay", to="Ann"), says("bad"), says("good"))

    async def refuse(callback_context: Any, llm_response: Any) -> None:
        if "bad" in str(llm_response.content):
            raise RuntimeError("no use")

    built = stage.build
    stage.build = lambda: built().model_copy(update={"after_model_callback": refuse})
    assert [run.status for run in (await stage.fails()).ran] == [RunStatus.DONE]
    outcome = await stage.turn()
    assert outcome.result is not None
    assert outcome.result.summary == "good"
    assert witness.acts() == ["Ann"]


def breaking(witness: Witness) -> Callable[[], None]:
    """Raises after the first act."""

    def after() -> None:
        if len(witness.acts()) == 1:
            raise ConnectionError("cut off")

    return after


async def test_a_call_that_broke_is_asked_about(stage: Stage, tmp_path: Path) -> None:
    """Nobody knows if it acted. People say no: the model is told so, and it is not run again."""
    witness = Witness(tmp_path / "acts")
    witness._after = breaking(witness)
    stage.acts_with(witness, calls("pay", to="Ann"), says("told"))
    asked = await stage.turn()
    (question,) = asked.questions
    assert (question.tool, question.arguments) == ("pay", {"to": "Ann"})
    assert "It is not known whether pay ran" in question.hint
    assert [run.status for run in asked.ran] == [RunStatus.UNKNOWN]
    again = await stage.turn()
    assert again.questions == asked.questions
    answers = (ToolDecision(question_id=question.id, confirmed=False, comment="The bank has it."),)
    done = await stage.turn(session=asked.session, answers=answers, turn="k/next")
    assert done.result is not None
    assert witness.acts() == ["Ann"]
    assert [run.status for run in done.ran] == [RunStatus.UNKNOWN]
    assert "The bank has it." in str(ScriptedModel.requests[-1].contents)


async def test_a_call_that_broke_runs_again_when_people_say_so(
    stage: Stage, tmp_path: Path
) -> None:
    """With the same key, and their yes is good for one run."""
    witness = Witness(tmp_path / "acts")
    witness._after = breaking(witness)
    stage.acts_with(witness, calls("pay", to="Ann"), overloaded(), says("paid"), asking=True)
    asked = await stage.turn()
    unknown = await stage.turn(**yes(asked))
    assert len(unknown.questions) == 1
    assert witness.acts() == ["Ann"]
    going_on = {**yes(unknown), "turn": "k/third"}
    await stage.fails(**going_on)
    done = await stage.turn(**going_on)
    assert done.result is not None
    assert witness.acts() == ["Ann", "Ann"]
    assert len(set(witness.keys())) == 1
    (run,) = done.ran
    assert (run.key, run.approved, run.status) == (witness.keys()[0], True, RunStatus.DONE)


async def test_a_yes_is_good_for_one_more_run(stage: Stage, tmp_path: Path) -> None:
    """When it breaks again, people are asked again."""
    witness = Witness(tmp_path / "acts")

    def always() -> None:
        raise ConnectionError("cut off")

    witness._after = always
    stage.acts_with(witness, calls("pay", to="Ann"))
    first = await stage.turn()
    second = await stage.turn(**yes(first))
    assert second.questions[0].id != first.questions[0].id
    assert await stage.turn(**yes(first)) == second
    assert witness.acts() == ["Ann", "Ann"]


async def test_an_idempotent_call_that_broke_is_run_again(stage: Stage, tmp_path: Path) -> None:
    """With its key, so that it can tell; nobody is asked."""
    witness = Witness(tmp_path / "acts")
    witness._after = breaking(witness)
    stage.acts_with(witness, calls("put", to="Ann"), says("done"))
    broke: list[Any] = []

    def put(to: str) -> dict[str, str]:
        """Put."""
        if not broke:
            broke.append(1)
            return witness.put(to)
        witness._after = lambda: None
        return witness.put(to)

    tool = FunctionTool(put)
    tool.custom_metadata = {"idempotent": True}
    stage.build = lambda: LlmAgent(name="trap", model="scripted/trap", tools=[tool])
    error = await stage.fails()
    assert [run.status for run in error.ran] == [RunStatus.UNKNOWN]
    outcome = await stage.turn()
    assert outcome.result is not None
    assert witness.acts() == ["Ann"]
    assert [run.status for run in outcome.ran] == [RunStatus.DONE]


async def test_the_policy_says_what_may_run_again(stage: Stage, tmp_path: Path) -> None:
    """`idempotent` in its file, for a tool that says nothing of itself."""
    file = tmp_path / "policy.toml"
    file.write_text('default = "allow"\nidempotent = ["pa?"]\n', encoding="utf-8")
    stage.policy = RuleEngine.read(file)
    witness = Witness(tmp_path / "acts")
    witness._after = breaking(witness)
    stage.acts_with(witness, calls("pay", to="Ann"), says("paid"))
    await stage.fails()
    assert (await stage.turn()).result is not None
    assert witness.acts() == ["Ann", "Ann"]
    assert len(set(witness.keys())) == 1


async def test_a_reading_tool_is_not_kept(stage: Stage, tmp_path: Path) -> None:
    """It simply runs again."""
    file = tmp_path / "policy.toml"
    file.write_text('default = "allow"\nreads = ["pay"]\n', encoding="utf-8")
    stage.policy = RuleEngine.read(file)
    witness = Witness(tmp_path / "acts")
    stage.acts_with(witness, calls("pay", to="Ann"), overloaded(), says("read"))
    assert (await stage.fails()).ran == ()
    assert (await stage.turn()).ran == ()
    assert witness.acts() == ["Ann", "Ann"]


async def test_what_a_tool_left_in_the_conversation_is_there_again(stage: Stage) -> None:
    """State and files, though the tool does not run a second time."""
    count: list[int] = []

    async def act(tool_context: ToolContext) -> dict[str, str]:
        """Act."""
        count.append(1)
        tool_context.state["seen"] = "yes"
        part = types.Part.from_bytes(data=b"bytes", mime_type="text/plain")
        await tool_context.save_artifact("left.txt", part)
        return {"done": "yes"}

    async def look(tool_context: ToolContext) -> dict[str, Any]:
        """Look."""
        part = await tool_context.load_artifact("left.txt")
        data = part.inline_data.data if part and part.inline_data else b""
        return {"seen": tool_context.state.get("seen"), "file": (data or b"").decode()}

    script("trap", calls("act"), overloaded(), calls("look"), says("done"))
    stage.build = lambda: LlmAgent(name="trap", model="scripted/trap", tools=[act, look])
    await stage.fails()
    assert (await stage.turn()).result is not None
    assert len(count) == 1
    assert returned() == [{"seen": "yes", "file": "bytes"}]


async def test_a_revision_does_not_do_again_what_ran(stage: Stage, witness: Witness) -> None:
    """It is answered as already done, is not asked about, and counts once."""
    stage.acts_with(witness, PAYS[:2], says("paid"))
    ran = (await stage.turn()).ran
    three = [calls("pay", to="Ann"), calls("pay", to="Ann"), calls("pay", to="Bob")]
    stage.acts_with(witness, three, overloaded(), says("one more"), asking=True)
    asked = await stage.turn(turn="k2", revision=2, ran=ran)
    assert [question.arguments for question in asked.questions] == [{"to": "Ann"}]
    assert asked.ran == ran  # so that the task does not take the second payment for the first
    going_on = {**yes(asked), "turn": "k3", "revision": 2, "ran": ran}
    await stage.fails(**going_on)
    done = await stage.turn(**going_on)
    assert done.result is not None
    assert sorted(witness.acts()) == ["Ann", "Ann", "Bob"]
    assert str(ScriptedModel.requests[-1].contents).count("already_done") == 2
    assert [run.arguments for run in done.ran] == [{"to": "Ann"}]


async def test_an_edited_call_is_not_proposed_again(stage: Stage, witness: Witness) -> None:
    """The agent wants what it wanted before; it ran in other words."""
    run = ToolRun(key="x", tool="pay", arguments={"to": "Bob"}, proposed={"to": "Ann"})
    stage.acts_with(witness, calls("pay", to="Ann"), says("known"), asking=True)
    outcome = await stage.turn(ran=(run,))
    assert outcome.result is not None
    assert (witness.acts(), outcome.ran) == ([], (run,))


async def test_people_are_told_of_doubts_about_an_earlier_revision(
    stage: Stage, witness: Witness
) -> None:
    """A call that may have run is asked about even where its tool never asks."""
    run = ToolRun(key="x", tool="pay", arguments={"to": "Ann"}, status=RunStatus.UNKNOWN)
    stage.acts_with(witness, calls("pay", to="Ann"), says("paid"))
    asked = await stage.turn(ran=(run,))
    assert "It is not known whether pay ran" in asked.questions[0].hint
    assert witness.acts() == []
    done = await stage.turn(**yes(asked), ran=(run,))
    assert done.result is not None
    assert witness.acts() == ["Ann"]


async def test_what_failed_by_its_own_word_may_be_tried_again(
    stage: Stage, witness: Witness
) -> None:
    """In a later revision; an error is no act."""
    run = ToolRun(key="x", tool="pay", arguments={"to": "Ann"}, status=RunStatus.FAILED)
    stage.acts_with(witness, calls("pay", to="Ann"), says("paid"))
    assert (await stage.turn(ran=(run,))).result is not None
    assert witness.acts() == ["Ann"]


async def test_the_second_of_two_equal_calls_of_one_conversation_is_another(
    stage: Stage, witness: Witness
) -> None:
    """The turns of one revision know what the ones before them ran; that is not a repeat."""
    stage.acts_with(witness, calls("put", to="Ann"), calls("pay", to="x"), asking=True)
    asked = await stage.turn()
    stage.acts_with(witness, calls("put", to="Ann"), says("twice"), asking=True)
    done = await stage.turn(**yes(asked), ran=asked.ran)
    assert done.result is not None
    assert witness.acts() == ["Ann", "x", "Ann"]


async def test_a_lost_journal_is_made_good_by_the_caller(
    stage: Stage, witness: Witness, tmp_path: Path
) -> None:
    """The retry on another machine knows from the request what ran in this very turn."""
    both = [calls("pay", to="Ann"), calls("pay", to="Ann"), calls("put", to="Bob")]
    stage.acts_with(witness, both, overloaded())
    error = await stage.fails()
    stage.journal = KeptTurns(tmp_path / "other")
    stage.acts_with(witness, both, says("paid"))
    outcome = await stage.turn(key="k/1", ran=error.ran)
    await stage.journal.close()
    assert outcome.result is not None
    assert witness.acts() == ["Ann", "Ann", "Bob"]
    assert {run.key for run in outcome.ran} == {run.key for run in error.ran}
    assert "already_done" not in str(ScriptedModel.requests[-1].contents)


async def test_a_second_attempt_waits_for_the_first(stage: Stage, tmp_path: Path) -> None:
    """Two at the same time are one act and two answers."""
    begun, go_on = asyncio.Event(), asyncio.Event()
    acts: list[str] = []

    async def slow(to: str) -> dict[str, str]:
        """Slow."""
        acts.append(to)
        begun.set()
        await go_on.wait()
        return {"done": to}

    script("trap", calls("slow", to="Ann"), says("first"), says("second"))
    stage.build = lambda: LlmAgent(name="trap", model="scripted/trap", tools=[slow])
    agents = LocalAgents(offline=False, journal=stage.journal)
    one = asyncio.create_task(agents.run(REQUEST, []))
    await begun.wait()
    other = asyncio.create_task(agents.run(REQUEST, []))
    await asyncio.sleep(0.1)
    go_on.set()
    assert (await one).result == (await other).result
    assert acts == ["Ann"]


async def test_an_attempt_that_was_overtaken_does_not_act(stage: Stage, witness: Witness) -> None:
    """Another process began the next one while this one's model was thinking."""
    stage.acts_with(witness, calls("pay", to="Ann"))

    async def overtake(**_: Any) -> None:
        await KeptTurns(stage.journal._file._path.parent).open("trap/k")  # type: ignore[attr-defined]

    built = stage.build
    stage.build = lambda: built().model_copy(update={"before_tool_callback": overtake})
    error = await stage.fails()
    assert "Another attempt of this turn has begun" in error.sentence
    assert witness.acts() == []


async def test_a_journal_is_encrypted_where_payloads_are(
    stage: Stage, witness: Witness, tmp_path: Path
) -> None:
    """And read again, with the key that it was written with."""
    codec = AesGcmCodec({"one": b"k" * 32}, "one")
    stage.journal = sealed = KeptTurns(tmp_path / "sealed", codec)
    stage.acts_with(witness, calls("pay", to="Ann"), overloaded(), says("paid"))
    await stage.fails()
    assert (await stage.turn()).result is not None
    await sealed.close()
    assert witness.acts() == ["Ann"]
    files = list((tmp_path / "sealed").iterdir())
    assert files
    assert all(b"Ann" not in file.read_bytes() for file in files)
    stage.journal = KeptTurns(tmp_path / "sealed")
    assert "PAYLOAD_KEYS is empty" in (await stage.fails()).sentence
    await stage.journal.close()


async def test_without_a_journal_nothing_acts(
    stage: Stage, witness: Witness, tmp_path: Path
) -> None:
    """A disk that takes nothing more."""

    class Full:
        async def open(self, turn: str) -> tuple[int, list[bytes]]:
            return 1, []

        async def add(self, turn: str, attempt: int, entry: bytes, *, first: bool = False) -> bool:
            if first:
                raise AgentFailed("The disk is full.")
            return True

    stage.journal = Full()
    stage.acts_with(witness, calls("pay", to="Ann"))
    assert (await stage.fails()).sentence == "The disk is full."
    assert witness.acts() == []


async def test_an_agent_that_catches_its_tools_errors_goes_on(stage: Stage, tmp_path: Path) -> None:
    """Its answer stands; the call that broke is known as unknown, and an equal one is asked about."""
    witness = Witness(tmp_path / "acts")
    witness._after = breaking(witness)
    stage.plugins = lambda: [ReflectAndRetryToolPlugin(max_retries=3)]
    stage.acts_with(witness, calls("pay", to="Ann"), says("it broke"))
    outcome = await stage.turn()
    assert outcome.result is not None
    assert [run.status for run in outcome.ran] == [RunStatus.UNKNOWN]
    stage.acts_with(witness, calls("pay", to="Bob"), calls("pay", to="Ann"), says("x"))
    witness._after = lambda: None
    stage.plugins = list
    asked = await stage.turn(turn="k2", ran=outcome.ran)
    assert [question.arguments for question in asked.questions] == [{"to": "Ann"}]
    assert witness.acts() == ["Ann", "Bob"]
