"""What reaches a workflow: verified messages, and nothing else.

Stands between Temporal's worker and each workflow, where payloads are decoded but no workflow code
has seen them. A forged signal is taken out, a forged update or query is refused, an activity with
a forged result or failure is scheduled again, a child with a forged result has failed, a forged
start fails the workflow that it made. So nothing forged fails or stops a workflow of ours. All of
it depends only on the payload and on the moment in the history: a replay does the same, also after
a rotation of keys.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from google.protobuf.message import Message
from temporalio import workflow
from temporalio.api.common.v1 import Payload
from temporalio.api.enums.v1 import CommandType
from temporalio.api.failure.v1 import Failure
from temporalio.bridge.proto.activity_result import Success as ActivityDone
from temporalio.bridge.proto.child_workflow import Success as ChildDone
from temporalio.bridge.proto.workflow_activation import (
    ResolveActivity,
    ResolveChildWorkflowExecution,
    WorkflowActivation,
    WorkflowActivationJob,
)
from temporalio.bridge.proto.workflow_commands import ScheduleActivity, WorkflowCommand
from temporalio.bridge.proto.workflow_completion import WorkflowActivationCompletion
from temporalio.converter import (
    ActivitySerializationContext,
    SerializationContext,
    StorageDriverStoreContext,
)
from temporalio.exceptions import ApplicationError
from temporalio.worker import (
    UnsandboxedWorkflowRunner,
    WorkflowInstance,
    WorkflowInstanceDetails,
)
from temporalio.worker._command_aware_visitor import CommandInfo

from storage.errors import PayloadUnverified
from storage.payloads.found import payloads_in
from storage.payloads.mac_codec import (
    ARGUMENT,
    FAILURE,
    NO_MAC,
    PURPOSE,
    RESULT,
    UNKNOWN_KEY,
    is_unverified,
    unwrapped,
    why,
)
from storage.payloads.mac_keys import NEVER
from workflows.messages.audit import AuditEntry, AuditKind

OnRefused = Callable[[AuditEntry], None]
"""Hears of what was refused, possibly again in each replay, from any thread; must not raise."""

AGAIN = 1 << 20
"""Commands that we add are numbered from here; a workflow's own are numbered from 1."""
KIND = "Unverified"
_REFUSED = Payload(metadata={"encoding": b"signoff/refused"})
_NULL = Payload(metadata={"encoding": b"binary/null"})
_ENDS = {
    "complete_workflow_execution",
    "fail_workflow_execution",
    "cancel_workflow_execution",
    "continue_as_new_workflow_execution",
}
_OTHER_ARGUMENTS = "with other arguments than ours"
_WORDS = "A message to this workflow does not prove where it comes from"


def _never() -> float:
    """Nothing counts without a MAC."""
    return NEVER


class VerifyingRunner(UnsandboxedWorkflowRunner):
    """Runs workflows behind `VerifiedInstance`."""

    def __init__(self, on_refused: OnRefused, plain_until: Callable[[], float] = _never) -> None:
        self._on_refused = on_refused
        self._plain_until = plain_until

    def create_instance(self, det: WorkflowInstanceDetails) -> WorkflowInstance:
        """One workflow."""
        inner = super().create_instance(det)
        return VerifiedInstance(inner, det, self._on_refused, self._plain_until)


