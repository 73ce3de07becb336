"""The edge between handlers and people: whatever goes wrong becomes one sentence."""

import structlog
from temporalio.service import RPCError

from bot.errors import SignoffError
from storage.errors import StorageError

log = structlog.get_logger()


def sentence(error: Exception) -> str:
    """What the person is told; what nobody foresaw goes into the log, not to the person."""
    if isinstance(error, SignoffError):
        return str(error)
    if isinstance(error, RPCError):
        return "Our workflow server does not answer just now: nothing was done, please try again."
    if isinstance(error, StorageError):
        log.error("storage_failed", reason=str(error))
        return f"Nothing was done. {error}"
    log.error("a gesture failed", exc_info=error)
    return "Something went wrong on our side; it is in the log. Nothing was done: please try again."
