"""Where ADK loses confirmations: each of the places is mended, or refused before anybody is asked."""

import sys
from collections.abc import AsyncGenerator, Callable, Iterator
from types import ModuleType
from typing import Any

import pytest
from google.adk.agents.base_agent import BaseAgent
from google.adk.agents.llm_agent import LlmAgent
from google.adk.agents.loop_agent import LoopAgent
from google.adk.agents.parallel_agent import ParallelAgent
from google.adk.agents.sequential_agent import SequentialAgent
from google.adk.events.request_input import RequestInput
from google.adk.tools.agent_tool import AgentTool
from google.adk.tools.function_tool import FunctionTool
from google.adk.workflow import BaseNode, JoinNode, Workflow

from agents.catalogue import LocalAgent
from agents.errors import AgentFailed
from agents.runtime.turns import Turn
from tests.agents.scripted import ScriptedModel, calls, says, script
from workflows.messages.results import AgentResult
from workflows.messages.turns import ToolDecision, TurnRequest

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
ABOUT = LocalAgent(name="trap", title="Trap", description="Asks.", model="scripted/trap")
REQUEST = TurnRequest(
    key="k", agent="trap", task_id="t-1", workflow_id="w", step="trap", model="scripted/trap"
)


class Till:
    """A tool that asks first; `paid` is what it did."""

    def __init__(self) -> None:
        self.paid: list[str] = []

    def pay(self, to: str) -> dict[str, str]:
        """Pay somebody."""
        self.paid.append(to)
        return {"paid": to}

    def tool(self) -> FunctionTool:
        return FunctionTool(self.pay, require_confirmation=True)

    def agent(self, name: str, *turns: Any, **more: Any) -> LlmAgent:
        """One that pays by this script."""
        return LlmAgent(name=name, model=script(name, *turns), tools=[self.tool()], **more)


Build = Callable[[], BaseNode]


@pytest.fixture
def till() -> Iterator[Till]:
    """A till; afterwards every script has to be spoken to its end."""
    ScriptedModel.scripts.clear()
    yield Till()
    ScriptedModel.scripts.clear()


async def one_turn(build: Build, **changed: Any) -> Any:
    """A turn of this agent, in a process that knows nothing of the ones before."""
    module = ModuleType("agents.samples.trap.agent")
    module.build = lambda model, temperature: build()  # type: ignore[attr-defined]
    sys.modules["agents.samples.trap.agent"] = module
    try:
        return await Turn(ABOUT, REQUEST.model_copy(update=changed), []).run()
    finally:
        del sys.modules["agents.samples.trap.agent"]


async def to_the_end(root: BaseAgent | Workflow, **answered: Any) -> tuple[AgentResult, list[int]]:
    """Say yes to everything; the result, and how many questions there were each time."""
    asked: list[int] = []
    outcome = await one_turn(lambda: copied(root))
    while outcome.questions:
        asked.append(len(outcome.questions))
        answers = tuple(
            ToolDecision(question_id=q.id, confirmed=True, **answered) for q in outcome.questions
        )
        outcome = await one_turn(lambda: copied(root), session=outcome.session, answers=answers)
    assert outcome.result is not None
    assert not any(ScriptedModel.scripts.values())
    return outcome.result, asked


def copied(root: BaseAgent | Workflow) -> BaseNode:
    return root.clone() if isinstance(root, BaseAgent) else root


def quiet(name: str, *turns: Any) -> LlmAgent:
    return LlmAgent(name=name, model=script(name, *turns))


async def test_a_sequence_goes_on_after_a_confirmation(till: Till) -> None:
    """Not only the agent that asked: the ones behind it as well."""
    first = till.agent("first", calls("pay", to="Ann"), says("paid"))
    root = SequentialAgent(name="trap", sub_agents=[first, quiet("second", says("second"))])
    result, asked = await to_the_end(root)
    assert (result.summary, asked, till.paid) == ("second", [1], ["Ann"])


async def test_a_loop_asks_in_each_round(till: Till) -> None:
    """And goes on within the round it stood in."""
    payer = till.agent(
        "payer", calls("pay", to="Ann"), says("1"), calls("pay", to="Bob"), says("2")
    )
    writer = quiet("writer", says("first"), says("last"))
    root = LoopAgent(name="trap", max_iterations=2, sub_agents=[payer, writer])
    result, asked = await to_the_end(root)
    assert (result.summary, asked, till.paid) == ("last", [1, 1], ["Ann", "Bob"])


async def test_parallel_branches_are_all_answered(till: Till) -> None:
    """Their questions come together, and each tool runs."""
    branches = [till.agent(name, calls("pay", to=name), says(name)) for name in ("ann", "bob")]
    root = ParallelAgent(name="trap", sub_agents=list(branches))
    _, asked = await to_the_end(root)
    assert (asked, sorted(till.paid)) == ([2], ["ann", "bob"])


