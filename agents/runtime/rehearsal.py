"""A turn before the first: ADK loads much of itself while it runs.

Inside of a workflow that would count as standing still, and be cut off where a machine is busy.
"""

import hashlib
import importlib

from agents.catalogue import CATALOGUE, find
from agents.runtime.turns import Turn
from agents.samples import offline
from workflows.messages.turns import InputFile, TurnRequest

_MESSAGE = b"Invoice 1 was charged twice, please refund it."


async def rehearse() -> None:
    """Load what a turn needs: every agent, and ADK by a turn with tools and a transfer."""
    for name in CATALOGUE:
        importlib.import_module(f"agents.samples.{name}.agent")
    offline.register()
    desk = find("help_desk")
    file = InputFile(
        name="message.txt",
        media_type="text/plain",
        size=len(_MESSAGE),
        sha256=hashlib.sha256(_MESSAGE).hexdigest(),
    )
    request = TurnRequest(
        key="rehearsal",
        turn="rehearsal",
        agent=desk.name,
        task_id="rehearsal",
        workflow_id="rehearsal",
        step="rehearsal",
        inputs=(file,),
        model=desk.offline_model,
    )
    await Turn(desk, request, (_MESSAGE,)).run()
