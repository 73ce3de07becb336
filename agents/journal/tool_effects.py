"""What a tool did to its conversation besides answering: kept with the answer, and done again."""

import base64
from typing import Any

from google.adk.tools.tool_context import ToolContext
from google.genai import types
from pydantic_core import to_jsonable_python

MOST_FILE = 500_000
_FLAGS = ("transfer_to_agent", "escalate", "skip_summarization")


async def effects_of(context: ToolContext) -> dict[str, Any]:
    """State, control flow and saved files; files over 500 kB are left out."""
    actions = context.actions
    found: dict[str, Any] = {
        name: value for name in _FLAGS if (value := getattr(actions, name)) is not None
    }
    if actions.state_delta:
        found["state"] = to_jsonable_python(actions.state_delta, serialize_unknown=True)
    files = {name: await _file(context, name) for name in actions.artifact_delta}
    if kept := {name: file for name, file in files.items() if file}:
        found["files"] = kept
    return found


async def repeat_effects(effects: dict[str, Any], context: ToolContext) -> None:
    """As if the tool had run just now."""
    for name in _FLAGS:
        if name in effects:
            setattr(context.actions, name, effects[name])
    for name, value in effects.get("state", {}).items():
        context.state[name] = value
    for name, file in effects.get("files", {}).items():
        part = types.Part.from_bytes(data=base64.b64decode(file["data"]), mime_type=file["type"])
        await context.save_artifact(name, part)


def response_of(result: Any) -> dict[str, Any]:
    """A tool's answer as JSON; what is none of that is answered with a note when it is repeated."""
    try:
        plain = to_jsonable_python(result)
    except ValueError:
        return {"note": "It ran. Its answer could not be kept."}
    return plain if isinstance(plain, dict) else {"result": plain}


def asks(context: ToolContext) -> bool:
    """Whether the tool did not act yet: it wants people's word, or a login, first."""
    call, actions = context.function_call_id, context.actions
    wanted = {*actions.requested_tool_confirmations, *actions.requested_auth_configs}
    return call in wanted


async def _file(context: ToolContext, name: str) -> dict[str, str]:
    part = await context.load_artifact(name)
    blob = part.inline_data if part is not None else None
    if blob is None or blob.data is None or len(blob.data) > MOST_FILE:
        return {}
    return {"type": blob.mime_type or "", "data": base64.b64encode(blob.data).decode()}
