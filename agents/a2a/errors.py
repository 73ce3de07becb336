"""The one table from what a2a-sdk and httpx raise to our errors.

The SDK's errors carry no status code: the cause does.
"""

import ssl
from collections.abc import Iterator

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
    NotTrusted,
)

MALFORMED = (ValueError, KeyError, TypeError, AttributeError, RecursionError, ParseError)
_TIMEOUTS = (TimeoutError, httpx.TimeoutException, A2AClientTimeoutError)
_BUSY = frozenset({408, 425, 429, 500, 502, 503, 504})
LONGEST_PAUSE = 60.0
_TOKEN = "Check its token in the settings: it may be wrong, or expired."  # noqa: S105 - a sentence
_REASONS = {
    401: _TOKEN,
    403: _TOKEN,
    404: "Check its address in the settings.",
    413: "Send smaller inputs.",
}


class TooLargeError(httpx.RequestError):
    """Raised while reading, when the answer grows beyond the limit."""


def as_agent_error(agent: str, error: Exception) -> AgentError:
    """The error a caller sees; `error` stays its cause."""
    if isinstance(error, AgentError):
        return error
    response = _response(error)
    if response is not None:
        return _by_status(agent, response.status_code, _pause(response))
    if isinstance(error, AgentCardResolutionError) and error.status_code:
        return _by_status(agent, error.status_code)
    return _by_cause(agent, error) or _by_protocol(agent, error)


def _by_cause(agent: str, error: Exception) -> AgentError | None:
    causes = list(_causes(error))
    if any(isinstance(item, TooLargeError) for item in causes):
        return AnswerTooLarge(f"The answer of {agent} is too large. Ask it for less.")
    if tls := next((item for item in causes if isinstance(item, ssl.SSLError)), None):
        return _by_tls(agent, tls)
    if any(isinstance(item, _TIMEOUTS) for item in causes):
        return AgentTimedOut(f"{agent} did not answer in time. Try again, or raise its timeout.")
    broken = next((item for item in causes if isinstance(item, httpx.RequestError)), None)
    return _by_connection(agent, broken) if broken else None


def _by_connection(agent: str, error: httpx.RequestError) -> AgentError:
    """A server that wants a certificate often just hangs up on whoever has none."""
    if isinstance(error, (httpx.ReadError, httpx.RemoteProtocolError)) and _over_tls(error):
        return _broken_off(agent)
    return AgentUnreachable(f"{agent} cannot be reached. Check that it is running.")


def _over_tls(error: httpx.RequestError) -> bool:
    try:
        return error.request.url.scheme == "https"
    except RuntimeError:  # httpx did not say for which request
        return False


def _by_tls(agent: str, error: ssl.SSLError) -> AgentError:
    """A certificate does not become right by trying again; a broken connection may."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return NotTrusted(
            f"The certificate of {agent} is not trusted ({error.verify_message}). "
            "Check its address, and ca under its tls settings."
        )
    if "ALERT" in (error.reason or ""):
        return NotTrusted(
            f"{agent} does not take our certificate ({_alert(error)}). "
            "Check cert and key under its tls settings."
        )
    return _broken_off(agent)


def _broken_off(agent: str) -> AgentError:
    return AgentUnreachable(
        f"{agent} broke off the TLS connection. Check that it is running and speaks https, and "
        "whether it wants a certificate (cert and key under its tls settings)."
    )


def _alert(error: ssl.SSLError) -> str:
    return (error.reason or "").rpartition("ALERT_")[2].lower().replace("_", " ")


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and what led to it, innermost last."""
    seen: set[int] = set()
    following: BaseException | None = error
    while following is not None and id(following) not in seen:
        yield following
        seen.add(id(following))
        following = following.__cause__ or following.__context__


def _response(error: Exception) -> httpx.Response | None:
    for candidate in (error, error.__cause__):
        if isinstance(candidate, httpx.HTTPStatusError):
            return candidate.response
    return None


def _pause(response: httpx.Response) -> float:
    """`Retry-After` in seconds, a minute at most; a date or nonsense counts as nothing."""
    said = response.headers.get("retry-after", "")
    return min(float(said), LONGEST_PAUSE) if said.isascii() and said.isdigit() else 0


def _by_status(agent: str, status: int, pause: float = 0) -> AgentError:
    if status in _BUSY or status >= 500:
        sentence = f"{agent} is overloaded or restarting (it answered {status})."
        return AgentUnreachable(sentence, retry_after=pause)
    reason = _REASONS.get(status, "Check its address and settings.")
    return AgentRefused(f"{agent} refused the call (it answered {status}). {reason}")


def _by_protocol(agent: str, error: Exception) -> AgentError:
    if isinstance(error, A2AClientError) or not isinstance(error, A2AError):
        return BadAnswer(f"The answer of {agent} is malformed.")
    if isinstance(error, InternalError):
        return AgentFailed(f"{agent} failed. Its log says why.")
    return AgentRefused(f"{agent} refused the call ({type(error).__name__}).")
