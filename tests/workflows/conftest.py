"""A worker on a real server, with hand-written activities."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import Client, WorkflowHandle
from temporalio.worker import Worker

from bot.activities.post_card import CardPoster
from bot.activities.prepare_approval import ApprovalPreparation, TemporalQueue
from bot.config.sections.temporal import TemporalSettings
from bot.temporal import client as temporal
from storage.payloads.files import PayloadFiles
from tests.fakes import (
    ADA,
    GRACE,
    LINUS,
    FakeAgent,
    FakeAudit,
    FakeCards,
    FakeInputs,
    FakeLadder,
    FakeMail,
    FakePeople,
    FakeRules,
)
from workflows.approval.workflow import ApprovalWorkflow
from workflows.messages.decisions import Decision, Settlement, Verdict
from workflows.messages.policy import Policy
from workflows.messages.requests import CardView
from workflows.messages.tasks import Gate, Source, SourceKind, StepPlan, TaskReport, TaskRequest
from workflows.task.workflow import TaskWorkflow

POLICY = Policy(approvers=(GRACE, LINUS))


@dataclass
class House:
    """Everything a workflow test touches."""

    client: Client
    queue: str
    agent: FakeAgent = field(default_factory=FakeAgent)
    inputs: FakeInputs = field(default_factory=FakeInputs)
    people: FakePeople = field(default_factory=FakePeople)
    ladder: FakeLadder = field(default_factory=FakeLadder)
    mail: FakeMail = field(default_factory=FakeMail)
    rules: FakeRules = field(default_factory=FakeRules)
    cards: FakeCards = field(default_factory=FakeCards)
    audit: FakeAudit = field(default_factory=FakeAudit)

    def activities(self) -> list[Callable[..., Any]]:
        cards, queue = self.cards, TemporalQueue(self.client)
        preparing = ApprovalPreparation(self.people, self.ladder, self.rules, queue)
        return [
            self.agent.run_turn,
            self.inputs.collect_inputs,
            *(self.people.resolve_electorate, self.people.confirm_decider),
            *(preparing.prepare, CardPoster(cards, self.audit).show),
            *(cards.show_task, cards.update_card, cards.attach, cards.remind),
            *(cards.answer, cards.say, cards.post_copy),
            *(cards.post_receipt, cards.tell_requester, cards.tell_outcome),
            *(self.audit.record, self.ladder.moments),
            *(self.mail.mail, self.mail.revoke_links, self.mail.close_mail),
        ]

    def worker(self) -> Worker:
        return Worker(
            self.client,
            task_queue=self.queue,
            activities=self.activities(),
            graceful_shutdown_timeout=timedelta(seconds=1),
        )

    async def start(
        self, *steps: str, policy: Policy = POLICY, gate: Gate = Gate.AUTO
    ) -> WorkflowHandle[TaskWorkflow, TaskReport]:
        """A task of these steps, asked for by Ada."""
        plans = tuple(StepPlan(name=name, agent=name, policy=policy, gate=gate) for name in steps)
        task = "t-" + uuid.uuid4().hex[:8]
        request = TaskRequest(
            id=task,
            pipeline="review",
            steps=plans,
            requester=ADA,
            sources=(Source(kind=SourceKind.FILE, value="sales.csv"),),
            channel="C0GENERAL1",
        )
        return await self.client.start_workflow(
            TaskWorkflow.run, request, id=task, task_queue=self.queue
        )

    def approval(self, approval: str) -> WorkflowHandle[ApprovalWorkflow, Settlement]:
        return self.client.get_workflow_handle_for(ApprovalWorkflow.run, approval)

    async def card(self, approval: str) -> CardView:
        """The card, once it is posted and its place is known to the workflow."""
        await until(lambda: approval in self.cards.cards)
        while True:
            view = await self.approval(approval).query(ApprovalWorkflow.view)
            if view.ballot.places:
                return view
            await asyncio.sleep(0.02)

    @staticmethod
    def click(view: CardView, verdict: Verdict, by: str, **changed: Any) -> Decision:
        """See `click`."""
        return click(view, verdict, by, **changed)

    async def decide(
        self, approval: str, verdict: Verdict, by: str = GRACE, **changed: Any
    ) -> Decision:
        """Click on the card as it is shown."""
        decision = click(await self.card(approval), verdict, by, **changed)
        await self.approval(approval).signal(ApprovalWorkflow.decide, decision)
        return decision


def click(view: CardView, verdict: Verdict, by: str = GRACE, **changed: Any) -> Decision:
    """The decision a click on this card makes."""
    made: dict[str, Any] = {
        "id": f"T0:{by}:{uuid.uuid4().hex}",
        "verdict": verdict,
        "by": by,
        "at": datetime.now(UTC),
        "revision": view.request.revision,
        "digest": view.ballot.digest[:16],
        "place": view.ballot.places[0] if view.ballot.places else None,
    }
    return Decision.model_validate(made | changed)


async def until(condition: Callable[[], Any], seconds: float = 15) -> None:
    """Wait for something another process does; fails with the condition's name."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - what is waited for happens elsewhere
            await asyncio.sleep(0.02)


@pytest.fixture
async def house(temporal_address: str, tmp_path: Path) -> AsyncIterator[House]:
    """A house with its worker running."""
    ours = temporal.plugin(PayloadFiles(tmp_path / "payloads"))
    client = await temporal.connect(TemporalSettings(address=temporal_address), ours)
    built = House(client=client, queue=f"test-{uuid.uuid4().hex}")
    async with built.worker():
        yield built
