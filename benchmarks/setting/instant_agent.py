"""An agent that answers at once, so that only Signoff itself is measured."""

import time
from pathlib import Path

from temporalio import activity

from workflows.activities import AgentActivities
from workflows.messages.results import AgentResult
from workflows.messages.turns import TurnOutcome, TurnRequest

FILE = "agent-calls"


class InstantAgent(AgentActivities):
    """Writes into `folder` when each step was asked for."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / FILE

    @activity.defn(name="run_turn")
    async def run_turn(self, request: TurnRequest) -> TurnOutcome:
        """One sentence and two findings."""
        with self._file.open("a", encoding="utf-8") as file:
            file.write(f"{request.task_id} {request.step} {time.time()}\n")
        summary = f"Nothing unusual was found in step {request.step}."
        findings = ("344 rows, 7 columns", "No value is missing")
        return TurnOutcome(result=AgentResult(summary=summary, findings=findings))


def calls(folder: Path) -> dict[tuple[str, str], float]:
    """When each task's step was first asked for, in seconds since 1970."""
    first: dict[tuple[str, str], float] = {}
    for line in (folder / FILE).read_text(encoding="utf-8").splitlines():
        task, step, at = line.split()
        first.setdefault((task, step), float(at))
    return first
