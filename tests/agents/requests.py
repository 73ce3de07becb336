"""Input files and requests for the tests of the agents."""

import hashlib
from pathlib import Path

from workflows.messages.results import AgentResult
from workflows.messages.turns import EarlierStep, Feedback, InputFile, TurnRequest

EXAMPLES = Path(__file__).parents[2] / "examples"

SALES = b"""day,region,units,price,note
2024-01-01,North,10,2.5,
2024-02-01,South,12,2.6,late
2024-03-01,North,15,2.4,
2024-04-01,South,17,2.7,
2024-05-01,North,21,2.5,
2024-06-01,South,24,2.8,
2024-07-01,North,26,2.6,
2024-08-01,South,29,2.9,
2024-09-01,North,31,,
2024-10-01,South,900,3.0,
"""


def input_file(name: str, content: bytes, media_type: str = "") -> InputFile:
    """The description of an input."""
    digest = hashlib.sha256(content).hexdigest()
    return InputFile(name=name, media_type=media_type, size=len(content), sha256=digest)


def request(
    agent: str = "analysis",
    name: str = "sales.csv",
    content: bytes = SALES,
    *,
    key: str = "task-1/analysis/1",
    earlier: tuple[EarlierStep, ...] = (),
    feedback: Feedback | None = None,
) -> TurnRequest:
    """A turn of `agent` over one file."""
    return TurnRequest(
        key=key,
        agent=agent,
        task_id="task-1",
        workflow_id="workflow-1",
        step=agent,
        inputs=(input_file(name, content),),
        earlier=earlier,
        feedback=feedback,
    )


def said(step: str, result: AgentResult | None) -> EarlierStep:
    """An approved earlier result."""
    assert result is not None
    return EarlierStep(step=step, result=result)
