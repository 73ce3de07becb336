"""What an agent may hand over, by accident or on purpose: a safe card and the kept original, or a
notice on the task's message; the task beside it goes its way."""

import gzip
import json
import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from a2a.helpers.proto_helpers import new_text_part
from a2a.types.a2a_pb2 import Artifact, Task, TaskState
from temporalio import activity

from agents.a2a.codec import OUTCOME_TYPE, outcome_of
from agents.runtime.activity import TurnRunning
from agents.turn.answer import parse_answer
from bot.config.sections.temporal import TemporalSettings
from bot.temporal import client as temporal
from notifications.cards.card import card, card_text
from playground.blocks import problems
from storage.payloads.files import PayloadFiles
from tests.fakes import ADA, FakeInputs
from tests.notifications.corpus import DUPLICATE_KEYS, GZIP_BOMB, RESULTS, Poison
from tests.workflows.conftest import House, until
from workflows.activities import CollectRequest
from workflows.approval.workflow import ApprovalWorkflow
from workflows.messages.decisions import Verdict
from workflows.messages.requests import CardView, approval_id
from workflows.messages.results import AgentResult
from workflows.messages.tasks import Gesture
from workflows.messages.turns import InputFile, TurnOutcome, TurnRequest
from workflows.task.workflow import TaskWorkflow

Make = Callable[[], TurnOutcome]


def over_a2a(text: str) -> TurnOutcome:
    """Another agent's answer: JSON in our form, whatever it holds."""
    task = Task(artifacts=[Artifact(parts=[new_text_part(text, media_type=OUTCOME_TYPE)])])
    task.status.state = TaskState.TASK_STATE_COMPLETED
    return outcome_of(task, "foreign")


def in_words(text: str) -> TurnOutcome:
    """Another agent's answer in plain words."""
    task = Task(artifacts=[Artifact(parts=[new_text_part(text, media_type="text/plain")])])
    task.status.state = TaskState.TASK_STATE_COMPLETED
    return outcome_of(task, "foreign")


def from_model(text: str) -> TurnOutcome:
    """What a model said to one of our agents."""
    return TurnOutcome(result=parse_answer(text, "gemini"))


def as_text(value: Any) -> str:
    """JSON as Python writes it, NaN and lone surrogates included; nesting beyond it by hand."""
    given = {"summary": "Short.", **value} if isinstance(value, dict) else value
    try:
        return json.dumps(given)
    except RecursionError:
        return '{"summary": "Short.", "x": ' + "[" * 100_000 + "]" * 100_000 + "}"
    except ValueError:  # Python does not write integers of that length
        return '{"summary": "Short.", "n": 1' + "0" * 30_000 + "}"


def ways(poison: Poison) -> dict[str, Make]:
    """Every way this may come in."""

    def outcome() -> str:
        return '{"result": ' + as_text(poison.make()) + "}"

    return {
        f"{poison.name}, over A2A": lambda: over_a2a(outcome()),
        f"{poison.name}, from a model": lambda: from_model(as_text(poison.make())),
    }


BUILT: dict[str, Make] = {
    "a full text of 5 MB": lambda: TurnOutcome(
        result=AgentResult(summary="Long.", full_text="All of it. " * 500_000)
    ),
    "a lone surrogate past every check": lambda: TurnOutcome(
        result=AgentResult.model_construct(summary="\ud800", findings=("\udfff",), metrics={}, full_text="", offline=False, model="")
    ),
    "the same key twice": lambda: over_a2a('{"result": ' + DUPLICATE_KEYS + "}"),
    "a bomb, packed": lambda: in_words(gzip.compress(bytes(GZIP_BOMB)).decode("latin-1")),
    "5 MB of words": lambda: in_words("<!channel> " * 500_000),
    "nothing": lambda: over_a2a("{}"),
    "junk": lambda: over_a2a("{" * 1_000),
}  # fmt: skip
WAYS = {name: make for poison in RESULTS for name, make in ways(poison).items()} | BUILT
STEPS = {f"case_{number}": name for number, name in enumerate(WAYS)}


