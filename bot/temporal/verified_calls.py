"""The doors of activities and of our own client: what an activity takes, what our messages are for.

See `verified_workflows.py` for the door of workflows.
"""

from typing import Any

from temporalio import activity
from temporalio.client import (
    Interceptor as ClientInterceptor,
)
from temporalio.client import (
    OutboundInterceptor,
    SignalWorkflowInput,
    StartWorkflowInput,
    StartWorkflowUpdateInput,
    WorkflowHandle,
    WorkflowUpdateHandle,
)
from temporalio.exceptions import ApplicationError
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput
from temporalio.worker import Interceptor as WorkerInterceptor

from bot.temporal.data_converter import Unverified
from storage.payloads.mac_codec import answers_from_here_on, meant_for, unwrapped, why


class Purposes(ClientInterceptor):
    """Says of each message which one it is, so that it is no other."""

    def intercept_client(self, next: OutboundInterceptor) -> OutboundInterceptor:  # noqa: A002 - the SDK's name
        """Before everything else."""
        return _Purposeful(next)


class _Purposeful(OutboundInterceptor):
    async def start_workflow(self, input: StartWorkflowInput) -> WorkflowHandle[Any, Any]:  # noqa: A002 - as above
        with meant_for(f"start {input.workflow}"):
            return await super().start_workflow(input)

    async def signal_workflow(self, input: SignalWorkflowInput) -> None:  # noqa: A002 - as above
        with meant_for(f"signal {input.signal}"):
            await super().signal_workflow(input)

    async def start_workflow_update(
        self,
        input: StartWorkflowUpdateInput,  # noqa: A002 - as above
    ) -> WorkflowUpdateHandle[Any]:
        with meant_for(f"update {input.update}"):
            return await super().start_workflow_update(input)


class VerifiedActivities(WorkerInterceptor):
    """Nothing is done for somebody else: arguments that do not verify fail the attempt."""

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002 - the SDK's name
        """Before the activity."""
        return _Verifying(next)


class _Verifying(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002 - as above
        input.args = [_taken(argument) for argument in input.args]
        result = await super().execute_activity(input)
        answers_from_here_on()  # the SDK encodes it next, in this task
        return result


def _taken(argument: object) -> object:
    if not isinstance(argument, Unverified):
        return argument
    scheduled = activity.info().scheduled_time.timestamp()
    inside = unwrapped(argument.payload, scheduled)
    if inside is None:
        problem = why(argument.payload)
        activity.logger.warning("an activity was refused: its arguments came %s", problem)
        raise ApplicationError(f"The arguments were {problem}.", type="Unverified")
    kinds = None if argument.kind is None else [argument.kind]
    return activity.payload_converter().from_payloads([inside], kinds)[0]