class VerifiedInstance(WorkflowInstance):
    """Gives a workflow its activations without what does not verify."""

    def __init__(
        self,
        inner: WorkflowInstance,
        det: WorkflowInstanceDetails,
        on_refused: OnRefused,
        plain_until: Callable[[], float],
    ) -> None:
        self._inner = inner
        self._defn = det.defn
        self._run = f"{det.randomness_seed:x}"  # made of the run's id, and kept by a reset
        self._on_refused = on_refused
        self._plain_until = plain_until
        self._scheduled: dict[int, ScheduleActivity] = {}
        self._again: dict[int, int] = {}
        self._children: dict[int, str] = {}
        self._next = AGAIN

    def activate(self, act: WorkflowActivation) -> WorkflowActivationCompletion:
        """Verify what comes, run the workflow, say what each message it sends is for."""
        at = act.timestamp.ToNanoseconds() / 1e9
        again: list[ScheduleActivity] = []
        taken = [job for job in act.jobs if self._takes(job, at, again)]
        if len(taken) < len(act.jobs):
            kept = [WorkflowActivationJob.FromString(job.SerializeToString()) for job in taken]
            del act.jobs[:]
            act.jobs.extend(kept)
        completion = self._inner.activate(act)
        for command in completion.successful.commands:
            self._sent(command)
        if not any(
            command.WhichOneof("variant") in _ENDS for command in completion.successful.commands
        ):
            for schedule in again:
                completion.successful.commands.add().schedule_activity.CopyFrom(schedule)
        return completion

    def get_serialization_context(
        self, command_info: CommandInfo | None
    ) -> SerializationContext | None:
        """The workflow's own; that of an activity with the id that it was scheduled with."""
        context = self._inner.get_serialization_context(self._original(command_info))
        if command_info is None or not isinstance(context, ActivitySerializationContext):
            return context
        seq = command_info.command_seq
        schedule = self._scheduled.get(self._again.get(seq, seq))
        if schedule is None:
            return context
        return replace(context, activity_id=_id_of(schedule, seq))

    def get_external_store_context(
        self, command_info: CommandInfo | None
    ) -> StorageDriverStoreContext:
        """The workflow's own."""
        return self._inner.get_external_store_context(self._original(command_info))

    def get_info(self) -> workflow.Info:
        """The workflow's own."""
        return self._inner.get_info()

    def get_thread_id(self) -> int | None:
        """The workflow's own."""
        return self._inner.get_thread_id()

    # What comes in.

    def _takes(self, job: WorkflowActivationJob, at: float, again: list[ScheduleActivity]) -> bool:
        """Whether the workflow may see this job, which is mended where that is enough."""
        if job.HasField("signal_workflow"):
            signal = job.signal_workflow
            return self._message("signal", signal.signal_name, signal.input, at)
        if job.HasField("do_update"):
            update = job.do_update
            if not self._message("update", update.name, update.input, at):
                del update.input[:]
                update.input.append(_REFUSED)
        elif job.HasField("query_workflow"):
            for payload in job.query_workflow.arguments:
                if not _restored(payload, at):
                    payload.CopyFrom(_REFUSED)
        elif job.HasField("initialize_workflow"):
            self._start(job, at)
        elif job.HasField("resolve_activity") and not self._result(job.resolve_activity, at, again):
            return False
        elif job.HasField("resolve_child_workflow_execution"):
            self._child(job.resolve_child_workflow_execution, at)
        _sweep(job, at)
        return True

    def _message(self, what: str, name: str, payloads: Sequence[Payload], at: float) -> bool:
        """Each argument verifies, is for this message, and there are as many as it takes."""
        known = self._defn.signals if what == "signal" else self._defn.updates
        handler = known.get(name)
        arguments = handler.arg_types if handler is not None else None
        problem = _problem(payloads, at, f"{what} {name}")
        if not problem and (arguments is None or len(arguments) != len(payloads)):
            problem = _OTHER_ARGUMENTS
        if problem:
            self._refuse(f"{what} {name}", payloads, at, problem)
        return not problem

    def _start(self, job: WorkflowActivationJob, at: float) -> None:
        start = job.initialize_workflow
        began = start.start_time.ToNanoseconds() / 1e9
        what = f"start {start.workflow_type}"
        problem = _problem(start.arguments, began, what)
        if not problem and len(start.arguments) != len(self._defn.arg_types or ()):
            problem = _OTHER_ARGUMENTS
        if not problem:
            return
        self._refuse(what, start.arguments, at, problem)
        if problem == UNKNOWN_KEY:  # another installation's copy, or ours is lost: it can wait
            raise PayloadUnverified(problem)
        raise ApplicationError(f"{_WORDS}: {problem}.", type=KIND, non_retryable=True)

    def _result(self, resolved: ResolveActivity, at: float, again: list[ScheduleActivity]) -> bool:
        """A forged result is no result: whoever waits for the activity goes on waiting.

        The same for a failure, unless the server itself says that there was no answer in time.
        """
        seq = resolved.seq = self._again.pop(resolved.seq, resolved.seq)
        schedule = self._scheduled.pop(seq, None)
        ended = resolved.result.WhichOneof("status")
        if schedule is None or ended not in ("completed", "failed"):
            return True
        if ended == "completed":
            what, forged = RESULT, resolved.result.completed.result
            # without the run where the arguments had no MAC or there were none
            problem = _answer_problem(resolved.result.completed, at, f"{what} {self._run}", what)
        else:
            what, forged = FAILURE, resolved.result.failed.failure.cause.encoded_attributes
            problem = self._failure_problem(resolved.result.failed.failure.cause, at)
        if not problem:
            return True
        self._refuse(f"{what} of {schedule.activity_type}", [forged], at, problem)
        self._scheduled[seq] = schedule
        once_more = ScheduleActivity()
        once_more.CopyFrom(schedule)
        once_more.seq, once_more.activity_id = self._next, _id_of(schedule, self._next)
        self._again[self._next] = seq
        self._next += 1
        again.append(once_more)
        return False

    def _failure_problem(self, failure: Failure, at: float) -> str:
        """Why an activity's failure does not count. One that does is as it was sealed."""
        if not failure.HasField("application_failure_info"):
            return ""  # of the server's own making: it takes no other one from a worker
        if not failure.HasField("encoded_attributes"):
            return "" if at < self._plain_until() else NO_MAC
        sealed = failure.encoded_attributes
        problem = _problem([sealed], at, f"{FAILURE} {self._run}", FAILURE)
        if not problem:
            failure.CopyFrom(Failure.FromString(sealed.data))
        return problem

    def _child(self, resolved: ResolveChildWorkflowExecution, at: float) -> None:
        """A child whose result is forged has failed; the task shows that, with Retry."""
        kind = self._children.pop(resolved.seq, "")
        if not resolved.result.HasField("completed"):
            return
        problem = _answer_problem(resolved.result.completed, at, f"{RESULT} of {kind}")
        if not problem:
            return
        forged = [resolved.result.completed.result]
        self._refuse("result of a child workflow", forged, at, problem)
        cause = Failure(message=f"{_WORDS}.")
        cause.application_failure_info.type = KIND
        cause.application_failure_info.non_retryable = True
        failure = resolved.result.failed.failure
        failure.message = "Child workflow execution failed"
        failure.child_workflow_execution_failure_info.SetInParent()
        failure.cause.CopyFrom(cause)

    def _refuse(self, what: str, payloads: Sequence[Payload], at: float, problem: str) -> None:
        info = self._inner.get_info()
        said = b"".join(payload.SerializeToString(deterministic=True) for payload in payloads)
        mark = hashlib.sha256(what.encode() + b"\0" + said).hexdigest()[:32]
        is_approval = info.workflow_type == "ApprovalWorkflow"
        self._on_refused(
            AuditEntry(
                id=f"{info.run_id}:unverified:{mark}",
                at=datetime.fromtimestamp(at, UTC),
                kind=AuditKind.REFUSED,
                workflow_id=info.workflow_id,
                run_id=info.run_id,
                approval_id=info.workflow_id if is_approval else "",
                via="temporal",
                detail={"message": what, "unverified": problem},
            )
        )

    # What goes out.

    def _sent(self, command: WorkflowCommand) -> None:
        if command.HasField("schedule_activity"):
            _for(f"{ARGUMENT} {self._run}", command.schedule_activity.arguments)
            kept = ScheduleActivity()
            kept.CopyFrom(command.schedule_activity)
            self._scheduled[kept.seq] = kept
        elif command.HasField("request_cancel_activity"):
            cancel, by_original = command.request_cancel_activity, _inverted(self._again)
            cancel.seq = by_original.get(cancel.seq, cancel.seq)
        elif command.HasField("signal_external_workflow_execution"):
            signal = command.signal_external_workflow_execution
            _for(f"signal {signal.signal_name}", signal.args)
        elif command.HasField("start_child_workflow_execution"):
            child = command.start_child_workflow_execution
            _for(f"start {child.workflow_type}", child.input)
            self._children[child.seq] = child.workflow_type
        elif command.HasField("complete_workflow_execution"):
            result = command.complete_workflow_execution.result
            _for(f"{RESULT} of {self._inner.get_info().workflow_type}", [result])
        elif command.HasField("continue_as_new_workflow_execution"):
            renewed = command.continue_as_new_workflow_execution
            kind = renewed.workflow_type or self._inner.get_info().workflow_type
            _for(f"start {kind}", renewed.arguments)

    def _original(self, info: CommandInfo | None) -> CommandInfo | None:
        is_activity = CommandType.COMMAND_TYPE_SCHEDULE_ACTIVITY_TASK
        if info is None or info.command_type != is_activity:
            return info
        return CommandInfo(info.command_type, self._again.get(info.command_seq, info.command_seq))


