"""What people are told when something fails: one table from the kind of error to a sentence.

No text of an exception reaches anybody, except that of our own errors, which is written for
people. What a sentence cannot explain has a reference that stands in the log, too.
"""

import asyncio
import secrets
import sqlite3
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError
from sqlalchemy.exc import SQLAlchemyError
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError

from bot.config.errors import SignoffError
from notifications.slack.errors import refusal, retry_after
from storage.errors import StorageError

log = structlog.get_logger()

ACK_SECONDS = 2.2
"""For what a listener looks up before it acknowledges: Slack waits for three seconds."""
_EXPIRED = {"expired_trigger_id", "invalid_trigger_id", "exchanged_trigger_id"}
_TOO_LATE = "That took too long, and Slack doesn't open a form any more: please click again."
_CHECK = "Please check whether it took effect before you try again."


def in_time() -> AbstractAsyncContextManager[object]:
    """Around what is looked up before the ack: raises TimeoutError while Slack still waits."""
    return asyncio.timeout(ACK_SECONDS)


def sentence(error: BaseException) -> str:
    """What the person is told, not escaped yet; the rest goes into the log."""
    for kind, say in _TABLE:
        if isinstance(error, kind):
            return say(error)
    return _unknown(error)


def _own(error: BaseException) -> str:
    return str(error)


def _temporal(error: BaseException) -> str:
    log.warning("the workflow server does not answer", error=type(error).__name__)
    return f"Signoff's workflow server isn't answering. {_CHECK}"


def _slack(error: BaseException) -> str:
    if not isinstance(error, SlackApiError):
        log.warning("slack refused", error=type(error).__name__, exc_info=error)
        return f"Slack didn't take this. {_CHECK}"
    if refusal(error) in _EXPIRED:
        return _TOO_LATE
    if getattr(error.response, "status_code", 0) == 429:
        seconds = int(retry_after(error).total_seconds())
        return f"Slack is busy. Please try again in {seconds} s."
    log.warning("slack refused", code=refusal(error))
    return f"Slack didn't take this. {_CHECK}"


def _slack_away(error: BaseException) -> str:
    log.warning("slack does not answer", error=type(error).__name__)
    return f"Slack isn't answering Signoff. {_CHECK}"


def _late(error: BaseException) -> str:
    log.warning("a gesture took too long", exc_info=error)
    return f"This took too long. {_CHECK}"


def _storage(error: BaseException) -> str:
    reference = _logged("something could not be kept or read", error)
    return (
        "Signoff can't read or save its data just now, so this wasn't recorded. Please try again; "
        f"if it stays so, tell whoever runs Signoff (reference {reference})."
    )


def _unknown(error: BaseException) -> str:
    reference = _logged("a gesture failed", error)
    return (
        f"Something went wrong on Signoff's side. {_CHECK} If it stays so, tell whoever runs "
        f"Signoff (reference {reference})."
    )


def _logged(event: str, error: BaseException) -> str:
    reference = secrets.token_hex(3)
    log.error(event, reference=reference, exc_info=error)
    return reference


_TABLE: tuple[tuple[type[BaseException], Callable[[BaseException], str]], ...] = (
    (SignoffError, _own),
    (StorageError, _storage),
    (RPCError, _temporal),
    (SlackApiError, _slack),
    (ApplicationError, _slack),  # what `notifications.slack.errors` makes of a refusal
    (aiohttp.ClientError, _slack_away),
    (TimeoutError, _late),
    (SQLAlchemyError, _storage),
    (sqlite3.Error, _storage),
    (OSError, _storage),
)
