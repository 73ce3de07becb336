"""The one table from what a2a-sdk and httpx raise to our errors.

The SDK's errors carry no status code: the cause does.
"""

import httpx
from a2a.client.errors import A2AClientError, A2AClientTimeoutError, AgentCardResolutionError
from a2a.utils.errors import A2AError, InternalError
from google.protobuf.json_format import ParseError

from agents.errors import (
    AgentError,
    AgentFailed,
    AgentRefused,
    AgentTimedOut,
    AgentUnreachable,
    AnswerTooLarge,
    BadAnswer,
)

MALFORMED = (ValueError, KeyError, TypeError, AttributeError, RecursionError, ParseError)
_TIMEOUTS = (TimeoutError, httpx.TimeoutException, A2AClientTimeoutError)
_BUSY = frozenset({408, 425, 429, 500, 502, 503, 504})
_REASONS = {
    401: "Check its token in the settings.",
    403: "Check its token in the settings.",
    404: "Check its address in the settings.",
    413: "Send smaller inputs.",
}


class TooLargeError(httpx.RequestError):
    """Raised while reading, when the answer grows beyond the limit."""


def as_agent_error(agent: str, error: Exception) -> AgentError:
    """The error a caller sees; `error` stays its cause."""
    if isinstance(error, AgentError):
        return error
    status = _status(error)
    if status:
        return _by_status(agent, status)
    return _by_cause(agent, error) or _by_protocol(agent, error)


def _by_cause(agent: str, error: Exception) -> AgentError | None:
    both = (error, error.__cause__)
    if any(isinstance(item, TooLargeError) for item in both):
        return AnswerTooLarge(f"The answer of {agent} is too large. Ask it for less.")
    if any(isinstance(item, _TIMEOUTS) for item in both):
        return AgentTimedOut(f"{agent} did not answer in time. Try again, or raise its timeout.")
    if any(isinstance(item, httpx.RequestError) for item in both):
        return AgentUnreachable(f"{agent} cannot be reached. Check that it is running.")
    return None


def _status(error: Exception) -> int:
    if isinstance(error, AgentCardResolutionError) and error.status_code:
        return error.status_code
    for candidate in (error, error.__cause__):
        if isinstance(candidate, httpx.HTTPStatusError):
            return candidate.response.status_code
    return 0


def _by_status(agent: str, status: int) -> AgentError:
    if status in _BUSY or status >= 500:
        return AgentUnreachable(f"{agent} is overloaded or restarting (it answered {status}).")
    reason = _REASONS.get(status, "Check its address and settings.")
    return AgentRefused(f"{agent} refused the call (it answered {status}). {reason}")


def _by_protocol(agent: str, error: Exception) -> AgentError:
    if isinstance(error, A2AClientError) or not isinstance(error, A2AError):
        return BadAnswer(f"The answer of {agent} is malformed.")
    if isinstance(error, InternalError):
        return AgentFailed(f"{agent} failed. Its log says why.")
    return AgentRefused(f"{agent} refused the call ({type(error).__name__}).")
