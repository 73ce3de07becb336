"""One small call of a model, and what came back, in a sentence; for `signoff doctor --online`."""

import asyncio
from contextlib import aclosing
from time import monotonic
from typing import NamedTuple

from google.adk.models.llm_request import LlmRequest
from google.adk.models.llm_response import LlmResponse
from google.genai import types

from agents.errors import AgentError
from agents.models.access import ModelAccess
from agents.models.errors import model_errors, model_failure
from agents.models.live import LiveModels

SECONDS = 30.0
MOST_TOKENS = 200
_ASKER = "this call"


class ModelAnswer(NamedTuple):
    """Whether a model answered, and the sentence about it."""

    ok: bool
    sentence: str


async def ask(models: ModelAccess, name: str, seconds: float = SECONDS) -> ModelAnswer:
    """Ask `name` for one word. Raises nothing that a model's client raises."""
    started = monotonic()
    try:
        async with asyncio.timeout(seconds):
            response = await _asked(models, name)
    except AgentError as error:
        return ModelAnswer(False, error.sentence)
    except TimeoutError:
        return ModelAnswer(False, f"{name} did not answer within {seconds:.0f} s. Try again later.")
    except model_errors() as error:
        failure = model_failure(_ASKER, name, error)
        said = failure.sentence if failure else f"{name} cannot be asked ({type(error).__name__})."
        return ModelAnswer(False, said)
    took = round((monotonic() - started) * 1000)
    if response is None or not _answers(response):
        why = f" ({response.error_code})" if response and response.error_code else ""
        return ModelAnswer(False, f"{name} gave no answer{why}, after {took} ms.")
    version = response.model_version or "a version it does not name"
    return ModelAnswer(True, f"{name} answers as {version}, in {took} ms.")


def _answers(response: LlmResponse) -> bool:
    """Something was said, or all that a small call allows was spent on thinking."""
    said = response.content is not None and response.content.parts
    return bool(said) or response.finish_reason is types.FinishReason.MAX_TOKENS


async def _asked(models: ModelAccess, name: str) -> LlmResponse | None:
    asked = types.Content(role="user", parts=[types.Part(text="Answer with one word: ready")])
    config = types.GenerateContentConfig(max_output_tokens=MOST_TOKENS)
    async with aclosing(LiveModels(models)) as live:
        llm = live.asked(name, _ASKER)
        request = LlmRequest(model=llm.model, contents=[asked], config=config)
        found = [response async for response in llm.generate_content_async(request)]
    return found[-1] if found else None
