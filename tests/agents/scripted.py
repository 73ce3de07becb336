"""A model that says what a test tells it to, by way of ADK's registry: `scripted/<name>`."""

from collections.abc import AsyncGenerator
from typing import ClassVar

from google.adk.models._capabilities import LlmCapabilities
from google.adk.models.base_llm import BaseLlm
from google.adk.models.llm_request import LlmRequest
from google.adk.models.llm_response import LlmResponse
from google.adk.models.registry import LLMRegistry
from google.genai import types


class ScriptedModel(BaseLlm):
    """Says the parts under its name, one list per turn; like Gemini, no schema beside tools."""

    scripts: ClassVar[dict[str, list[types.Part]]] = {}
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
        part = self.scripts[self.model].pop(0)
        yield LlmResponse(content=types.Content(role="model", parts=[part]))


def script(name: str, *parts: types.Part) -> str:
    """Write a script; returns the model's name."""
    LLMRegistry.register(ScriptedModel)
    ScriptedModel.scripts[f"scripted/{name}"] = list(parts)
    ScriptedModel.requests.clear()
    return f"scripted/{name}"


def says(text: str) -> types.Part:
    """A text."""
    return types.Part(text=text)


def calls(tool: str, **arguments: object) -> types.Part:
    """A call of a tool."""
    return types.Part(function_call=types.FunctionCall(name=tool, args=arguments))
