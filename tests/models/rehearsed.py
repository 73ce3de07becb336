"""Answers for the stand-in for Gemini that make sense: those of our offline writers.

Each member of an agent is known by its instruction; what it calls and says is what the offline model would, in the shapes of Gemini's API. So every pipeline goes through
as many calls of a model as with one that does its work in the fewest.
"""

import importlib
import json
from collections.abc import Sequence

from google.adk.models.llm_request import LlmRequest
from google.genai import types

from agents.catalogue import find
from agents.runtime.adk_tools import members_of
from agents.samples.conversation import Say, conversation_of
from agents.samples.offline import writer_of
from tests.models.gemini_replies import Body, ModelAnswer, calls, says

_STRUCTURED = "set_model_response"


class Rehearsed:
    """Answers for the members of these agents."""

    def __init__(self, agents: Sequence[str]) -> None:
        self._models: dict[str, str] = {}
        for name in agents:
            module = importlib.import_module(f"agents.samples.{name}.agent")
            for member in members_of(module.build(find(name).offline_model)):
                self._models[str(member.instruction)] = str(member.model)

    def answer(self, body: Body) -> ModelAnswer:
        """What the member that asks would call or say offline."""
        said = "".join(part.get("text", "") for part in body["systemInstruction"]["parts"])
        model = next(model for told, model in self._models.items() if told in said)
        writer, role = writer_of(model)
        reply = writer.reply(conversation_of(_request(body)), role)
        if not isinstance(reply, Say):
            return calls(*((call.tool, call.arguments) for call in reply))
        if _STRUCTURED in _declared(body):
            return calls((_STRUCTURED, json.loads(reply.text)))
        return says(reply.text)


def _declared(body: Body) -> set[str]:
    tools = body.get("tools", [])
    return {one["name"] for tool in tools for one in tool.get("functionDeclarations", ())}


def _request(body: Body) -> LlmRequest:
    tools = [types.Tool.model_validate(tool) for tool in body.get("tools", [])]
    return LlmRequest(
        contents=[types.Content.model_validate(content) for content in body["contents"]],
        config=types.GenerateContentConfig(tools=tools),
    )
