"""Recorded histories replay: a workflow in flight survives the next version of this code.

A change of a workflow needs `workflow.patched` and, with `SIGNOFF_RECORD=<name>`, a new set of
histories; the old ones stay for as long as such workflows may be running.
"""

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer

from bot.temporal import client
from storage.payloads.files import PayloadFiles
from tests.workflows.conftest import House
from tests.workflows.scenarios import SCENARIOS

MACHINE = {"stackTrace", "identity"}
PROCESS = re.compile(r"\d+@[\w.-]+")  # the name of a worker's own queue
HISTORIES = Path(__file__).parent / "histories"


@pytest.mark.parametrize("file", sorted(HISTORIES.glob("*/*.json")), ids=lambda f: f.stem)
async def test_recorded_histories_replay(file: Path, tmp_path: Path) -> None:
    """Of every release, of every branch."""
    recorded = json.loads(file.read_text(encoding="utf-8"))
    replayer = Replayer(workflows=[], plugins=[client.plugin(PayloadFiles(tmp_path))])
    for workflow_id, events in recorded.items():
        await replayer.replay_workflow(WorkflowHistory.from_json(workflow_id, events))


@pytest.mark.parametrize("name", SCENARIOS)
async def test_every_branch_replays_as_it_runs(name: str, house: House, tmp_path: Path) -> None:
    """Each story is run, and its histories replay in the same code; recorded when asked for."""
    task = await SCENARIOS[name](house)
    await task.result()
    ids = [task.id]
    query = f"SignoffTask = '{task.id}' AND WorkflowType = 'ApprovalWorkflow'"
    ids += sorted([found.id async for found in house.client.list_workflows(query)])
    histories = {}
    for workflow_id in ids:
        handle = house.client.get_workflow_handle(workflow_id)
        await handle.result()
        histories[workflow_id] = (await handle.fetch_history()).to_json_dict()
    replayer = Replayer(workflows=[], plugins=[client.plugin(PayloadFiles(tmp_path))])
    for workflow_id, events in histories.items():
        await replayer.replay_workflow(WorkflowHistory.from_json(workflow_id, events))
    if release := os.environ.get("SIGNOFF_RECORD"):
        folder = HISTORIES / release
        folder.mkdir(parents=True, exist_ok=True)
        text = json.dumps(scrubbed(histories), indent=1)
        (folder / f"{name}.json").write_text(text, encoding="utf-8")


def scrubbed(value: Any) -> Any:
    """Without what tells of the machine it was recorded on; no replay looks at that."""
    if isinstance(value, dict):
        return {k: "" if k in MACHINE else scrubbed(v) for k, v in value.items()}
    if isinstance(value, list):
        return [scrubbed(item) for item in value]
    return "" if isinstance(value, str) and PROCESS.fullmatch(value) else value
