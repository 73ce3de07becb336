"""The parts of Slack's payloads that Bolt and our listeners take for granted.

Bolt raises TypeErrors on `"team": 5` and the like. Only what it looks into is checked, so that
Slack may add fields. Types of the past (dialogs, attachments' buttons, workflow steps) are refused.
"""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

Thing = dict[str, Any]


class _Shape(BaseModel):
    model_config = ConfigDict(strict=True, extra="ignore")


class _Known(_Shape):
    """Whatever the type, these are looked at, here and inside of `event`."""

    type: str = Field(default="", max_length=100)
    command: str = Field(default="", max_length=100)
    callback_id: str | None = Field(default=None, max_length=255)
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


class _Person(_Shape):
    id: str


class _Action(_Shape):
    type: str
    action_id: str = Field(max_length=255)
    block_id: str = Field(max_length=255)
    action_ts: str = ""
    value: str | None = None


class _State(_Shape):
    values: dict[str, dict[str, Thing]] = {}


class _View(_Shape):
    id: str
    type: str
    callback_id: str = Field(default="", max_length=255)
    private_metadata: str = ""
    state: _State | None = None


class _Command(_Shape):
    command: str = Field(pattern="^/", max_length=100)
    user_id: str
    channel_id: str
    trigger_id: str
    text: str = ""


class _Gesture(_Shape):
    user: _Person


class _BlockActions(_Gesture):
    trigger_id: str
    actions: list[_Action] = Field(min_length=1)


class _ViewGesture(_Gesture):
    view: _View


class _Shortcut(_Gesture):
    callback_id: str = Field(max_length=255)
    trigger_id: str


class _Suggestion(_Gesture):
    action_id: str = Field(max_length=255)
    block_id: str = Field(max_length=255)
    value: str
    view: Thing = {}


class _EventBody(_Shape):
    type: str = Field(min_length=1, max_length=100)
    function: Thing = {}


class _Event(_Shape):
    event: _EventBody


class _Challenge(_Shape):
    challenge: str = Field(max_length=1_000)


_BY_TYPE: dict[str, type[_Shape]] = {
    "block_actions": _BlockActions,
    "block_suggestion": _Suggestion,
    "event_callback": _Event,
    "message_action": _Shortcut,
    "shortcut": _Shortcut,
    "url_verification": _Challenge,
    "view_closed": _ViewGesture,
    "view_submission": _ViewGesture,
}


def fit(payload: Thing) -> bool:
    """Whether a payload is of a type we know, and has the parts that type calls for."""
    own = _Command if "command" in payload else _BY_TYPE.get(str(payload.get("type")))
    if own is None:
        return payload.get("ssl_check") == "1"
    try:
        _Known.model_validate(payload)
        own.model_validate(payload)
    except ValidationError:
        return False
    return True
