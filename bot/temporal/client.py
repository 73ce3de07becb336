"""Temporal as Signoff uses it: one plugin for worker, bot, command line and tests alike."""

import asyncio
import functools
import logging
from collections.abc import Callable, Sequence
from datetime import timedelta
from importlib import metadata
from typing import Any

from pydantic import ValidationError
from temporalio.api.operatorservice.v1 import (
    AddSearchAttributesRequest,
    ListSearchAttributesRequest,
)
from temporalio.api.workflowservice.v1 import UpdateNamespaceRequest
from temporalio.client import Client, WorkflowHandle, WorkflowQueryFailedError
from temporalio.common import VersioningBehavior, WorkerDeploymentVersion
from temporalio.converter import PayloadCodec
from temporalio.plugin import SimplePlugin
from temporalio.runtime import (
    LogForwardingConfig,
    LoggingConfig,
    Runtime,
    TelemetryConfig,
    TelemetryFilter,
)
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import UnsandboxedWorkflowRunner, Worker, WorkerDeploymentConfig

from bot.config.errors import ConfigurationError, UnavailableError
from bot.config.sections.temporal import TemporalSettings
from bot.temporal.activity_heartbeats import Heartbeats
from bot.temporal.data_converter import data_converter
from bot.temporal.verified_calls import Purposes, VerifiedActivities
from bot.temporal.verified_workflows import OnRefused, VerifyingRunner
from storage.payloads.driver import OnError
from storage.payloads.files import PayloadFiles
from storage.payloads.mac_codec import MacCodec
from workflows.approval import search_attributes
from workflows.approval.workflow import ApprovalWorkflow
from workflows.messages.audit import AuditEntry
from workflows.summary_workflow import SummaryWorkflow
from workflows.task.workflow import TaskWorkflow

RELEASE = metadata.version("signoff")
GRACE = timedelta(seconds=5)
BEATS_APART = timedelta(seconds=3)
"""Heartbeats carry what agents do, and bring back that an activity was cancelled."""
MISREAD = (WorkflowQueryFailedError, ValidationError)
"""How a question to a workflow of another kind ends: no such query, or an answer unlike ours."""


def plugin(
    payloads: PayloadFiles,
    activities: Sequence[Callable[..., Any]] = (),
    codec: PayloadCodec | None = None,
    on_error: OnError | None = None,
    on_refused: OnRefused | None = None,
) -> SimplePlugin:
    """Converter, workflows and activities; with a `MacCodec`, nothing reaches them unverified.

    `on_refused` hears of what was not for a workflow.
    """
    runner = None
    if isinstance(codec, MacCodec):
        runner = VerifyingRunner(on_refused or _only_logged, codec.plain_until)
    return SimplePlugin(
        "signoff",
        data_converter=data_converter(payloads, codec, on_error),
        workflows=[TaskWorkflow, ApprovalWorkflow, SummaryWorkflow],
        activities=activities,
        interceptors=[Heartbeats(), VerifiedActivities(), Purposes()],
        workflow_runner=runner,
    )


def _only_logged(entry: AuditEntry) -> None:
    logging.getLogger(__name__).warning("%s was refused: %s", entry.workflow_id, entry.detail)


@functools.cache
def runtime() -> Runtime:
    """One for the process; the SDK's Rust core logs to Python's logging, not to standard output."""
    forwarding = LogForwardingConfig(logger=logging.getLogger("temporalio.core"))
    log = LoggingConfig(TelemetryFilter(core_level="ERROR", other_level="ERROR"), forwarding)
    return Runtime(telemetry=TelemetryConfig(logging=log))


async def connect(settings: TemporalSettings, ours: SimplePlugin, *, lazy: bool = False) -> Client:
    """A client with our plugin; raises UnavailableError when nothing answers.

    A `lazy` one connects when it is first used: the bot has to keep clicks while Temporal is down.
    """
    try:
        return await asyncio.wait_for(
            Client.connect(
                settings.address,
                namespace=settings.namespace,
                plugins=[ours],
                runtime=runtime(),
                lazy=lazy,
            ),
            timeout=10,
        )
    except (RuntimeError, RPCError, TimeoutError):
        raise UnavailableError(
            f"Temporal does not answer at {settings.address}: start it, run 'signoff up', or set "
            "address under [temporal] in signoff.toml."
        ) from None


