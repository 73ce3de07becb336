"""What Slack adds to the blocks it was sent: ids, and the flags of text objects."""

from typing import Any

from playground.http.wire import Json
from playground.ids import new_secret

_INTERACTIVE = (
    "button",
    "overflow",
    "checkboxes",
    "radio_buttons",
    "datepicker",
    "datetimepicker",
    "timepicker",
    "plain_text_input",
    "email_text_input",
    "url_text_input",
    "number_input",
    "rich_text_input",
    "file_input",
    "workflow_button",
    "feedback_buttons",
    "icon_button",
)


def is_interactive(element: Json) -> bool:
    """Whether a person can do something with the element."""
    kind = str(element.get("type", ""))
    return kind in _INTERACTIVE or kind.endswith("_select")


def with_ids(blocks: Any) -> list[Json]:
    """The blocks with every missing `block_id` and `action_id` filled in."""
    if not isinstance(blocks, list):
        return []
    return [_completed({"block_id": new_secret(5)} | block) for block in blocks]


def _completed(value: Any) -> Any:
    if isinstance(value, list):
        return [_completed(item) for item in value]
    if not isinstance(value, dict):
        return value
    value = {name: _completed(item) for name, item in value.items()}
    if value.get("type") == "plain_text" and "text" in value:
        return value | {"emoji": value.get("emoji", True)}
    if value.get("type") == "mrkdwn" and "text" in value:
        return value | {"verbatim": value.get("verbatim", False)}
    if is_interactive(value) and "action_id" not in value:
        return value | {"action_id": new_secret(5)}
    return value
