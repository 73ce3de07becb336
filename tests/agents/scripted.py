"""A model that says what a test tells it to, by way of ADK's registry: `scripted/<name>`."""

from collections.abc import AsyncGenerator
from typing import ClassVar

import httpx
from google.adk.models._capabilities import LlmCapabilities
from google.adk.models.base_llm import BaseLlm
from google.adk.models.llm_request import LlmRequest
from google.adk.models.llm_response import LlmResponse
from google.adk.models.registry import LLMRegistry
from google.genai import types
from google.genai.errors import ServerError


class ScriptedModel(BaseLlm):
    """Says the parts under its name, one list per turn; like Gemini, no schema beside tools."""

    scripts: ClassVar[dict[str, list[list[types.Part] | Exception]]] = {}
    requests: ClassVar[list[LlmRequest]] = []

    @classmethod
    def supported_models(cls) -> list[str]:
        """What the registry matches."""
        return ["scripted/.*"]

    @property
    def capabilities(self) -> LlmCapabilities:
        """As Gemini's API has it."""
        return LlmCapabilities(output_schema_and_tools=False)

    async def generate_content_async(
        self, llm_request: LlmRequest, stream: bool = False
    ) -> AsyncGenerator[LlmResponse, None]:
        """The next part of the script."""
        self.requests.append(llm_request)
        parts = self.scripts[self.model].pop(0)
        if isinstance(parts, Exception):
            raise parts
        yield LlmResponse(content=types.Content(role="model", parts=parts))


def script(name: str, *turns: types.Part | list[types.Part] | Exception) -> str:
    """Write a script, for each turn a part, several, or how it fails; returns the model's name."""
    LLMRegistry.register(ScriptedModel)
    parts = [[turn] if isinstance(turn, types.Part) else turn for turn in turns]
    ScriptedModel.scripts[f"scripted/{name}"] = parts
    ScriptedModel.requests.clear()
    return f"scripted/{name}"


def says(text: str) -> types.Part:
    """A text."""
    return types.Part(text=text)


def calls(tool: str, **arguments: object) -> types.Part:
    """A call of a tool."""
    return types.Part(function_call=types.FunctionCall(name=tool, args=arguments))


def overloaded() -> Exception:
    """As google-genai raises it for Gemini's 503."""
    said = {"code": 503, "message": "The model is overloaded.", "status": "UNAVAILABLE"}
    return ServerError(503, {"error": said})


def reset() -> Exception:
    """As httpx raises it when the other side hangs up."""
    return httpx.ReadError("[Errno 104] Connection reset by peer")


def returned() -> list[dict[str, object]]:
    """What the tools of the last turn returned, as the model was told."""
    contents = ScriptedModel.requests[-1].contents
    parts = [part for part in contents[-1].parts or [] if part.function_response is not None]
    return [dict(part.function_response.response or {}) for part in parts if part.function_response]
