"""The members of an agent made of several, and what one hands to the next."""

import json
from collections.abc import Callable, Sequence
from typing import Any

from google.adk.agents.context import Context
from google.adk.agents.llm_agent import LlmAgent
from google.adk.tools.base_tool import BaseTool
from google.adk.workflow import FunctionNode
from google.genai import types
from pydantic import BaseModel

from agents.catalogue import LocalAgent
from agents.models.temperature import usual_temperature
from agents.samples.offline import register
from agents.turn.answer import AgentAnswer
from agents.turn.brief import SO_FAR


def member(
    about: LocalAgent,
    role: str,
    model: str,
    temperature: float | None,
    instruction: str,
    *,
    description: str = "",
    tools: Sequence[Callable[..., Any] | BaseTool] = (),
    sub_agents: Sequence[LlmAgent] = (),
    single_turn: bool = False,
    structured: bool = False,
    schema: type[BaseModel] | None = None,
) -> LlmAgent:
    """One member. Its name is the role; with an empty role it is the agent itself.

    It answers in `schema`, when `structured` in that of every agent's last word.

    A member hands the conversation to nobody but agents below it: what it was given is its to
    answer, and two that may hand it to each other may do so for ever.
    """
    register()
    return LlmAgent(
        name=role or about.name,
        description=description or about.description,
        model=f"{model}.{role}" if role and model.startswith("offline/") else model,
        mode="single_turn" if single_turn else None,
        instruction=instruction,
        tools=list(tools),
        sub_agents=list(sub_agents),
        disallow_transfer_to_parent=bool(role),
        disallow_transfer_to_peers=bool(role),
        output_schema=AgentAnswer if structured else schema,
        generate_content_config=types.GenerateContentConfig(
            temperature=usual_temperature(model, about.temperature)
            if temperature is None
            else temperature
        ),
    )


def hand_on(ctx: Context, node_input: Any) -> str:
    """A node between two members: the task as it came in, and what was found so far."""
    content = ctx.user_content
    asked = "\n".join(part.text or "" for part in (content.parts if content else None) or [])
    return asked + SO_FAR + json.dumps(_plain(node_input), sort_keys=True)


def relay(name: str) -> FunctionNode:
    """`hand_on` as a node of its own name."""
    return FunctionNode(func=hand_on, name=name)


def _plain(value: Any) -> Any:
    """JSON where a member answered in JSON, else what it is."""
    if isinstance(value, dict):
        return {str(name): _plain(inner) for name, inner in value.items()}
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value
