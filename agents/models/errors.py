"""One table from what a model's client raises to a sentence, and whether asking again can help.

The shapes of Google's errors: https://ai.google.dev/gemini-api/docs/generate-content/api-errors and
https://github.com/googleapis/googleapis/blob/master/google/rpc/error_details.proto
"""

import json
import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

import aiohttp
import httpx
from google.auth.exceptions import GoogleAuthError
from google.genai import types
from google.genai.errors import APIError, UnknownApiResponseError
from pydantic import ValidationError

from agents.errors import LONGEST_WAIT, AgentError, AgentFailed, AgentUnreachable
from agents.models.provider_errors import provider_errors, provider_failure

_USUAL: tuple[type[Exception], ...] = (
    APIError,
    GoogleAuthError,
    aiohttp.ClientError,
    httpx.HTTPError,
    httpx.InvalidURL,
    OSError,
    ValueError,
)
"""What a model's client raises; all of them are asked about below."""


def model_errors() -> tuple[type[Exception], ...]:
    """Those, and the errors of LiteLLM once that is loaded."""
    return (*_USUAL, *provider_errors())


_BROKEN = (httpx.TransportError, aiohttp.ClientConnectionError, ConnectionError)
"""In the causes of what LiteLLM raises: nobody answered."""
_SECONDS = re.compile(r"(\d+(?:\.\d+)?)s")


def model_failure(agent: str, model: str, error: Exception) -> AgentError | None:
    """The failure of `agent`, whose `model` raised this; None for what is no fault of a model."""
    if isinstance(error, provider_errors()):
        broken = any(isinstance(cause, _BROKEN) for cause in _chain(error))
        return _away(agent, model, error) if broken else provider_failure(agent, model, error)
    if isinstance(error, APIError):
        return _refused(agent, model, error)
    if isinstance(error, GoogleAuthError):
        return AgentFailed(
            f"{agent} has no valid credentials for {model}: log in with 'gcloud auth "
            "application-default login', or check GOOGLE_APPLICATION_CREDENTIALS.",
            retryable=False,
        )
    if isinstance(error, UnknownApiResponseError | json.JSONDecodeError) or _is_misshapen(error):
        return AgentUnreachable(
            f"The model of {agent} ({model}) answered with something that is not an answer of a "
            "model: check the address under [models], and the proxy."
        )
    if isinstance(error, aiohttp.ClientError | httpx.HTTPError | OSError):
        return _away(agent, model, error)
    return _no_model(agent, model, error)


_FOR_GOOD: Mapping[int, str] = MappingProxyType(
    {
        401: "{named} refuses the key. Check the key that is set.",
        402: "The credit for {model} is used up. Top it up, then Retry.",
        403: "The key of {agent} may not use {model}. Allow it in the key's project, or name "
        "another model.",
        404: "There is no model {model!r} for {agent}. Check the step's model.",
    }
)


def _refused(agent: str, model: str, error: APIError) -> AgentError:
    """By the code, and by what stands in `details`; never with the text itself."""
    code, named = error.code, f"The model of {agent} ({model})"
    if _is_page(error):
        return AgentUnreachable(
            f"{named} was not reached: a web page came back ({code}). Check the address under "
            "[models], and the proxy."
        )
    if "API_KEY_INVALID" in _reasons(error):
        code = 401
    if sentence := _FOR_GOOD.get(code):
        said = sentence.format(agent=agent, model=model, named=named)
        return AgentFailed(said, retryable=False)
    if code == 429:
        return _no_quota(named, error)
    if code == 408 or code >= 500:
        return AgentFailed(f"{named} is overloaded ({code}). Try again later.")
    return AgentFailed(
        f"{named} refused the request as it is ({code}). Another model may take it.",
        retryable=False,
    )


def _no_quota(named: str, error: APIError) -> AgentError:
    if any("PerDay" in quota for quota in _quotas(error)):
        return AgentFailed(
            f"{named} has used up its quota for today. Raise it, or Retry tomorrow.",
            retryable=False,
        )
    pause = _pause(error)
    if pause > LONGEST_WAIT:
        return AgentFailed(
            f"{named} takes no more requests for {pause / 60:.0f} min (429). Retry after that.",
            retryable=False,
        )
    return AgentFailed(
        f"{named} takes no more requests just now (429). Try again later.", retry_after=pause
    )


def _away(agent: str, model: str, error: Exception) -> AgentError:
    named, causes = f"The model of {agent} ({model})", list(_chain(error))
    kinds = {type(cause).__name__ for cause in causes}
    if kinds & {"ClientConnectorDNSError", "gaierror"}:
        why = "its name cannot be looked up. Check the network, and the address under [models]"
    elif any(isinstance(cause, ConnectionRefusedError) for cause in causes):
        why = "nothing listens there. Check the address under [models]"
    elif any(isinstance(c, TimeoutError | httpx.TimeoutException) for c in causes):
        why = "it did not answer in time. Try again later"
    else:
        why = "the connection broke. Try again later"
    return AgentUnreachable(f"{named} was not reached: {why}.")


def _no_model(agent: str, model: str, error: Exception) -> AgentError | None:
    """What ADK and the SDK say as a ValueError before anything is sent."""
    said = str(error)
    if f"Model {model} not found" in said or f"called {model!r}" in said:
        return AgentFailed(
            f"There is no model {model!r} for {agent}. Check the step's model.", retryable=False
        )
    if "API key" in said:
        return AgentFailed(
            f"{agent} has no key for {model}. Set GOOGLE_API_KEY, or use the model offline.",
            retryable=False,
        )
    return None


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__ or getattr(error, "os_error", None)


def _details(error: APIError) -> list[dict[str, Any]]:
    body = error.details if isinstance(error.details, dict) else {}
    inner = body.get("error", body)
    found = inner.get("details", []) if isinstance(inner, dict) else []
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _reasons(error: APIError) -> set[str]:
    return {str(one.get("reason")) for one in _details(error)}


def _quotas(error: APIError) -> list[str]:
    return [
        str(violation.get("quotaId"))
        for one in _details(error)
        for violation in one.get("violations") or ()
        if isinstance(violation, dict)
    ]


def _pause(error: APIError) -> float:
    """The seconds of a RetryInfo; 0 without one."""
    for one in _details(error):
        if found := _SECONDS.fullmatch(str(one.get("retryDelay"))):
            return float(found.group(1))
    return 0


def _is_misshapen(error: Exception) -> bool:
    """Whether Google's client could not make one of its own types of it."""
    return isinstance(error, ValidationError) and hasattr(types, error.title)


def _is_page(error: APIError) -> bool:
    return str(error.message or "").lstrip()[:1] == "<"
