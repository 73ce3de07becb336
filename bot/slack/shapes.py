"""The parts of Slack's payloads that Bolt and our listeners take for granted.

Bolt raises TypeErrors on `"team": 5` and the like. Only what it looks into is checked, so that
Slack may add fields. Types of the past (dialogs, attachments' buttons, workflow steps) are refused.
"""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model

Thing = dict[str, Any]
_Name = Annotated[str, Field(max_length=255)]
_Slashed = Annotated[str, Field(pattern="^/")]


class _Shape(BaseModel):
    model_config = ConfigDict(strict=True, extra="ignore")


class _Known(_Shape):
    """Whatever the type, these are looked at, here and inside of `event`."""

    type: str = Field(default="", max_length=100)
    command: str = Field(default="", max_length=100)
    callback_id: _Name | None = None
    enterprise: Thing | str | None = None
    team: Thing | str | None = None
    user: Thing | str | None = None
    channel: Thing | str | None = None
    enterprise_id: str | None = None
    team_id: str | None = None
    user_id: str | None = None
    channel_id: str | None = None
    thread_ts: str | None = None
    response_url: str | None = None
    response_urls: list[Thing] | None = None
    container: Thing | None = None
    function_data: Thing | None = None
    view: Thing | None = None
    authorizations: "list[_Known] | None" = None
    event: "_Known | None" = None
    item: "_Known | str | None" = None
    message: "_Known | None" = None
    previous_message: "_Known | None" = None
    assistant_thread: "_Known | None" = None


def _shape(optional: Thing | None = None, **required: Any) -> Any:
    """A model with these fields; the `optional` ones may be left out."""
    fields: Thing = {name: (kind, ...) for name, kind in required.items()}
    fields |= {name: (kind, None) for name, kind in (optional or {}).items()}
    return create_model("Shape", __base__=_Shape, **fields)


_PERSON = _shape(id=str)
_ACTION = _shape({"action_ts": str, "value": str | None}, type=str, action_id=_Name, block_id=_Name)
_ACTIONS = Annotated[list[_ACTION], Field(min_length=1)]  # type: ignore[valid-type]
_STATE = _shape({"values": dict[str, dict[str, Thing]]})
_VIEW = _shape(
    {"callback_id": _Name, "private_metadata": str, "state": _STATE | None}, id=str, type=str
)
_SHORTCUT = _shape(user=_PERSON, callback_id=_Name, trigger_id=str)
_VIEW_GESTURE = _shape(user=_PERSON, view=_VIEW)
_COMMAND = _shape({"text": str}, command=_Slashed, user_id=str, channel_id=str, trigger_id=str)
_BY_TYPE = {
    "block_actions": _shape(user=_PERSON, trigger_id=str, actions=_ACTIONS),
    "block_suggestion": _shape(
        {"view": Thing}, user=_PERSON, action_id=_Name, block_id=_Name, value=str
    ),
    "event_callback": _shape(
        event=_shape({"function": Thing}, type=Annotated[str, Field(min_length=1)])
    ),
    "message_action": _SHORTCUT,
    "shortcut": _SHORTCUT,
    "url_verification": _shape(challenge=_Name),
    "view_closed": _VIEW_GESTURE,
    "view_submission": _VIEW_GESTURE,
}


def fit(payload: Thing) -> bool:
    """Whether a payload is of a type we know, and has the parts that type calls for."""
    own = _COMMAND if "command" in payload else _BY_TYPE.get(str(payload.get("type")))
    if own is None:
        return payload.get("ssl_check") == "1"
    try:
        _Known.model_validate(payload)
        own.model_validate(payload)
    except ValidationError:
        return False
    return True
