"""Where tasks and notification addresses are kept: a2a-sdk's tables, in a database of ours.

Both make their table on first use. What the database says about a failure stays in our log: an
A2A error carries a sentence.
"""

import contextlib
from collections.abc import AsyncIterator

import structlog
from a2a.server.context import ServerCallContext
from a2a.server.tasks import DatabasePushNotificationConfigStore, DatabaseTaskStore
from a2a.types.a2a_pb2 import (
    ListTasksRequest,
    ListTasksResponse,
    Task,
    TaskPushNotificationConfig,
)
from a2a.utils.errors import A2AError, InternalError
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

_log = structlog.get_logger(__name__)


class KeptTasks(DatabaseTaskStore):
    """Tasks by owner. `engine` has to begin its writes at once, where it is SQLite."""

    def __init__(self, engine: AsyncEngine) -> None:
        super().__init__(_writing(engine))

    async def save(self, task: Task, context: ServerCallContext) -> None:
        """Keep or replace the task."""
        async with _kept():
            await super().save(task, context)

    async def get(self, task_id: str, context: ServerCallContext) -> Task | None:
        """The caller's own task, or None."""
        async with _kept():
            return await super().get(task_id, context)

    async def list(self, params: ListTasksRequest, context: ServerCallContext) -> ListTasksResponse:
        """The caller's own tasks."""
        async with _kept():
            return await super().list(params, context)


class KeptAddresses(DatabasePushNotificationConfigStore):
    """Notification addresses by task and owner."""

    def __init__(self, engine: AsyncEngine) -> None:
        super().__init__(_writing(engine))

    async def set_info(
        self,
        task_id: str,
        notification_config: TaskPushNotificationConfig,
        context: ServerCallContext,
    ) -> TaskPushNotificationConfig:
        """Keep or replace an address."""
        async with _kept():
            return await super().set_info(task_id, notification_config, context)

    async def get_info(
        self, task_id: str, context: ServerCallContext
    ) -> list[TaskPushNotificationConfig]:
        """The caller's own addresses for a task."""
        async with _kept():
            return await super().get_info(task_id, context)

    async def delete_info(
        self, task_id: str, context: ServerCallContext, config_id: str | None = None
    ) -> None:
        """Forget an address."""
        async with _kept():
            await super().delete_info(task_id, context, config_id)


def _writing(engine: AsyncEngine) -> AsyncEngine:
    """The store reads before it writes, and SQLite lets no reader become a second writer."""
    return engine.execution_options(begin_immediate=True)


@contextlib.asynccontextmanager
async def _kept() -> AsyncIterator[None]:
    try:
        yield
    except A2AError:
        raise
    except (SQLAlchemyError, OSError) as error:
        _log.error("approval_store_failed", reason=str(getattr(error, "orig", error)))
        raise InternalError(
            message="The approval server's database does not answer just now: please try again."
        ) from error
