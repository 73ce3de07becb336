"""What LiteLLM raises for the providers it asks; the package is an extra, and loaded late."""

import sys
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from agents.errors import AgentError, AgentFailed

_FOR_GOOD: Mapping[int | str, str] = MappingProxyType(
    {
        "ContentPolicyViolationError": "{named} was stopped by its provider's rules on contents. "
        "Change the input, or name another model.",
        "ContextWindowExceededError": "{named} takes no request of that length. Send smaller "
        "inputs, or name another model.",
        401: "{named} refuses the key. Check the key that is set.",
        402: "The credit for {named} is used up. Top it up, then Retry.",
        403: "The key of {agent} may not use {model}. Allow it, or name another model.",
        404: "There is no model {model!r} for {agent}. Check the step's model.",
    }
)
_USED_UP = "insufficient_quota"


def provider_errors() -> tuple[type[Exception], ...]:
    """The base of them all, once anybody can have raised one."""
    openai: Any = sys.modules.get("openai")
    return (openai.OpenAIError,) if openai is not None else ()


def provider_failure(agent: str, model: str, error: Exception) -> AgentError:
    """By its class and status, never with its text: that may name the key."""
    named, kind = f"The model of {agent} ({model})", type(error).__name__
    status = getattr(error, "status_code", None)
    if status == 429:
        return _limited(named, error)
    if sentence := _FOR_GOOD.get(kind) or _FOR_GOOD.get(status or 0):
        said = sentence.format(named=named, agent=agent, model=model)
        return AgentFailed(said, retryable=False)
    if status is None or status == 408 or status >= 500:
        return AgentFailed(f"{named} is overloaded ({status or kind}). Try again later.")
    return AgentFailed(
        f"{named} refused the request as it is ({status}). Another model may take it.",
        retryable=False,
    )


def _limited(named: str, error: Exception) -> AgentError:
    if _USED_UP in str(error):
        return AgentFailed(
            f"{named} has used up its quota. Raise it, or top up the credit, then Retry.",
            retryable=False,
        )
    said = "takes no more requests just now (429). Try again later."
    return AgentFailed(f"{named} {said}", retry_after=_pause(error))


def _pause(error: Exception) -> float:
    """`Retry-After`, in seconds; a date or nonsense counts as nothing.

    LiteLLM leaves the response's headers out of its own error, and keeps them beside it.
    """
    headers = getattr(error, "litellm_response_headers", None)
    headers = headers or getattr(getattr(error, "response", None), "headers", None) or {}
    said = str(headers.get("retry-after", ""))
    return float(said) if said.isascii() and said.isdigit() else 0
