"""The A2A methods of the approval server. None of them decides."""

from collections.abc import AsyncGenerator

from a2a.server.agent_execution import AgentExecutor, RequestContext
from a2a.server.context import ServerCallContext
from a2a.server.events import Event, EventQueue
from a2a.server.request_handlers import DefaultRequestHandler
from a2a.server.tasks import PushNotificationConfigStore, TaskStore
from a2a.types.a2a_pb2 import (
    AgentCard,
    CancelTaskRequest,
    GetTaskRequest,
    ListTasksRequest,
    ListTasksResponse,
    Message,
    SendMessageRequest,
    SubscribeToTaskRequest,
    Task,
    TaskPushNotificationConfig,
    TaskState,
)
from a2a.utils.errors import InvalidParamsError, UnsupportedOperationError
from a2a.utils.proto_utils import validate_proto_required_fields
from a2a.utils.task import apply_history_length, validate_history_length

from agents.programs.program import Program, Programs
from agents.programs.push import UrlCheck, Watchers
from agents.programs.task import PENDING
from agents.programs.tasks import ApprovalTasks

_ONGOING = frozenset({PENDING, TaskState.TASK_STATE_INPUT_REQUIRED})


class ApprovalHandler(DefaultRequestHandler):
    """Approvals take weeks, so no task is run in here: the desk is asked instead.

    What the SDK's handler does with push notification settings and lists stays as it is.
    """

    def __init__(
        self,
        tasks: ApprovalTasks,
        programs: Programs,
        store: TaskStore,
        configs: PushNotificationConfigStore,
        watchers: Watchers,
        check: UrlCheck,
        card: AgentCard,
    ) -> None:
        super().__init__(
            agent_executor=_Nothing(),
            task_store=store,
            agent_card=card,
            push_config_store=configs,
            push_url_validator=check,
        )
        self._tasks = tasks
        self._programs = programs
        self._configs = configs
        self._watchers = watchers
        self._check = check

    async def on_message_send(
        self, params: SendMessageRequest, context: ServerCallContext
    ) -> Message | Task:
        """Ask people; returns at once, as a task that waits for them has stopped for its client."""
        task = await self._asked(params, context)
        return apply_history_length(task, params.configuration)

    async def on_message_send_stream(
        self, params: SendMessageRequest, context: ServerCallContext
    ) -> AsyncGenerator[Event, None]:
        """The same, and then what happens, however long it takes."""
        task = await self._asked(params, context)
        async for event in self._tasks.follow(task, self._program(context)):
            yield event

    async def on_get_task(self, params: GetTaskRequest, context: ServerCallContext) -> Task | None:
        """The task as it is now."""
        validate_proto_required_fields(params)
        validate_history_length(params)
        task = await self._tasks.current(params.id, self._program(context))
        return apply_history_length(task, params)

    async def on_list_tasks(
        self, params: ListTasksRequest, context: ServerCallContext
    ) -> ListTasksResponse:
        """The program's own tasks; the open ones are brought up to date before."""
        await self._tasks.open(self._program(context))
        page: ListTasksResponse = await super().on_list_tasks(params, context)
        return page

    async def on_cancel_task(
        self, params: CancelTaskRequest, context: ServerCallContext
    ) -> Task | None:
        """Withdraw what is asked."""
        validate_proto_required_fields(params)
        return await self._tasks.cancel(params.id, self._program(context))

    async def on_subscribe_to_task(
        self, params: SubscribeToTaskRequest, context: ServerCallContext
    ) -> AsyncGenerator[Event, None]:
        """What happens from now on; refused for a task that has ended."""
        program = self._program(context)
        task = await self._tasks.current(params.id, program)
        if task.status.state not in _ONGOING:
            raise UnsupportedOperationError(message="This task has ended: get it instead.")
        async for event in self._tasks.follow(task, program):
            yield event

    async def on_create_task_push_notification_config(
        self, params: TaskPushNotificationConfig, context: ServerCallContext
    ) -> TaskPushNotificationConfig:
        """Register an address, once it is checked."""
        made: TaskPushNotificationConfig
        made = await super().on_create_task_push_notification_config(params, context)
        program = self._program(context)
        task = await self._tasks.current(params.task_id, program)
        await self._watchers.watch(task, program)
        return made

    async def aclose(self) -> None:
        """Stop following; nothing is lost."""
        await self._watchers.aclose()
        await super().aclose()

    async def _asked(self, params: SendMessageRequest, context: ServerCallContext) -> Task:
        validate_proto_required_fields(params)
        validate_history_length(params.configuration)
        program = self._program(context)
        wanted = params.configuration.HasField("task_push_notification_config")
        push = params.configuration.task_push_notification_config
        if wanted and not await self._check(push.url):
            raise InvalidParamsError(message="Notifications go to public https addresses only.")
        task = await self._tasks.ask(params.message, program)
        if wanted:
            await self._configs.set_info(task.id, push, context)
        await self._watchers.watch(task, program)
        return task

    def _program(self, context: ServerCallContext) -> Program:
        return self._programs.named(context.user.user_name)


class _Nothing(AgentExecutor):
    """The SDK's handler wants an executor; every method that would use it is replaced."""

    async def execute(self, context: RequestContext, event_queue: EventQueue) -> None:
        raise UnsupportedOperationError

    async def cancel(self, context: RequestContext, event_queue: EventQueue) -> None:
        raise UnsupportedOperationError
