"""An agent that acts three times and then says so, whose every step can fail or be the last.

Its model goes by what it was told, not by how often it was asked, so that it does the same in
every process. `Points` are the places where a process can be killed.
"""

import os
import signal
import sys
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import ClassVar

from google.adk.agents.llm_agent import LlmAgent
from google.adk.models._capabilities import LlmCapabilities
from google.adk.models.base_llm import BaseLlm
from google.adk.models.llm_request import LlmRequest
from google.adk.models.llm_response import LlmResponse
from google.adk.models.registry import LLMRegistry
from google.adk.workflow import BaseNode
from google.genai import types

from agents import catalogue
from agents.catalogue import LocalAgent
from agents.journal.journal import TurnJournal
from tests.agents.scripted import calls, says
from tests.agents.witness import Witness

NAME = "acting"
ABOUT = LocalAgent(name=NAME, title="Acting", description="Acts.", model="acting/one")
WANTED = (("pay", "Ann"), ("pay", "Ann"), ("put", "Eve"))


class Points:
    """Counts the places a process comes by, and ends it at one of them."""

    def __init__(self, kill_at: int, note: Path) -> None:
        self._kill_at = kill_at
        self._note = note
        self.passed: list[str] = []

    def at(self, name: str) -> None:
        """Here."""
        self.passed.append(name)
        if len(self.passed) == self._kill_at:
            self._note.write_text(name, encoding="utf-8")
            os.kill(os.getpid(), signal.SIGKILL)


class ActingModel(BaseLlm):
    """Wants everything at once, and is done when it has heard of it. `failures` come after that."""

    failures: ClassVar[list[Exception]] = []
    asked: ClassVar[list[LlmRequest]] = []
    come_by: ClassVar[Callable[[str], None]] = staticmethod(lambda name: None)

    @classmethod
    def supported_models(cls) -> list[str]:
        """What the registry matches."""
        return ["acting/.*"]

    @property
    def capabilities(self) -> LlmCapabilities:
        """As Gemini's API has it."""
        return LlmCapabilities(output_schema_and_tools=False)

    async def generate_content_async(
        self, llm_request: LlmRequest, stream: bool = False
    ) -> AsyncGenerator[LlmResponse, None]:
        """One answer."""
        self.asked.append(llm_request)
        type(self).come_by("before the model")
        told = [p for content in llm_request.contents for p in content.parts or []]
        parts = [calls(tool, to=to) for tool, to in WANTED]
        if any(part.function_response for part in told):
            if self.failures:
                raise self.failures.pop(0)
            parts = [says("done")]
        yield LlmResponse(content=types.Content(role="model", parts=parts))
        type(self).come_by("after the model")


class PointedJournal:
    """A journal with a point before and after each entry."""

    def __init__(self, inner: TurnJournal, points: Points) -> None:
        self._inner = inner
        self._points = points

    async def open(self, turn: str) -> tuple[int, list[bytes]]:
        """See `TurnJournal`."""
        return await self._inner.open(turn)

    async def add(self, turn: str, attempt: int, entry: bytes, *, first: bool = False) -> bool:
        """See `TurnJournal`."""
        kind = entry.partition(b'"kind":"')[2].partition(b'"')[0].decode()
        self._points.at(f"before {kind}")
        added = await self._inner.add(turn, attempt, entry, first=first)
        self._points.at(f"after {kind}")
        return added


def install(folder: Path, points: Points | None = None, *, asking: bool = False) -> Witness:
    """Make the agent known to this process; its acts are in `folder`."""
    at = points.at if points else (lambda name: None)
    witness = Witness(folder / "acts", lambda: at("before the act"), lambda: at("after the act"))
    ActingModel.come_by = staticmethod(at)
    ActingModel.failures.clear()
    ActingModel.asked.clear()
    LLMRegistry.register(ActingModel)

    def build(model: str, temperature: float | None) -> BaseNode:
        return LlmAgent(name=NAME, model=model, tools=list(witness.tools(asking=asking)))

    module = ModuleType(f"agents.samples.{NAME}.agent")
    vars(module)["build"] = build
    sys.modules[f"agents.samples.{NAME}.agent"] = module
    catalogue.CATALOGUE = MappingProxyType({**catalogue.CATALOGUE, NAME: ABOUT})
    return witness
