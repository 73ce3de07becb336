"""A worker for turns inside of workflows that does one and says what was loaded meanwhile:
`python -m ... ADDRESS QUEUE AGENT FILE FOLDER`.
"""

import asyncio
import sys
import uuid
from pathlib import Path
from typing import Any

from temporalio.worker import _workflow_instance

from agents.runtime.adk_workflow import AdkTurnWorkflow
from bot.config.sections.temporal import TemporalSettings
from bot.processes.adk_worker import adk_worker
from bot.temporal import client as temporal
from storage.payloads.files import PayloadFiles
from tests.agents.requests import input_file
from workflows.messages.turns import TurnRequest
from workflows.task.turns import ADK_QUEUE

INSTANCE: Any = _workflow_instance._WorkflowInstanceImpl  # an activation is nowhere public
ACTIVATE = INSTANCE.activate


def activate(instance: Any, activation: Any) -> Any:
    """As before, and says what is new."""
    before = set(sys.modules)
    try:
        return ACTIVATE(instance, activation)
    finally:
        for name in sorted(set(sys.modules) - before):
            print("loaded", name, flush=True)


async def main(address: str, queue: str, agent: str, path: Path, folder: Path) -> None:
    """One turn."""
    files = PayloadFiles(folder)
    content = path.read_bytes()
    await files.put(content)
    client = await temporal.connect(TemporalSettings(address=address), temporal.plugin(files))
    asked = TurnRequest(
        key="k",
        turn="k",
        agent=agent,
        task_id="t",
        workflow_id="w",
        step="s",
        inputs=(input_file(path.name, content),),
        model=f"offline/{agent}",
    )
    async with adk_worker(client, queue, files):
        outcome = await client.execute_workflow(
            AdkTurnWorkflow.run, asked, id=uuid.uuid4().hex, task_queue=queue + ADK_QUEUE
        )
    print("questions", len(outcome.questions), "result", outcome.result is not None)


if __name__ == "__main__":
    INSTANCE.activate = activate
    address, queue, agent, path, folder = sys.argv[1:]
    asyncio.run(main(address, queue, agent, Path(path), Path(folder)))
