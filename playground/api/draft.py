"""A message an app wants to send, checked as Slack checks it."""

from typing import Any

from playground import blocks as block_rules
from playground.api.arguments import Arguments
from playground.blocks.ids import with_ids
from playground.config import PlaygroundConfig
from playground.errors import SlackError, invalid_arguments
from playground.gestures.entities import escaped
from playground.http.wire import Json

TEXT_KEPT = 40_000
UPDATE_TEXT = 4_000
BLOCK_TEXT = 13_200
MARKDOWN_TEXT = 12_000


def draft(arguments: Arguments) -> Json:
    """The fields of a message: text, blocks, attachments, metadata. Refuses an empty one."""
    if arguments.has("markdown_text"):
        return _markdown(arguments)
    fields = content(arguments)
    if not (fields.get("text") or fields.get("blocks") or fields.get("attachments")):
        raise SlackError("no_text")
    return fields


def content(arguments: Arguments) -> Json:
    """The fields that are there, each checked; an empty list of blocks is kept as such."""
    fields: Json = {}
    if arguments.has("text"):
        fields["text"] = escaped(arguments.text("text"))[:TEXT_KEPT]
    blocks = arguments.structure("blocks", "invalid_blocks_format")
    if blocks is not None:
        fields["blocks"] = checked_blocks(blocks, "message")
    attachments = arguments.structure("attachments", "invalid_attachments")
    if attachments is not None:
        fields["attachments"] = _attachments(attachments)
    metadata = arguments.structure("metadata", "invalid_metadata_format")
    if metadata is not None:
        fields["metadata"] = _metadata(metadata)
    return fields


def checked_blocks(blocks: Any, surface: Any) -> list[Json]:
    """The blocks with ids filled in, or invalid_blocks with every reason."""
    if not isinstance(blocks, list):
        raise SlackError("invalid_blocks_format")
    problems = block_rules.problems(blocks, surface)
    if problems:
        raise SlackError(
            "invalid_blocks",
            errors=problems,
            response_metadata={"messages": [f"[ERROR] {problem}" for problem in problems]},
        )
    if surface == "message" and _text_length(blocks) > BLOCK_TEXT:
        raise SlackError("msg_blocks_too_long")
    return with_ids(blocks)


def identity(config: PlaygroundConfig, arguments: Arguments) -> Json:
    """The fields of a message that say which app wrote it."""
    app = config.app
    fields: Json = {
        "user": app.bot_user,
        "bot_id": app.bot_id,
        "app_id": app.id,
        "team": config.team.id,
        "bot_profile": {
            "id": app.bot_id,
            "app_id": app.id,
            "user_id": app.bot_user,
            "name": app.name,
            "icons": {},
            "deleted": False,
            "updated": 0,
            "team_id": config.team.id,
        },
    }
    if arguments.has("username") or arguments.has("icon_url") or arguments.has("icon_emoji"):
        fields |= {"subtype": "bot_message", "username": arguments.text("username", app.name)}
    return fields


def _markdown(arguments: Arguments) -> Json:
    if arguments.has("text") or arguments.has("blocks"):
        raise SlackError("markdown_text_conflict")
    text = arguments.text("markdown_text")
    if not text:
        raise SlackError("no_text")
    if len(text) > MARKDOWN_TEXT:
        raise SlackError("msg_too_long")
    fields = content(arguments)
    return fields | {"text": text, "blocks": with_ids([{"type": "markdown", "text": text}])}


def _attachments(attachments: Any) -> list[Json]:
    if not isinstance(attachments, list) or not all(isinstance(one, dict) for one in attachments):
        raise SlackError("invalid_attachments")
    if len(attachments) > 100:
        raise SlackError("too_many_attachments")
    return [_attachment(number, one) for number, one in enumerate(attachments, 1)]


def _attachment(number: int, attachment: Json) -> Json:
    attachment = {"id": number, "fallback": "[no preview available]"} | attachment
    if "blocks" in attachment:
        attachment["blocks"] = checked_blocks(attachment["blocks"], "message")
    return attachment


def _metadata(metadata: Any) -> Json:
    if not isinstance(metadata, dict):
        raise SlackError("invalid_metadata_format")
    if not isinstance(metadata.get("event_type"), str) and "entities" not in metadata:
        raise invalid_arguments("missing required field: event_type [json-pointer:/metadata]")
    if not isinstance(metadata.get("event_payload", {}), dict):
        raise SlackError("invalid_metadata_schema")
    return metadata


def _text_length(value: Any) -> int:
    if isinstance(value, list):
        return sum(_text_length(item) for item in value)
    if not isinstance(value, dict):
        return 0
    text = value.get("text")
    own = len(text) if isinstance(text, str) else 0
    return own + sum(_text_length(item) for item in value.values())