class Poisoner:
    """One of our agents: each step named in `STEPS` gets its poison, every other a good answer."""

    def __init__(self) -> None:
        self.healed: set[str] = set()
        self.given: dict[str, TurnOutcome] = {}

    async def run(self, request: TurnRequest, files: Sequence[bytes]) -> TurnOutcome:
        """Whatever it is made of, made anew for each attempt."""
        name = STEPS.get(request.step)
        if name is None or name in self.healed:
            return TurnOutcome(result=AgentResult(summary=f"{request.step} went well"))
        self.given[name] = WAYS[name]()
        return self.given[name]


class NoFiles(FakeInputs):
    """The tasks here read nothing."""

    @activity.defn(name="collect_inputs")
    async def collect_inputs(self, request: CollectRequest) -> tuple[InputFile, ...]:
        return ()


class NoBytes:
    """Nothing is kept here."""

    async def read(self, sha256: str) -> bytes:
        raise LookupError(sha256)


@dataclass
class PoisonedHouse(House):
    """Its agents are run by the real activity."""

    inputs: FakeInputs = field(default_factory=NoFiles)
    poisoner: Poisoner = field(default_factory=Poisoner)

    def activities(self) -> list[Callable[..., Any]]:
        real = TurnRunning(inputs=NoBytes(), runner=self.poisoner)
        others = [one for one in super().activities() if one != self.agent.run_turn]
        return [*others, real.run_turn]


@pytest.fixture
async def house(temporal_address: str, tmp_path: Path) -> AsyncIterator[PoisonedHouse]:
    """A house with its worker running."""
    ours = temporal.plugin(PayloadFiles(tmp_path / "payloads"))
    client = await temporal.connect(TemporalSettings(address=temporal_address), ours)
    built = PoisonedHouse(client=client, queue=f"poison-{uuid.uuid4().hex}")
    async with built.worker():
        yield built


def assert_safe(view: CardView) -> None:
    """Slack takes it, and a person can read it."""
    blocks = card(view)
    assert problems(blocks, "message") == []
    assert len(blocks) <= 50
    assert len(card_text(view)) <= 120
    json.dumps(blocks).encode()


async def test_poison_is_a_safe_card_or_a_notice(house: PoisonedHouse) -> None:
    """All at once, with good tasks between them: each shows a safe card and keeps the original, or
    asks for help with a sentence; then a good answer is taken. The good tasks never wait."""
    poisoned = {name: await house.start(step) for step, name in STEPS.items()}
    good = [await house.start("good") for _ in range(5)]
    for handle in good:
        await house.decide(approval_id(handle.id, "good", 1), Verdict.APPROVE)
    for handle in good:
        assert (await handle.result()).status == "completed"
    steps = {name: step for step, name in STEPS.items()}
    stuck, shown = [], []
    for name, handle in poisoned.items():
        approval = approval_id(handle.id, steps[name], 1)
        await _shown_or_stuck(house, handle.id, approval)
        if problem := _problem(house, handle.id):
            stuck.append(name)
            assert problem.endswith("."), (name, problem)
            assert "\n" not in problem, (name, problem)
            house.poisoner.healed.add(name)
            await handle.signal(TaskWorkflow.retry, Gesture(by=ADA))
            await _shown(house, approval)
        else:
            shown.append(name)
            await assert_kept(house, name, approval)
        assert_safe(house.cards.cards[approval])
    assert {"not a number, over A2A", "junk", "deep list, over A2A"} <= set(stuck)
    assert {"a full text of 5 MB", "10,000 findings, over A2A", "5 MB of words"} <= set(shown)
    for handle in poisoned.values():
        await handle.terminate()


async def _shown_or_stuck(house: House, task: str, approval: str) -> None:
    await until(lambda: approval in house.cards.cards or _problem(house, task), 90)


async def _shown(house: House, approval: str) -> None:
    await until(lambda: approval in house.cards.cards, 90)


def _problem(house: House, task: str) -> str:
    """What the task's message asks help for."""
    seen = house.cards.tasks.get(task)
    return seen.problem if seen is not None else ""


async def assert_kept(house: PoisonedHouse, name: str, approval: str) -> None:
    """The whole result is there, byte for byte, however little of it a card can show."""
    wanted = house.poisoner.given[name].result
    assert await house.approval(approval).query(ApprovalWorkflow.result) == wanted
