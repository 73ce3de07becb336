"""The worker of agents with `run = "workflow"`: on a task queue of its own, so that ADK is replaced
apart from everything else.
"""

import contextlib
from collections.abc import AsyncIterator

from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from bot.errors import ConfigurationError
from bot.temporal import GRACE
from storage.payloads import PayloadFiles
from workflows.step_run import ADK_QUEUE


@contextlib.asynccontextmanager
async def adk_worker(client: Client, queue: str, payloads: PayloadFiles) -> AsyncIterator[None]:
    """Runs turns inside of workflows; raises ConfigurationError without the library for that.

    ADK takes no sandbox; what it would do at random is made deterministic by Temporal's plugin.
    """
    try:
        from temporalio.google_adk import GoogleAdkPlugin  # noqa: PLC0415 - an extra

        from agents.adk_tools import AdkTools  # noqa: PLC0415 - loads ADK
        from agents.adk_workflow import AdkTurnWorkflow  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            "run = 'workflow' needs the package temporalio-google-adk: "
            "run 'make install EXTRAS=workflow', or set run = 'local'."
        ) from error
    worker = Worker(
        client,
        task_queue=queue + ADK_QUEUE,
        workflows=[AdkTurnWorkflow],
        activities=[AdkTools(payloads.get).run_tool],
        plugins=[GoogleAdkPlugin()],
        workflow_runner=UnsandboxedWorkflowRunner(),
        graceful_shutdown_timeout=GRACE,
    )
    async with worker:
        yield
