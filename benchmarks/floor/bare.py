"""The least Temporal takes: a workflow with one signal and one local activity, nothing of ours."""

import time
from datetime import timedelta

from temporalio import activity, workflow


@activity.defn(name="note_the_time")
async def note_the_time() -> float:
    """Seconds since 1970."""
    return time.time()


@workflow.defn(name="Bare")
class BareWorkflow:
    """Waits for its signal, runs its local activity, returns when that ran."""

    @workflow.init
    def __init__(self) -> None:
        self._signalled = False

    @workflow.signal
    def go(self) -> None:
        """Go on."""
        self._signalled = True

    @workflow.run
    async def run(self) -> float:
        """When the local activity ran."""
        await workflow.wait_condition(lambda: self._signalled)
        return await workflow.execute_local_activity(
            note_the_time, start_to_close_timeout=timedelta(seconds=10)
        )
