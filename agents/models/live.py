"""The model objects of live agents: keys and addresses go in here, never by the environment."""

import importlib
import warnings
from typing import Any

import aiohttp
import google.auth
from google.adk.models.base_llm import BaseLlm
from google.adk.models.google_llm import Gemini
from google.adk.models.registry import LLMRegistry
from google.adk.workflow import BaseNode
from google.auth.exceptions import GoogleAuthError
from google.genai import Client, types

from agents.errors import AgentFailed
from agents.http.loopback import on_loopback
from agents.models.access import ModelAccess
from agents.models.named import ModelRoute, by_litellm
from agents.models.providers import GOOGLE
from agents.models.settings import ModelSettings
from agents.models.streaming import StreamedGemini
from agents.runtime.adk_tools import members_of

NO_KEY = "none"
_LARGEST_LINE = 4 * 2**20
_SCOPE = "https://www.googleapis.com/auth/cloud-platform"


def equip_for_good(root: BaseNode, models: ModelAccess) -> None:
    """For an agent that lives as long as its process and in any event loop: ADK's command line."""
    for member in members_of(root):
        if not isinstance(member.model, str):
            continue
        route = models.settings.route(member.model)
        if route.provider == GOOGLE:
            member.model = Gemini(model=_bare(route), client_kwargs=_access(models))
        elif by_litellm(route):
            member.model = _litellm(route, models)


class LiveModels:
    """Models of one event loop, all asked through one client; close it after use."""

    def __init__(self, models: ModelAccess) -> None:
        self._models = models
        self._client: Client | None = None
        self._session: aiohttp.ClientSession | None = None

    def equip(self, root: BaseNode, agent: str) -> None:
        """Give every member of `agent` the object its model is asked through; see `named`."""
        for member in members_of(root):
            if isinstance(member.model, str):
                member.model = self.named(member.model, agent)

    def named(self, name: str, agent: str) -> BaseLlm | str:
        """The object for a model that needs a key; other names are left to ADK.

        Raises AgentFailed with a sentence when something is missing.
        """
        if missing := self._models.lacking(name):
            raise AgentFailed(
                f"{agent} cannot ask {name}. {missing}, or use the model offline.",
                retryable=False,
            )
        route = self._models.settings.route(name)
        if route.provider == GOOGLE:
            kind = StreamedGemini if self._models.settings.stream else Gemini
            return kind(model=_bare(route), client=self._google(agent))
        return _litellm(route, self._models) if by_litellm(route) else route.full_name

    def asked(self, name: str, agent: str) -> BaseLlm:
        """Like `named`, with ADK's object for what is left to ADK."""
        model = self.named(name, agent)
        return model if isinstance(model, BaseLlm) else LLMRegistry.new_llm(model)

    async def aclose(self) -> None:
        """Close what was opened."""
        if self._client is not None:
            await self._client.aio.aclose()
            self._client.close()
            _leave_alone(self._client)
        if self._session is not None:
            await self._session.close()

    def _google(self, agent: str) -> Client:
        if self._client is None:
            # A proxy of the environment does not lead to this machine; the SDK's session takes one.
            proxies = not on_loopback(self._models.settings.address)
            self._session = aiohttp.ClientSession(trust_env=proxies, read_bufsize=_LARGEST_LINE)
            try:
                access = _access(self._models)
                access["http_options"].aiohttp_client = self._session
                self._client = Client(**access)
            except (GoogleAuthError, OSError, ValueError) as error:
                raise AgentFailed(
                    f"{agent} has no valid credentials for Vertex AI: log in with 'gcloud auth "
                    "application-default login', or check GOOGLE_APPLICATION_CREDENTIALS and "
                    "GOOGLE_CLOUD_PROJECT.",
                    retryable=False,
                ) from error
        return self._client


def _leave_alone(client: Client) -> None:
    """Closed clients would close themselves once more when memory is swept: as tasks of whatever
    event loop runs in that thread then, perhaps a workflow's.
    """
    api: Any = client._api_client  # noqa: SLF001 - there is no other way to keep it quiet
    for one in (client.aio, api):
        vars(one)["aclose"] = _is_closed


def _is_closed() -> None:
    raise RuntimeError("this client is closed")


def _bare(route: ModelRoute) -> str:
    return route.full_name.removeprefix("models/")


def _litellm(route: ModelRoute, models: ModelAccess) -> BaseLlm:
    """Asked once (Temporal retries), without what a model does not take, such as a temperature.

    Where no key is wanted a word stands for it: LiteLLM would look for one in the environment, and
    send it to an address that it is not for.
    """
    lite_llm: Any = importlib.import_module("google.adk.models.lite_llm")  # an extra, and untyped
    extra: dict[str, Any] = {"num_retries": 0, "max_retries": 0, "drop_params": True}
    if route.key:
        extra["api_key"] = models.keys.value(route.key)
    if route.address:
        extra |= {"api_base": route.address, "api_key": extra.get("api_key", NO_KEY)}
    made: BaseLlm = lite_llm.LiteLlm(model=route.full_name, **extra)
    return made


def _access(models: ModelAccess) -> dict[str, Any]:
    """What Google's client is made with. Temporal retries, so the SDK does not."""
    settings, keys = models.settings, models.keys
    options = types.HttpOptions(
        base_url=settings.address or None, retry_options=types.HttpRetryOptions(attempts=1)
    )
    made: dict[str, Any] = {"vertexai": settings.vertex, "http_options": options}
    if not settings.vertex or (keys.google() and not settings.project):  # Vertex AI's express mode
        return made | {"api_key": keys.value(keys.google())}
    made |= {"location": settings.location or "global"}
    if settings.project:
        made["project"] = settings.project
    if settings.credentials.name:
        credentials, project = _credentials(settings)
        made |= {"credentials": credentials, "project": settings.project or project}
    return made


def _credentials(settings: ModelSettings) -> tuple[Any, str | None]:
    """Of any kind; the warning is for files of strangers, and this one the operator names."""
    load: Any = google.auth.load_credentials_from_file  # untyped
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        found: tuple[Any, str | None] = load(str(settings.credentials), scopes=[_SCOPE])
    return found
