"""The worker of agents with `run = "workflow"`: on a task queue of its own, so that ADK is replaced
apart from everything else.
"""

import contextlib
from collections.abc import AsyncIterator

from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from agents.models.access import ModelAccess
from agents.tool_policy.policies import ToolPolicies
from bot.config.errors import ConfigurationError
from bot.temporal.client import BEATS_APART, GRACE
from storage.payloads.files import PayloadFiles
from workflows.task.turns import ADK_QUEUE


@contextlib.asynccontextmanager
async def adk_worker(
    client: Client,
    queue: str,
    payloads: PayloadFiles,
    models: ModelAccess | None = None,
    policies: ToolPolicies | None = None,
) -> AsyncIterator[None]:
    """Runs turns inside of workflows; raises ConfigurationError without the library for that.

    Without `models` there is only the offline one.

    ADK takes no sandbox; what it would do at random is made deterministic by Temporal's plugin.
    """
    try:
        import temporalio.google_adk  # noqa: F401, PLC0415 - an extra

        from agents.models.calls import adk_plugin  # noqa: PLC0415
        from agents.runtime.adk_tools import AdkTools  # noqa: PLC0415 - loads ADK
        from agents.runtime.adk_workflow import AdkTurnWorkflow  # noqa: PLC0415
        from agents.runtime.rehearsal import rehearse  # noqa: PLC0415
        from agents.tool_policy.calls import PolicyCalls  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            "run = 'workflow' needs the package temporalio-google-adk: "
            "install signoff[workflow], run 'make install EXTRAS=workflow' in a checkout, or set "
            "run = 'local'."
        ) from error
    judge = PolicyCalls(policies or ToolPolicies())
    worker = Worker(
        client,
        task_queue=queue + ADK_QUEUE,
        workflows=[AdkTurnWorkflow],
        activities=[AdkTools(payloads.get, judge).run_tool, judge.judge],
        plugins=[adk_plugin(models or ModelAccess.without_keys(offline=True))],
        workflow_runner=UnsandboxedWorkflowRunner(),
        graceful_shutdown_timeout=GRACE,
        max_heartbeat_throttle_interval=BEATS_APART,
    )
    await rehearse()
    async with worker:
        yield