def worker(client: Client, settings: TemporalSettings, build: str = RELEASE) -> Worker:
    """A worker for everything; `graceful_shutdown_timeout` lets running activities end."""
    return Worker(
        client,
        task_queue=settings.task_queue,
        graceful_shutdown_timeout=GRACE,
        max_concurrent_activities=200,
        max_heartbeat_throttle_interval=BEATS_APART,
        max_concurrent_workflow_tasks=8,  # what a killed worker holds is missing for 10 s
        max_cached_workflows=0,  # see docs/adr/0010
        deployment_config=_versioned(settings.deployment, build) if settings.deployment else None,
        workflow_runner=UnsandboxedWorkflowRunner(),
    )


def _versioned(deployment: str, build: str) -> WorkerDeploymentConfig:
    """Work goes to the current build, approvals in flight included: none waits for an old one."""
    return WorkerDeploymentConfig(
        version=WorkerDeploymentVersion(deployment_name=deployment, build_id=build),
        use_worker_versioning=True,
        default_versioning_behavior=VersioningBehavior.AUTO_UPGRADE,
    )


async def keep_closed(client: Client, retention: timedelta) -> None:
    """How long ended workflows stay readable: a late click is answered from them."""
    request = UpdateNamespaceRequest(namespace=client.namespace)
    request.config.workflow_execution_retention_ttl.FromTimedelta(retention)
    await client.workflow_service.update_namespace(request)


async def register_attributes(client: Client) -> None:
    """Add our search attributes where they are missing; refuse ones of another type."""
    missing = await missing_attributes(client)
    if not missing:
        return
    try:
        await client.operator_service.add_search_attributes(
            AddSearchAttributesRequest(namespace=client.namespace, search_attributes=missing)
        )
    except RPCError as error:
        if error.status is not RPCStatusCode.ALREADY_EXISTS:
            raise ConfigurationError(
                f"The search attributes {', '.join(missing)} are missing in namespace "
                f"{client.namespace} and cannot be added ({error.message}): ask its operator."
            ) from None
    await _wait_for_attributes(client)


async def missing_attributes(client: Client) -> dict[str, Any]:
    """Our search attributes the namespace lacks, by name with their type."""
    listed = await client.operator_service.list_search_attributes(
        ListSearchAttributesRequest(namespace=client.namespace)
    )
    missing = {}
    for key in search_attributes.ALL:
        wanted = key.indexed_value_type
        have = listed.custom_attributes.get(key.name)
        if have is None:
            missing[key.name] = int(wanted)
        elif int(have) != int(wanted):
            raise ConfigurationError(
                f"The search attribute {key.name} exists in namespace {client.namespace} with "
                "another type: remove it there, or use a namespace of Signoff's own."
            )
    return missing


async def _wait_for_attributes(client: Client) -> None:
    """The server tells its own parts about new attributes within a second or two."""
    for _ in range(100):
        if not await missing_attributes(client):
            return
        await asyncio.sleep(0.1)
    raise UnavailableError("Temporal did not take our search attributes within 10 s: try again.")


def unknown(error: RPCError | RuntimeError) -> bool:
    """Whether Temporal answered that it has no such workflow."""
    return isinstance(error, RPCError) and error.status in {
        RPCStatusCode.NOT_FOUND,
        RPCStatusCode.INVALID_ARGUMENT,
    }


async def is_other(handle: WorkflowHandle[Any, Any], kind: str) -> bool:
    """Whether the workflow of this id is of another kind, after a question to it failed."""
    try:
        return (await handle.describe()).workflow_type != kind
    except (RPCError, RuntimeError) as error:
        raise unavailable(error) from None


def unavailable(error: RPCError | RuntimeError) -> UnavailableError:
    """The sentence for everything else; a lazy client that cannot connect raises RuntimeError."""
    why = error.status.name.lower() if isinstance(error, RPCError) else "not connected"
    return UnavailableError(f"Temporal does not answer just now ({why}): please try again.")
