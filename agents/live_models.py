"""The model objects of live agents: keys and addresses go in here, never by the environment."""

from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import google.auth
import httpx
from google.adk.models.base_llm import BaseLlm
from google.adk.models.google_llm import Gemini
from google.adk.models.registry import LLMRegistry
from google.adk.workflow import BaseNode
from google.genai import types

from agents.adk_tools import members_of
from agents.errors import AgentFailed
from agents.model_access import GOOGLE, ModelAccess, provider_of
from agents.model_settings import PROVIDER_KEYS

_SCOPE = "https://www.googleapis.com/auth/cloud-platform"


def equip(root: BaseNode, models: ModelAccess, agent: str) -> None:
    """Give every member of an agent the object its model is asked through."""
    for member in members_of(root):
        if isinstance(member.model, str):
            member.model = live_model(models, member.model, agent)


def live_model(models: ModelAccess, name: str, agent: str) -> BaseLlm | str:
    """The object for a model that needs a key; other names are ADK's to resolve.

    Raises AgentFailed with a sentence when something is missing.
    """
    if missing := models.lacking(name):
        raise AgentFailed(
            f"{agent} has no key for {name}. {missing}, or use the model offline.",
            retryable=False,
        )
    provider = provider_of(name)
    if provider == GOOGLE:
        return Gemini(model=name.removeprefix("models/"), client_kwargs=_client(models))
    if provider in PROVIDER_KEYS:
        by_litellm: Any = LLMRegistry.resolve(name)  # an extra of ADK's, and untyped
        made: BaseLlm = by_litellm(model=name, api_key=models.keys.value(PROVIDER_KEYS[provider]))
        return made
    return name


def _client(models: ModelAccess) -> dict[str, Any]:
    """What the client of Google's SDK is made with; Temporal retries, the SDK does not."""
    settings, keys = models.settings, models.keys
    options = types.HttpOptions(
        base_url=settings.address or None,
        retry_options=types.HttpRetryOptions(attempts=1),
        httpx_async_client=httpx.AsyncClient(trust_env=False) if _loopback(settings) else None,
    )
    if not settings.vertex:
        key = keys.value(keys.google())
        return {"vertexai": False, "api_key": key, "http_options": options}
    made: dict[str, Any] = {"vertexai": True, "http_options": options}
    if not settings.project and keys.google():  # Vertex AI in express mode
        return made | {"api_key": keys.value(keys.google())}
    made |= {"location": settings.location or "global"}
    if settings.project:
        made["project"] = settings.project
    if settings.credentials.name:
        found, project = google.auth.load_credentials_from_file(
            str(settings.credentials), scopes=[_SCOPE]
        )
        made |= {"credentials": found, "project": settings.project or project}
    return made


def _loopback(settings: Any) -> bool:
    """A proxy of the environment does not lead to this machine; the SDK's own session uses one."""
    host = urlsplit(settings.address).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
