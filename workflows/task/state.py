"""What one task knows while it runs: shared by its parts, changed by workflow code only."""

from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError, TimeoutType
from temporalio.exceptions import TimeoutError as LateError

from workflows.activities import PATIENT, CardActivities
from workflows.approval import search_attributes
from workflows.audit_buffer import AuditBuffer
from workflows.background import BackgroundUpdate
from workflows.messages.audit import AuditKind
from workflows.messages.decisions import Place, Settlement
from workflows.messages.tasks import (
    Gesture,
    StepRecord,
    StepState,
    StepStatus,
    TaskRequest,
    TaskView,
    Trouble,
    Waiting,
)
from workflows.messages.turns import InputFile
from workflows.task.ledger import Ledger
from workflows.task.tidings import Tidings
from workflows.task.tool_runs import Acts

ROOT_PATIENCE = timedelta(seconds=15)
LEFT = {
    StepState.TO_COME: StepState.NOT_RUN,
    StepState.RUNNING: StepState.CANCELLED,
    StepState.WAITING: StepState.CANCELLED,
    StepState.STUCK: StepState.CANCELLED,
}
"""What a step reads once its task is over."""


class Cancelled(Exception):  # noqa: N818 - the task was cancelled, nothing went wrong
    """Somebody cancelled the task."""


class TaskState:
    """The state of one task. `message` keeps its message true: touch it after a change."""

    def __init__(self, request: TaskRequest) -> None:
        self.request = request
        self.place = Place(channel=request.channel)
        self.steps = [StepStatus(name=plan.name, agent=plan.agent) for plan in request.steps]
        self.records: list[StepRecord] = []
        self.acts: list[Acts] = []
        self.receipt: Place | None = None
        self.inputs: tuple[InputFile, ...] = ()
        self.started_at: datetime = workflow.now()
        self.ended_at: datetime | None = None
        self.settlements: dict[str, Settlement] = {}
        self.status = search_attributes.RUNNING
        self.problem = ""
        self.problems = 0
        self.trouble = Trouble.AGENT
        self.retried = 0
        self.retried_by = ""
        self.accepted: bool | None = None
        self.cancelled: Gesture | None = None
        self.reason = ""
        self.ended_by = ""
        self.journal = AuditBuffer(request.id)
        self.ledger = Ledger(request.budget)
        self.message = BackgroundUpdate(self._show)
        self.tidings = Tidings(self.view)

    def view(self) -> TaskView:
        """What the task's message shows."""
        return TaskView(
            id=self.request.id,
            pipeline=self.request.pipeline,
            requester=self.request.requester,
            sources=tuple(source.name or source.value for source in self.request.sources),
            started_at=self.started_at,
            steps=tuple(self.steps),
            place=self.place,
            status=self.status,
            problem=self.problem,
            problem_number=self.problems,
            ended_at=self.ended_at,
            offline=any(record.result.offline for record in self.records),
            trouble=self.trouble,
            ran=tuple(run.brief() for acts in self.acts for run in acts.ran),
            declined=tuple(one for acts in self.acts for one in acts.declined),
            receipt=self.receipt,
            ended_by=self.ended_by,
            reason=self.reason,
        )

    def mark(self, number: int, **changed: object) -> None:
        """Change one line of the message."""
        self.steps[number] = self.steps[number].model_copy(update=changed)
        self.message.touch()

    def waits(self, told: Waiting) -> None:
        """Name who is waited for, and where; what comes late, or again, changes nothing."""
        for number, step in enumerate(self.steps):
            changed = step.model_copy(update={"waits_for": told.people, "card": told.card})
            is_open = step.state is StepState.WAITING and step.approval_id == told.approval_id
            if is_open and changed != step:
                self.steps[number] = changed
                self.message.touch()

    def list(self) -> None:
        """Make the task findable under its status."""
        workflow.upsert_search_attributes(
            [
                search_attributes.STATUS.value_set(self.status),
                search_attributes.REQUESTER.value_set(self.request.requester),
                search_attributes.TASK.value_set(self.request.id),
            ]
        )

    def end(self, reason: str) -> None:
        """The task is over, with `status`; no step is left waiting for anything."""
        self.ended_at, self.reason = workflow.now(), reason
        self.steps = [
            step.model_copy(update={"state": LEFT.get(step.state, step.state)})
            for step in self.steps
        ]
        self.list()
        self.journal.note(AuditKind.TASK_ENDED, status=self.status)
        self.message.touch()
        self.message.close()
        self.journal.mirror.close()

    def require_going_on(self) -> None:
        """Raises Cancelled once somebody cancelled the task."""
        if self.cancelled is not None:
            raise Cancelled

    async def wait_for_message(self) -> None:
        """Cards go into the message's thread; without Slack they go on without it."""
        try:
            await workflow.wait_condition(lambda: bool(self.place.ts), timeout=ROOT_PATIENCE)
        except TimeoutError:
            workflow.logger.warning("the task's message is late; cards are posted without it")

    async def stuck(self, number: int, problem: str, trouble: Trouble) -> None:
        """Show the problem with Retry and Cancel, tell the requester, and wait for either."""
        self.problem, self.problems, self.trouble = problem, self.problems + 1, trouble
        self.status = search_attributes.STUCK
        self.list()
        self.mark(number, state=StepState.STUCK, since=workflow.now())
        step = self.steps[number].name
        told = workflow.patched("failures-told")
        if told:
            self.journal.note(
                AuditKind.FAILED,
                step=step,
                what=trouble,
                problem=self.problems,
                reason=problem,
                cost=self.ledger.of_step(step).model_dump(mode="json"),
            )
            self.tidings.failed()
        await workflow.wait_condition(
            lambda: self.retried == self.problems or self.cancelled is not None
        )
        self.tidings.take_back()
        if told and self.cancelled is None:
            self.journal.note(AuditKind.RETRIED, self.retried_by, step=step, problem=self.problems)
        self.problem, self.status = "", search_attributes.RUNNING
        self.list()
        self.require_going_on()

    async def _show(self) -> None:
        if self.accepted:
            self.place = await workflow.execute_activity_method(
                CardActivities.show_task, self.view(), **PATIENT
            )


def lost(error: ActivityError) -> bool:
    """Whether the worker died meanwhile: nothing is wrong with the work, and it is tried again."""
    cause = error.cause
    return isinstance(cause, LateError) and cause.type is TimeoutType.HEARTBEAT


_UNSENDABLE = {"PydanticSerializationError", "ValidationError", "JSONDecodeError"}
"""Raised by whoever writes or reads a message; its words are not for people."""


def sentence(error: BaseException) -> str:
    """The innermost cause's own words, which is where activities put what a person can read."""
    while error.__cause__ is not None:
        error = error.__cause__
    if getattr(error, "type", "") in _UNSENDABLE:
        return "What came back cannot be kept, so it was not used; the worker's log says why."
    return getattr(error, "message", "") or str(error)
