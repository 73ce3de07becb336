"""Calls to Slack from activities: Slack's refusals become errors Temporal knows how to retry."""

from collections.abc import Awaitable
from datetime import timedelta
from typing import TypeVar

from slack_sdk.errors import SlackApiError
from temporalio.exceptions import ApplicationError

ResponseT = TypeVar("ResponseT")

DEFAULT_RETRY_AFTER = 30
LONGEST_RETRY_AFTER = 900

# Refusals that a person mends outside: worth a long pause, not a storm of retries.
_SLOW = frozenset(
    {
        "account_inactive",
        "channel_not_found",
        "invalid_auth",
        "is_archived",
        "missing_scope",
        "not_in_channel",
        "restricted_action",
        "token_expired",
        "token_revoked",
    }
)
_PASSING = frozenset(
    {"", "fatal_error", "internal_error", "ratelimited", "request_timeout", "service_unavailable"}
)
NO_PLACE = frozenset({"channel_not_found", "is_archived", "not_in_channel", "restricted_action"})


def refusal(error: SlackApiError) -> str:
    """Slack's error code, for example `not_in_channel`; empty when its answer was no JSON."""
    data = getattr(error.response, "data", None)
    return str(data.get("error", "")) if isinstance(data, dict) else ""


def passing(error: SlackApiError) -> bool:
    """Whether Slack may well answer the same question a little later: it is busy, or unwell."""
    return error.response.status_code == 429 or refusal(error) in _PASSING


def for_good(error: ApplicationError) -> bool:
    """Whether Slack will say the same to the same call, whatever people mend outside."""
    return error.type not in _PASSING | _SLOW


async def call(pending: Awaitable[ResponseT]) -> ResponseT:
    """Await one Slack call; a 429 is retried when Slack says so, by Temporal, not by sleeping."""
    try:
        return await pending
    except SlackApiError as error:
        raise translated(error) from error


def translated(error: SlackApiError) -> ApplicationError:
    """The same as an error Temporal retries: after Slack's own pause, or soon."""
    code = refusal(error)
    delay = None
    if error.response is not None and error.response.status_code == 429:
        delay = retry_after(error)
    elif code in _SLOW:
        delay = timedelta(seconds=DEFAULT_RETRY_AFTER)
    return ApplicationError(f"Slack refused: {code}", type=code, next_retry_delay=delay)


def retry_after(error: SlackApiError) -> timedelta:
    """Slack's `Retry-After` in seconds; half a minute when it makes no sense."""
    try:
        seconds = int(error.response.headers.get("Retry-After", ""))
    except ValueError:
        seconds = DEFAULT_RETRY_AFTER
    return timedelta(seconds=min(max(seconds, 1), LONGEST_RETRY_AFTER))