async def test_a_fan_out_of_a_graph_is_gathered_after_the_answers(till: Till) -> None:
    """The join waits for both branches, and what follows it runs once."""
    branches = tuple(till.agent(name, calls("pay", to=name), says(name)) for name in ("ann", "bob"))
    last = quiet("last", says("gathered"))
    root = Workflow(name="trap", edges=[("START", branches, JoinNode(name="both"), last)])
    result, asked = await to_the_end(root)
    assert (result.summary, asked, sorted(till.paid)) == ("gathered", [2], ["ann", "bob"])


async def test_several_calls_of_one_agent_are_answered_at_once(till: Till) -> None:
    """Its model is asked once before the answers and once after, not in between."""
    root = till.agent("trap", [calls("pay", to="Ann"), calls("pay", to="Bob")], says("both"))
    result, asked = await to_the_end(root)
    assert (result.summary, asked, sorted(till.paid)) == ("both", [2], ["Ann", "Bob"])


async def test_whoever_was_transferred_to_goes_on(till: Till) -> None:
    """The specialist that asked, not the desk that sent it there."""
    expert = till.agent("expert", calls("pay", to="Ann"), says("expert said"))
    root = LlmAgent(
        name="trap",
        model=script("trap", calls("transfer_to_agent", agent_name="expert")),
        sub_agents=[expert],
    )
    result, asked = await to_the_end(root)
    assert (result.summary, asked, till.paid) == ("expert said", [1], ["Ann"])


async def test_a_single_turn_helper_may_ask(till: Till) -> None:
    """And its caller gets what came of it."""
    helper = till.agent("helper", calls("pay", to="Ann"), says("helped"), mode="single_turn")
    talk = script("trap", calls("helper", request="go"), says("all done"))
    root = LlmAgent(name="trap", model=talk, sub_agents=[helper])
    result, asked = await to_the_end(root)
    assert (result.summary, asked, till.paid) == ("all done", [1], ["Ann"])


async def test_a_question_without_a_tool_gets_its_value(till: Till) -> None:
    """A node that asks for an input goes on with what people gave."""
    heard: list[Any] = []

    async def ask(ctx: Any, node_input: Any) -> AsyncGenerator[RequestInput, None]:
        yield RequestInput(message="How much?", payload={"amount": 1})

    def note(node_input: Any) -> str:
        heard.append(node_input)
        return "noted"

    root = Workflow(name="trap", edges=[("START", ask, note)])
    result, asked = await to_the_end(root, arguments={"amount": 7})
    assert (result.summary, asked) == ("noted", [1])
    assert "7" in str(heard)


def in_a_graph(till: Till) -> BaseNode:
    inner = SequentialAgent(name="inner", sub_agents=[till.agent("a", calls("pay", to="Ann"))])
    return Workflow(name="trap", edges=[("START", inner, quiet("last", says("x")))])


def agent_tool(till: Till) -> BaseNode:
    helper = AgentTool(agent=till.agent("helper", calls("pay", to="Ann")))
    return LlmAgent(name="trap", model=script("trap"), tools=[helper])


def tool_node(till: Till) -> BaseNode:
    return Workflow(name="trap", edges=[("START", till.tool(), quiet("last", says("x")))])


def deep_inside(till: Till) -> BaseNode:
    inner = LlmAgent(name="trap_inner", model=script("b"), sub_agents=[_llm(agent_tool(till))])
    return Workflow(name="outer", edges=[("START", inner)])


def _llm(node: BaseNode) -> LlmAgent:
    assert isinstance(node, LlmAgent)
    return node


@pytest.mark.parametrize(
    ("build", "sentence"),
    [
        (in_a_graph, "inner is a SequentialAgent inside of a graph"),
        (agent_tool, "helper is an AgentTool. Make it a sub-agent"),
        (tool_node, "the tool pay is a node of a graph. Give it to an LlmAgent."),
        (deep_inside, "helper is an AgentTool"),
    ],
)
async def test_what_loses_decisions_is_refused(
    till: Till, build: Callable[[Till], BaseNode], sentence: str
) -> None:
    """Before a model or a person is asked, with the way out."""
    with pytest.raises(AgentFailed, match=sentence) as caught:
        await one_turn(lambda: build(till))
    assert not caught.value.retryable
    assert ScriptedModel.requests == []
    assert till.paid == []


@pytest.mark.parametrize("model", ["nobody/knows-this", "unheard-of"])
async def test_an_unknown_model_is_a_sentence(model: str) -> None:
    """Not a stack trace, and not three tries."""
    with pytest.raises(AgentFailed, match=f"There is no model '{model}' for trap") as caught:
        await one_turn(lambda: LlmAgent(name="trap", model=model), model=model)
    assert not caught.value.retryable
