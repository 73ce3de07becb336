"""The offline model: a deterministic stand-in for a language model, `offline/<agent>`.

It calls the agent's own tools and writes its findings from what they return, so that everything
works without a key and a network. What an agent says offline is in `agents/<agent>/offline.py`:
`reply(conversation, role)`, where the role is what follows the dot in `offline/<agent>.<role>`.
"""

import importlib
import re
from collections.abc import AsyncGenerator
from typing import Protocol, cast

from google.adk.models._capabilities import LlmCapabilities
from google.adk.models.base_llm import BaseLlm
from google.adk.models.llm_request import LlmRequest
from google.adk.models.llm_response import LlmResponse
from google.adk.models.registry import LLMRegistry
from google.genai import types

from agents.catalogue import CATALOGUE
from agents.samples.conversation import Conversation, ModelAnswer, Say, conversation_of

_NAME = re.compile(r"offline/([a-z][a-z0-9_]*)(?:\.([a-z][a-z0-9_]*))?")

_NO_TOKENS = types.GenerateContentResponseUsageMetadata(
    prompt_token_count=0, candidates_token_count=0, total_token_count=0
)


class Writer(Protocol):
    """The module `agents.<agent>.offline`."""

    def reply(self, conversation: Conversation, role: str) -> ModelAnswer:
        """The next calls of tools, or the answer."""
        ...


class OfflineModel(BaseLlm):
    """Answers `offline/<agent>` and `offline/<agent>.<role>`; the same input, the same answer."""

    @classmethod
    def supported_models(cls) -> list[str]:
        """What the registry matches model names against."""
        return [r"offline/.*"]

    @property
    def capabilities(self) -> LlmCapabilities:
        """Structured answers need no extra tool here."""
        return LlmCapabilities(output_schema_and_tools=True)

    async def generate_content_async(
        self, llm_request: LlmRequest, stream: bool = False
    ) -> AsyncGenerator[LlmResponse, None]:
        """One model turn; `stream` makes no difference."""
        writer, role = writer_of(self.model)
        reply = writer.reply(conversation_of(llm_request), role)
        yield LlmResponse(
            content=types.Content(role="model", parts=_parts(reply)),
            model_version=self.model,
            usage_metadata=_NO_TOKENS,
            partial=False,
        )


def writer_of(model: str) -> tuple[Writer, str]:
    """The writer and the role behind a model's name; raises ValueError for an unknown one."""
    match = _NAME.fullmatch(model)
    if match is None or match.group(1) not in CATALOGUE:
        raise ValueError(f"There is no offline model called {model!r}.")
    module = importlib.import_module(f"agents.samples.{match.group(1)}.offline")
    return cast("Writer", module), match.group(2) or ""


def register() -> None:
    """Make ADK know `offline/...`; harmless when repeated."""
    LLMRegistry.register(OfflineModel)


def _parts(reply: ModelAnswer) -> list[types.Part]:
    if isinstance(reply, Say):
        return [types.Part(text=reply.text)]
    return [
        types.Part(function_call=types.FunctionCall(name=call.tool, args=call.arguments))
        for call in reply
    ]
