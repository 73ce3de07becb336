"""Agents whose turns run inside of a workflow: the same contract, and histories that replay.

With `SIGNOFF_RECORD=<name>` the stories are kept under `adk_histories/<name>/`; those of an older
ADK tell whether the one that is installed may replace it.
"""

import asyncio
import hashlib
import json
import os
import re
import sys
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from google.adk.models.llm_request import LlmRequest
from temporalio.client import Client, WorkflowFailureError, WorkflowHistory
from temporalio.exceptions import ApplicationError
from temporalio.google_adk import GoogleAdkPlugin
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner

from agents.runtime.adk_workflow import AdkTurnWorkflow
from agents.runtime.local import LocalAgents
from agents.samples.offline import OfflineModel
from bot.config.errors import ConfigurationError
from bot.config.sections.temporal import TemporalSettings
from bot.config.settings import Settings, load
from bot.processes.adk_worker import adk_worker
from bot.temporal import client as temporal
from storage.payloads.files import PayloadFiles
from tests.agents.requests import EXAMPLES, request
from tests.workflows.conftest import until
from tests.workflows.test_replay import scrubbed
from workflows.messages.results import AgentPin
from workflows.messages.turns import ToolDecision, TurnOutcome, TurnRequest
from workflows.task.turns import ADK_QUEUE

HISTORIES = Path(__file__).parent / "adk_histories"
ROOT = Path(__file__).parents[3]
STORIES = {
    "help_desk": "complaint.txt",
    "data_pipeline": "penguins.csv",
    "research": "penguins.csv",
    "report_writer": "penguins.csv",
    "fact_check": "penguins-note.md",
    "refine": "draft.md",
    "payment": "payments.csv",
    "operations": "runbook.md",
}


@dataclass
class Hall:
    """A worker for turns inside of workflows, on a real server."""

    client: Client
    queue: str
    files: PayloadFiles

    async def turn(self, asked: TurnRequest) -> tuple[TurnOutcome, Any]:
        """Run one turn; its outcome and its history."""
        handle = await self.client.start_workflow(
            AdkTurnWorkflow.run, asked, id=uuid.uuid4().hex, task_queue=self.queue + ADK_QUEUE
        )
        return await handle.result(), (await handle.fetch_history()).to_json_dict()


@pytest.fixture
async def hall(temporal_address: str, tmp_path: Path) -> AsyncIterator[Hall]:
    """Running."""
    files = PayloadFiles(tmp_path)
    settings = TemporalSettings(address=temporal_address)
    client = await temporal.connect(settings, temporal.plugin(files))
    queue = f"test-{uuid.uuid4().hex}"
    async with adk_worker(client, queue, files):
        yield Hall(client, queue, files)


def replayer(folder: Path) -> Replayer:
    return Replayer(
        workflows=[AdkTurnWorkflow],
        plugins=[temporal.plugin(PayloadFiles(folder)), GoogleAdkPlugin()],
        workflow_runner=UnsandboxedWorkflowRunner(),
    )


def asking(agent: str, content: bytes) -> TurnRequest:
    asked = request(agent, STORIES[agent], content)
    return asked.model_copy(update={"model": f"offline/{agent}"})


@pytest.mark.parametrize("agent", STORIES)
async def test_a_pattern_comes_to_the_same(agent: str, hall: Hall, tmp_path: Path) -> None:
    """As its turn in an activity: questions, answers, result; and what ran can be replayed."""
    content = (EXAMPLES / STORIES[agent]).read_bytes()
    assert await hall.files.put(content) == hashlib.sha256(content).hexdigest()
    asked, stories = asking(agent, content), []
    outcome, history = await hall.turn(asked)
    stories.append(history)
    expected = await LocalAgents(offline=True).run(asked, [content])
    assert [q.arguments for q in outcome.questions] == [q.arguments for q in expected.questions]
    if outcome.questions:
        yes = {q.id: ToolDecision(question_id=q.id, confirmed=True) for q in outcome.questions}
        more = {"session": outcome.session, "answers": tuple(yes.values())}
        outcome, history = await hall.turn(asked.model_copy(update=more))
        stories.append(history)
        same = tuple(ToolDecision(question_id=q.id, confirmed=True) for q in expected.questions)
        more = {"session": expected.session, "answers": same}
        expected = await LocalAgents(offline=True).run(asked.model_copy(update=more), [content])
    assert outcome.result is not None
    assert _without_ids(outcome.result.full_text) == _without_ids(
        expected.result.full_text if expected.result else ""
    )
    assert outcome.version == expected.version
    for story in stories:
        await replayer(tmp_path).replay_workflow(WorkflowHistory.from_json("w", story))
    if release := os.environ.get("SIGNOFF_RECORD"):
        file = HISTORIES / release / f"{agent}.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(scrubbed({"turns": stories}), indent=1), encoding="utf-8")


