"""Budgets, failures and versions of a turn whose agent runs inside of a workflow."""

import contextlib
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from temporalio.client import Client, WorkflowFailureError
from temporalio.exceptions import ApplicationError

from agents.runtime.adk_workflow import AdkTurnWorkflow
from bot.config.sections.temporal import TemporalSettings
from bot.processes.adk_worker import adk_worker
from bot.temporal import client as temporal
from storage.payloads.files import PayloadFiles
from tests.agents.requests import SALES, request
from tests.models.conftest import PRICES, SMALL, Write
from tests.models.gemini import KEY, GeminiStandIn
from tests.models.gemini_replies import ANSWER, calls, says
from tests.models.pipeline import FLASH
from workflows.messages.results import AgentPin
from workflows.messages.turns import TurnOutcome, TurnRequest
from workflows.task.cost import Allowance, Budget, Spent, heard
from workflows.task.turns import ADK_QUEUE

LOOK = calls(("profile_table", {"file": "sales.csv"}))
VERSION = "gemini-3-flash-preview"
ASKED = request().model_copy(update={"model": FLASH})


class Inside:
    """A worker for such turns."""

    def __init__(self, client: Client, queue: str) -> None:
        self._client = client
        self._queue = queue

    async def run(self, asked: TurnRequest) -> TurnOutcome:
        return await self._client.execute_workflow(
            AdkTurnWorkflow.run, asked, id=uuid.uuid4().hex, task_queue=self._queue + ADK_QUEUE
        )

    async def failed(self, asked: TurnRequest) -> ApplicationError:
        with pytest.raises(WorkflowFailureError) as caught:
            await self.run(asked)
        assert isinstance(caught.value.cause, ApplicationError)
        return caught.value.cause


@pytest.fixture
async def inside(
    gemini: GeminiStandIn, settings_of: Write, temporal_address: str, tmp_path: Path
) -> AsyncIterator[Inside]:
    """Running, with a price for the model."""
    files = PayloadFiles(tmp_path / "payloads")
    await files.put(SALES)
    address = TemporalSettings(address=temporal_address)
    client = await temporal.connect(address, temporal.plugin(files))
    settings, queue = settings_of(SMALL + PRICES, env=f"GOOGLE_API_KEY={KEY}"), uuid.uuid4().hex
    async with contextlib.AsyncExitStack() as stack:
        await stack.enter_async_context(adk_worker(client, queue, files, settings.model_access))
        yield Inside(client, queue)


async def test_what_it_cost_and_who_answered(inside: Inside, gemini: GeminiStandIn) -> None:
    """Money included, though a workflow reads no settings."""
    gemini.says(LOOK)
    outcome = await inside.run(ASKED)
    assert outcome.result
    assert outcome.result.summary == ANSWER["summary"]
    assert outcome.version
    assert outcome.version.model_version == VERSION
    spent = outcome.cost.turn
    assert (spent.calls, spent.models) == (2, (VERSION,))
    assert spent.money == pytest.approx(spent.tokens * 2 / 1_000_000)
    assert spent.seconds > 0
    assert outcome.asked.startswith("Do the step 'analysis'")


async def test_a_budget_counts_what_is_known_of_the_turn(
    inside: Inside, gemini: GeminiStandIn
) -> None:
    """Each Retry is another workflow, and goes on counting."""
    gemini.says(*[LOOK] * 9)
    allowed = Allowance(of="the step", budget=Budget(calls=5))
    asked = ASKED.model_copy(update={"allowances": (allowed,), "spent": Spent(calls=2)})
    error = await inside.failed(asked)
    assert error.type == "BudgetUsedUp"
    assert "(5 calls of a model)" in error.message
    assert heard(error.details).turn.calls == 5
    assert len(gemini.seen) == 3


async def test_a_cut_answer_and_another_version(inside: Inside, gemini: GeminiStandIn) -> None:
    """The same sentences."""
    gemini.says(says("{", "MAX_TOKENS"), LOOK)
    assert "was cut off" in (await inside.failed(ASKED)).message
    pin = AgentPin(model_version="gemini-2.5-flash")
    error = await inside.failed(ASKED.model_copy(update={"pin": pin}))
    assert (error.type, len(gemini.seen)) == ("WrongVersion", 2)
