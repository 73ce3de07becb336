"""The activity that asks a model for an agent whose turn is a workflow, with the worker's keys.

It stands in for the one of Temporal's plugin, under its name: that one takes keys from the
environment only.
"""

from contextlib import aclosing
from datetime import timedelta

from google.adk.models.llm_request import LlmRequest
from google.adk.models.llm_response import LlmResponse
from temporalio import activity
from temporalio.exceptions import ApplicationError
from temporalio.google_adk import GoogleAdkPlugin

from agents.errors import AgentError
from agents.models.access import ModelAccess
from agents.models.errors import model_errors, model_failure
from agents.models.live import LiveModels
from agents.models.spending import MONEY
from agents.turn.progress import beat, heard_by
from workflows.messages.turns import Progress


class ModelCalls:
    """`models` is what the worker has keys for."""

    def __init__(self, models: ModelAccess) -> None:
        self._models = models

    @activity.defn(name="invoke_model")
    async def invoke_model(self, llm_request: LlmRequest) -> list[LlmResponse]:
        """What the model says; errors are ApplicationErrors with a sentence."""
        try:
            return await self._asked(llm_request)
        except AgentError as error:
            raise _told(error) from None
        except model_errors() as error:
            failure = model_failure(_agent(llm_request), llm_request.model or "?", error)
            if failure is None:
                raise
            raise _told(failure) from None

    async def _asked(self, request: LlmRequest) -> list[LlmResponse]:
        beat(Progress(agent=_agent(request)[:200], model=(request.model or "")[:200]))
        async with aclosing(LiveModels(self._models)) as live:
            llm = live.asked(request.model or "", _agent(request))
            named = request.model_copy(update={"model": llm.model})
            with heard_by(beat):
                found = [response async for response in llm.generate_content_async(named)]
        for response in found:
            self._priced(request, response)
        return found

    def _priced(self, request: LlmRequest, response: LlmResponse) -> None:
        """The workflow that counts it reads no settings."""
        usage, prices = response.usage_metadata, self._models.settings
        if usage is None or not prices.knows_prices:
            return
        took = usage.prompt_token_count or 0
        gave = max((usage.total_token_count or 0) - took, 0)
        money = prices.price(request.model or "", response.model_version or "", took, gave)
        response.custom_metadata = {**(response.custom_metadata or {}), MONEY: money}


def adk_plugin(models: ModelAccess) -> GoogleAdkPlugin:
    """Temporal's plugin for ADK, with our activity for models."""
    plugin = GoogleAdkPlugin()
    plugin.activities = [ModelCalls(models).invoke_model]
    return plugin


def _agent(request: LlmRequest) -> str:
    """Who asks: ADK labels its requests."""
    return (request.config.labels or {}).get("adk_agent_name") or "this step"


def _told(error: AgentError) -> ApplicationError:
    pause = timedelta(seconds=error.retry_after) if error.retry_after else None
    return ApplicationError(
        error.sentence,
        type=error.kind,
        non_retryable=not error.retryable,
        next_retry_delay=pause,
    )
