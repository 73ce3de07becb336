"""Asking people from a program of one's own: what comes back is believed only when it is proven."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from google.adk.agents.llm_agent import LlmAgent
from google.adk.apps.app import App
from google.adk.events.event import Event
from google.adk.tools.base_tool import BaseTool
from google.adk.tools.function_tool import FunctionTool
from google.adk.tools.tool_context import ToolContext
from google.genai import types
from hypothesis import given
from hypothesis import strategies as st

from agents.http.signature import SigningKey
from agents.programs.server import ApprovalParts
from agents.tool_policy.batch import JointQuestions
from agents.tool_policy.client import NobodyAsked, SignoffPeople
from agents.tool_policy.engine import Judgement, Ruling, ToolCall
from agents.tool_policy.plugin import SecurityPlugin, is_destructive
from tests.agents.programs.fakes import PEER, PROGRAMS, FakeDesk, approval_server, kept
from tests.conftest import free_port
from tests.workflows.conftest import until
from workflows.messages.decisions import Edit, Outcome
from workflows.messages.turns import Question, ToolDecision

PAY = Question(id="c1", tool="pay", arguments={"to": "Ann", "amount": 10.0}, hint="Money leaves.")
MAIL = Question(id="c2", tool="mail", arguments={"to": "ann@acme.example"})
TOKEN = PEER.token.get_secret_value()


class Hall:
    """An approval server with a hand-written desk behind it."""

    def __init__(self, desk: FakeDesk, key: SigningKey, url: str) -> None:
        self.desk = desk
        self.key = key
        self.url = url

    async def decided(self, outcome: Outcome, comment: str = "", edit: Edit | None = None) -> Any:
        """Ask about both, let people say this, and give the answers."""
        people = SignoffPeople(self.url, TOKEN, self.key.public())
        asking = asyncio.create_task(people.decide("k", "what it wants", (PAY, MAIL)))
        await until(lambda: self.desk.standings)
        await self.desk.settle(outcome, comment, edit=edit)
        return await asking


@pytest.fixture
async def hall(tmp_path: Path) -> AsyncIterator[Hall]:
    """Served."""
    desk, key, engine = FakeDesk(), SigningKey.fresh(), kept(tmp_path)
    parts = ApprovalParts(desk=desk, programs=PROGRAMS, key=key, engine=engine)
    async with approval_server(parts, free_port()) as url:
        yield Hall(desk, key, url)
    await engine.dispose()


@pytest.mark.parametrize(
    ("outcome", "comment", "told"),
    [
        (Outcome.APPROVED, "fine", "fine"),
        (Outcome.REJECTED, "no", "no"),
        (Outcome.CHANGES_REQUESTED, "half of it", "Not like this: half of it"),
        (Outcome.EXPIRED, "", "Nobody decided in time."),
        (Outcome.WITHDRAWN, "not needed", "The request was withdrawn."),
    ],
)
async def test_only_an_approval_is_a_yes(
    hall: Hall, outcome: Outcome, comment: str, told: str
) -> None:
    """Every other outcome is a no with its reason, for each of the questions."""
    answers = await hall.decided(outcome, comment)
    assert [answer.question_id for answer in answers] == ["c1", "c2"]
    assert {answer.confirmed for answer in answers} == {outcome is Outcome.APPROVED}
    assert {answer.comment for answer in answers} == {told}


async def test_edits_of_an_approval_are_the_arguments(hall: Hall) -> None:
    """Where a policy lets an edit settle; what was not touched stays as the agent wanted it."""
    edit = Edit(arguments={PAY.id: {"amount": 7.5}})
    first, second = await hall.decided(Outcome.APPROVED, edit=edit)
    assert first.arguments == {"to": "Ann", "amount": 7.5}
    assert (second.confirmed, second.arguments) == (True, None)


async def test_a_decision_signed_by_somebody_else_is_none(hall: Hall) -> None:
    """The key set the program keeps is what counts."""
    honest, hall.key = hall.key, SigningKey.fresh()
    with pytest.raises(NobodyAsked, match="cannot be trusted"):
        await hall.decided(Outcome.APPROVED)
    assert honest.id != hall.key.id


async def test_a_decision_about_something_else_is_none(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rightly signed, and yet not about these bytes."""
    monkeypatch.setattr("agents.tool_policy.client.digest", lambda _: "f" * 64)
    with pytest.raises(NobodyAsked, match="something else"):
        await hall.decided(Outcome.APPROVED)