def _without_ids(text: str) -> str:
    """Each call's order has a number of its own."""
    return re.sub(r"PO-\w+", "PO", text)


@pytest.mark.parametrize("file", sorted(HISTORIES.glob("*/*.json")), ids=lambda f: f.stem)
async def test_recorded_turns_replay(file: Path, tmp_path: Path) -> None:
    """In the ADK that is installed; one that fails here must not replace a running one."""
    for story in json.loads(file.read_text(encoding="utf-8"))["turns"]:
        await replayer(tmp_path).replay_workflow(WorkflowHistory.from_json("w", story))


async def test_a_killed_worker_loses_no_answer_of_the_model(
    hall: Hall, temporal_address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SIGKILL while a tool runs: another worker goes on, and asks the model only what is new."""
    asked_here: list[int] = []
    real = OfflineModel.generate_content_async

    def counted(model: OfflineModel, llm_request: LlmRequest, stream: bool = False) -> Any:
        if model.model == "offline/analysis":  # not of the rehearsal
            asked_here.append(len(llm_request.contents))
        return real(model, llm_request, stream)

    monkeypatch.setattr(OfflineModel, "generate_content_async", counted)
    content, queue = (EXAMPLES / "penguins.csv").read_bytes(), f"test-{uuid.uuid4().hex}"
    await hall.files.put(content)
    asked = request("analysis", "penguins.csv", content)
    handle = await hall.client.start_workflow(
        AdkTurnWorkflow.run,
        asked.model_copy(update={"model": "offline/analysis"}),
        id=uuid.uuid4().hex,
        task_queue=queue + ADK_QUEUE,
    )
    mark = tmp_path / "mark"
    victim = await asyncio.create_subprocess_exec(
        *(
            sys.executable,
            "-m",
            "tests.agents.runtime.stuck_adk_worker",
            temporal_address,
            queue,
            mark,
        ),
        cwd=ROOT,
    )
    try:
        await until(mark.exists, 60)
    finally:
        victim.kill()
        await victim.wait()
    async with adk_worker(hall.client, queue, hall.files):
        outcome = await asyncio.wait_for(handle.result(), 60)
    assert outcome.result is not None
    assert outcome.result.summary.startswith("penguins.csv has 344 rows")
    assert asked_here
    assert 1 not in asked_here


async def test_errors_are_sentences(hall: Hall) -> None:
    """Not workflow tasks that fail for ever: a missing file, a wrong version, an unknown agent."""
    content = b"to,amount,currency,reason\nAnn,1,EUR,x\n"
    lost = asking("payment", content)
    old = lost.model_copy(update={"pin": AgentPin(version="0.9")})
    unknown = lost.model_copy(update={"agent": "nobody"})
    told = {}
    for name, asked in (("lost", lost), ("old", old), ("unknown", unknown)):
        with pytest.raises(WorkflowFailureError) as caught:
            await hall.turn(asked)
        cause = caught.value.cause
        assert isinstance(cause, ApplicationError)
        told[name] = (cause.type, cause.message)
    assert told["lost"][0] == "AgentFailed"
    assert told["old"][0] == "WrongVersion"
    assert "0.9 is pinned" in told["old"][1]
    assert "There is no agent called 'nobody'" in told["unknown"][1]


def settings_with(tmp_path: Path, run: str, name: str = "payment") -> Settings:
    file = tmp_path / "signoff.toml"
    file.write_text(
        f'[policy]\napprovers = ["a@b.example"]\n[agents.{name}]\nrun = "{run}"\nversion = "1.0.0"\n'
        f'[pipelines.pay]\nsteps = [{{ name = "{name}" }}]\n',
        encoding="utf-8",
    )
    return load(file)


def test_it_is_off_by_default(tmp_path: Path) -> None:
    """And where it is on, the plan holds what a workflow cannot look up."""
    assert not any(
        plan.inside
        for settings in (load(ROOT / "signoff.toml"), settings_with(tmp_path, "local"))
        for pipeline in settings.pipelines
        for plan in settings.plans(pipeline)
    )
    (plan,) = settings_with(tmp_path, "workflow").plans("pay")
    assert (plan.inside, plan.model, plan.pin.version) == (True, "offline/payment", "1.0.0")


def test_only_our_own_agents_run_inside(tmp_path: Path) -> None:
    """Somebody else's agent has no code here."""
    with pytest.raises(Exception, match=r"agents\.other: run = 'workflow' is for our own agents"):
        settings_with(tmp_path, "workflow", "other")


async def test_without_the_library_the_worker_says_so(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the start, with both ways out."""
    monkeypatch.setitem(sys.modules, "temporalio.google_adk", None)
    with pytest.raises(ConfigurationError, match="needs the package temporalio-google-adk"):
        async with adk_worker(hall.client, hall.queue, hall.files):
            pass