def _problem(payloads: Sequence[Payload], at: float, *purposes: str) -> str:
    """Why these are for none of the purposes; empty when they are. Restores what counts."""
    known = [purpose.encode() for purpose in purposes]
    for payload in payloads:
        if not _restored(payload, at):
            return why(payload)
        if payload.metadata.get(PURPOSE, known[0]) not in known:
            return "made for another message"
    return ""


def _answer_problem(completed: ActivityDone | ChildDone, at: float, *purposes: str) -> str:
    """Ours always carry a payload, also for None."""
    if not completed.HasField("result"):
        return "without a result"
    return _problem([completed.result], at, *purposes)


def _id_of(schedule: ScheduleActivity, seq: int) -> str:
    """The activity's id, as the workflow scheduled it or as it was scheduled again."""
    return schedule.activity_id if seq == schedule.seq else f"{schedule.activity_id}-{seq}"


def _restored(payload: Payload, at: float) -> bool:
    """Whether it counts in a message of this moment; then it is as it was sent."""
    if not is_unverified(payload):
        return True
    inside = unwrapped(payload, at)
    if inside is not None:
        payload.CopyFrom(inside)
    return inside is not None


def _sweep(message: Message, at: float) -> None:
    """What else came along, such as details of a failure: nothing in place of what is forged."""
    for payload in payloads_in(message):
        if not _restored(payload, at):
            payload.CopyFrom(_NULL)


def _for(purpose: str, payloads: Sequence[Payload]) -> None:
    for payload in payloads:
        payload.metadata[PURPOSE] = purpose.encode()


def _inverted(mapping: dict[int, int]) -> dict[int, int]:
    return {value: key for key, value in mapping.items()}