async def test_the_same_key_is_the_same_approval(hall: Hall) -> None:
    """A program that was killed and asks again waits on the card that is there."""
    people = SignoffPeople(hall.url, TOKEN)
    first = asyncio.create_task(people.decide("k", "what it wants", (PAY,)))
    await until(lambda: hall.desk.standings)
    first.cancel()
    again = asyncio.create_task(people.decide("k", "what it wants", (PAY,)))
    await asyncio.gather(first, return_exceptions=True)
    await hall.desk.settle(Outcome.APPROVED)
    (answer,) = await again
    assert answer.confirmed
    assert len(hall.desk.asked) == 1


class Careful:
    """Wants people asked about everything."""

    def evaluate(self, call: ToolCall) -> Judgement:
        """See `PolicyEngine`."""
        return Judgement(ruling=Ruling.CONFIRM, reason=call.tool)


def pay(to: str) -> str:
    """A tool."""
    return to


class Crowd:
    """People who say yes, and keep what they were asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, ...]] = []

    async def decide(self, key: str, title: str, questions: Any) -> tuple[ToolDecision, ...]:
        self.asked.append(tuple(question.id for question in questions))
        return tuple(
            ToolDecision(question_id=question.id, confirmed=True) for question in questions
        )


def context(*questions: Question) -> ToolContext:
    """Inside the event of these calls."""
    parts = [
        types.Part(function_call=types.FunctionCall(id=q.id, name=q.tool, args=q.arguments))
        for q in questions
    ]
    event = Event(author="clerk", content=types.Content(role="model", parts=parts))
    session = SimpleNamespace(app_name="mine", id="s", events=[event])
    return cast("ToolContext", SimpleNamespace(session=session, agent_name="clerk", user_id="U1"))


def every(id_: str, tool: str, arguments: Any) -> Question:
    return Question(id=id_, tool=tool, arguments=arguments)


async def test_calls_one_after_the_other_are_still_one_card() -> None:
    """The first asks for both; the second finds its answer there."""
    crowd, here = Crowd(), context(PAY, MAIL)
    joint = JointQuestions(crowd)
    assert (await joint.answer(PAY, here, every)).confirmed
    assert (await joint.answer(MAIL, here, every)).confirmed
    assert crowd.asked == [("c1", "c2")]


async def test_a_call_nobody_could_read_is_answered_to_the_model() -> None:
    """People aren't asked; the model hears which argument of which tool it is, and tries again."""
    deep: list[Any] = []
    for _ in range(200):
        deep = [deep]
    crowd = Crowd()
    plugin = SecurityPlugin(Careful(), crowd)
    tool = FunctionTool(pay)
    for args, word in (({"to": deep}, "nested more than"), ({"to": 1e999}, "too large")):
        here = context(Question(id="c9", tool="pay", arguments=args))
        here.tool_confirmation = None
        answer = await plugin.before_tool_callback(tool=tool, tool_args=args, tool_context=here)
        assert answer is not None
        assert "the argument 'to' of pay cannot be used: it " in answer["error"]
        assert word in answer["error"]
    assert crowd.asked == []


async def test_an_answer_is_good_for_one_call() -> None:
    """The same call again, or with other arguments than people saw, is not made."""
    crowd, here = Crowd(), context(PAY, MAIL)
    joint = JointQuestions(crowd)
    assert (await joint.answer(PAY, here, every)).confirmed
    again = await joint.answer(PAY, here, every)
    changed = MAIL.model_copy(update={"arguments": {"to": "eve@evil.example"}})
    other = await joint.answer(changed, here, every)
    assert not again.confirmed
    assert not other.confirmed
    assert "another one than people were shown" in other.comment
    assert len(crowd.asked) == 1


@given(st.booleans(), st.sampled_from(["destructive_hint", "destructiveHint"]))
def test_both_generations_of_mcp_say_what_destroys(says: bool, spelling: str) -> None:
    """Versions 1 and 2 of the SDK spell it differently."""
    raw = SimpleNamespace(annotations=SimpleNamespace(**{spelling: says}))
    tool = SimpleNamespace(custom_metadata=None, raw_mcp_tool=raw)
    assert is_destructive(cast("BaseTool", tool)) is says


def test_the_lines_of_the_documentation(tmp_path: Path) -> None:
    """As they stand there, in a program that has an agent and a token."""
    pages = Path(__file__).parents[3] / "docs" / "how-to"
    page = (pages / "approve-a-tool-call.md").read_text(encoding="utf-8")
    lines = page.partition("```python\n")[2].partition("```")[0]
    rules = page.partition('```toml title="policy.toml"\n')[2].partition("```")[0]
    file = tmp_path / "policy.toml"
    file.write_text(rules, encoding="utf-8")
    agent = LlmAgent(name="clerk", model="scripted/none")
    known = {"App": App, "agent": agent, "token": TOKEN}
    exec(lines.replace("policy.toml", str(file)), known)
    made = known["app"]
    assert isinstance(made, App)
    assert [type(plugin) for plugin in made.plugins] == [SecurityPlugin]
