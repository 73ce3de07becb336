"""SIGKILL while an agent waits for people's word on its tool calls: it goes on from exactly there."""

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from temporalio.worker import Replayer

from bot.processes import bootstrap
from bot.temporal import client as temporal
from notifications.slack.delivery import RECEIPT
from playground.server import Playground
from storage.payloads.files import PayloadFiles
from tests.agents.runtime.test_adk_workflow import replayer
from tests.conftest import free_port
from tests.e2e.conftest import CHANNEL, ROOT
from tests.e2e.faults.test_kill import KillableOffice, Processes, _prepared, started, workspace
from workflows.task.turns import INSIDE

__all__ = ["workspace"]  # the fixture

SETTINGS = """
[slack]
base_url = "{api}"
read_seconds = 0
[web]
port = 0
[agent_server]
port = {agents}
[agents.operations]
run = "{run}"
[temporal]
address = "127.0.0.1:{port}"
task_queue = "kill"
embedded = true
[storage]
folder = "{folder}/state"
[inputs]
folders = ["{root}/examples"]
[policy]
approvers = ["grace@acme.example"]
[pipelines.pay]
steps = [{{name = "payment"}}]
[pipelines.operate]
steps = [{{name = "operations"}}]
"""


class RealProcesses(Processes):
    """The worker and the agents as they are shipped."""

    def __init__(self, config: Path, port: int, workspace: Playground) -> None:
        super().__init__(config, port, workspace)
        for name in ("GOOGLE_API_KEY", "GEMINI_API_KEY", "GOOGLE_GENAI_USE_VERTEXAI"):
            self._environment.pop(name, None)

    def _command(self, name: str) -> list[str]:
        if name in {"worker", "agents"}:
            return [sys.executable, "-m", "bot", "--config", str(self._config), name]
        return super()._command(name)


@pytest.fixture
async def office(
    workspace: Playground, tmp_path: Path, request: pytest.FixtureRequest
) -> AsyncIterator[KillableOffice]:
    """Everything started but the agents, which only one of the stories needs."""
    port, file = free_port(), tmp_path / "signoff.toml"
    values = {"api": workspace.api_url, "port": port, "agents": free_port(), "folder": tmp_path}
    run = getattr(request, "param", "local")
    text = SETTINGS.format(**values, root=ROOT, run=run)
    file.write_text(text, encoding="utf-8")
    async with started(RealProcesses(file, port, workspace), workspace, file) as built:
        await listening(built)
        yield built


async def listening(office: KillableOffice) -> None:
    """Until the bot answers a command, on a machine that is busy as well."""
    async with asyncio.timeout(80):
        while not (await office.ada.command("/task help", CHANNEL))["acked"]:  # noqa: ASYNC110
            await asyncio.sleep(0.1)


async def served(office: KillableOffice) -> None:
    """Until the agents answer: loading ADK takes seconds."""
    server = office.settings.agent_server
    url = f"http://{server.host}:{server.port}/health"
    async with aiohttp.ClientSession() as session:
        for _ in range(900):
            try:
                async with session.get(url) as answer:
                    if answer.status == 200:
                        return
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.1)
    raise TimeoutError("the agents do not answer")


async def ended(office: KillableOffice, thread: str) -> str:
    """Wait for the end; what the receipt said."""
    await office.ada.wait_for(lambda m: "completed" in m["text"], CHANNEL, timeout=60)
    shown = await office.ada.messages(CHANNEL, thread)
    (receipt,) = [m for m in shown if (m.get("metadata") or {}).get("event_type") == RECEIPT]
    return str(receipt["blocks"])


async def replay_everything(office: KillableOffice) -> int:
    """Every history of this installation, in this code; how many there were."""
    client = await bootstrap.connect(office.settings)
    folder = office.settings.folder / "payloads"
    ours = Replayer(workflows=[], plugins=[temporal.plugin(PayloadFiles(folder))])
    inside, count = replayer(folder), 0
    async for found in client.list_workflows():
        history = await client.get_workflow_handle(found.id).fetch_history()
        await (inside if found.workflow_type == INSIDE else ours).replay_workflow(history)
        count += 1
    return count


async def asked_cards(office: KillableOffice, thread: str) -> int:
    shown = await office.ada.messages(CHANNEL, thread)
    return len([m for m in shown if "-question-" in str(m.get("metadata"))])


async def test_everything_dies_over_a_question_of_an_a2a_agent(office: KillableOffice) -> None:
    """Worker and agents are killed, people answer, the bot is killed; each payment is made once."""
    office.processes.start("agents")
    await served(office)
    await office.ada.command("/task pay payments.csv", CHANNEL)
    thread = await office.thread()
    card = await office.card(thread, "payment-question-1")
    assert str(card["blocks"]).count(". order_payment") == 3
    office.processes.kill("worker")
    office.processes.kill("agents")
    assert (await office.grace.click(card, "signoff_approve"))["acked"]
    office.processes.kill("bot")
    for name in ("agents", "bot"):
        office.processes.start(name)
    await served(office)
    office.processes.start("worker")
    await listening(office)
    assert "3 actions carried out" in await ended(office, thread)
    assert await asked_cards(office, thread) == 1
    assert await replay_everything(office) == 2


@pytest.mark.parametrize(("office", "turns"), [("local", 0), ("workflow", 2)], indirect=["office"])
async def test_everything_dies_over_a_question_of_a_local_agent(
    office: KillableOffice, turns: int
) -> None:
    """The agent runs in the worker, as an activity or inside of a workflow.

    Its session comes back out of Temporal in a new process.
    """
    await office.ada.command("/task operate runbook.md", CHANNEL)
    thread = await office.thread()
    await office.card(thread, "operations-question-1")
    for name in ("worker", "bot", "temporal"):
        office.processes.kill(name)
    for name in ("temporal", "worker", "bot"):
        office.processes.start(name)
    await _prepared(office)
    await listening(office)
    card = await office.card(thread, "operations-question-1")
    assert (await office.grace.click(card, "signoff_approve"))["acked"]
    assert "4 actions carried out" in await ended(office, thread)
    assert await asked_cards(office, thread) == 1
    assert await replay_everything(office) == 2 + turns
