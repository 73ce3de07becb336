"""Gemini's answers as a stream: how far one is, is told; the answer itself comes in one piece.

ADK, its plugins and the journal see what they see without streaming. So nothing can be begun on
part of an answer, and what is kept of a turn does not depend on how its answers travelled.
"""

from collections.abc import AsyncGenerator
from contextlib import aclosing

import aiohttp
from google.adk.models.google_llm import Gemini
from google.adk.models.llm_request import LlmRequest
from google.adk.models.llm_response import LlmResponse

from agents.turn.progress import tell
from workflows.messages.turns import Progress


class StreamedGemini(Gemini):
    """Raises aiohttp.ClientPayloadError for a stream that ends before its answer does."""

    async def generate_content_async(
        self, llm_request: LlmRequest, stream: bool = False
    ) -> AsyncGenerator[LlmResponse, None]:
        """The whole answer; before it its parts, for callers who ask for a `stream`."""
        agent = (llm_request.config.labels or {}).get("adk_agent_name", "")
        told = Progress(agent=agent[:200], model=(llm_request.model or self.model)[:200])
        whole: LlmResponse | None = None
        async with aclosing(super().generate_content_async(llm_request, stream=True)) as responses:
            async for response in responses:
                if not response.partial:
                    whole = response
                    continue
                characters = told.characters + _characters(response)
                told = told.model_copy(update={"characters": characters})
                tell(told)
                if stream:
                    yield response
        if whole is None or _is_cut_short(whole):
            raise aiohttp.ClientPayloadError("the stream ended before the answer did")
        yield whole


def _is_cut_short(response: LlmResponse) -> bool:
    """The last part of an answer says why it is the last; an answer of nothing has no parts."""
    said = response.content is not None and response.content.parts
    return bool(said) and response.finish_reason is None and response.error_code is None


def _characters(response: LlmResponse) -> int:
    parts = (response.content.parts if response.content else None) or []
    return sum(len(part.text or "") for part in parts)
