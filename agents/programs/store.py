"""Where tasks and notification addresses are kept: a2a-sdk's tables, in a database of ours.

Both make their table on first use. What the database says about a failure stays in our log: an
A2A error carries a sentence.
"""

import asyncio
import functools
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import structlog
from a2a.server.tasks import DatabasePushNotificationConfigStore, DatabaseTaskStore
from a2a.utils.errors import InternalError
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

T = TypeVar("T")

_log = structlog.get_logger(__name__)


def _telling(*names: str) -> Callable[[type[T]], type[T]]:
    """These methods have a sentence for whoever asks when the database fails.

    They end what they began although whoever asks goes away: a transaction cut in half keeps
    SQLite's lock.
    """

    def change(store: type[T]) -> type[T]:
        for name in names:
            setattr(store, name, _told(getattr(store, name)))
        return store

    return change


def _told(method: Callable[..., Coroutine[Any, Any, T]]) -> Callable[..., Coroutine[Any, Any, T]]:
    @functools.wraps(method)
    async def telling(*args: Any, **kwargs: Any) -> T:
        work = asyncio.ensure_future(method(*args, **kwargs))
        try:
            return await asyncio.shield(work)
        except asyncio.CancelledError:
            await asyncio.wait([work])
            raise
        except (SQLAlchemyError, OSError) as error:
            _log.error("approval_store_failed", reason=str(getattr(error, "orig", error)))
            raise InternalError(
                message="The approval server's database does not answer just now: please try again."
            ) from error

    return telling


@_telling("save", "get", "list")
class KeptTasks(DatabaseTaskStore):
    """Tasks by owner. `engine` has to begin its writes at once, where it is SQLite."""

    def __init__(self, engine: AsyncEngine) -> None:
        super().__init__(_writing(engine))


@_telling("set_info", "get_info", "delete_info")
class KeptAddresses(DatabasePushNotificationConfigStore):
    """Notification addresses by task and owner."""

    def __init__(self, engine: AsyncEngine) -> None:
        super().__init__(_writing(engine))


def _writing(engine: AsyncEngine) -> AsyncEngine:
    """The store reads before it writes, and SQLite lets no reader become a second writer."""
    return engine.execution_options(begin_immediate=True)
