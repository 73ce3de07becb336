"""What an A2A message says: a draft, out of its text parts and its JSON part.

A part of media type `application/json` (text, or data) holds the fields of `ApprovalDraft`; text
parts are the full text, or, without a JSON part, everything. Files and links are not taken: people
decide what they can read.
"""

import json
from collections.abc import Iterable
from typing import Any

from a2a.types.a2a_pb2 import Message, Part
from google.protobuf.json_format import MessageToDict

from agents.programs.request import ApprovalDraft, UnfitDraft, draft_from, fields_from

JSON = "application/json"


def draft_of(message: Message, before: ApprovalDraft | None = None) -> ApprovalDraft:
    """The draft in this message, the next version of `before`; raises UnfitDraft."""
    structured = [part for part in message.parts if _is_structured(part)]
    texts = [part.text for part in message.parts if _is_words(part)]
    if len(structured) + len(texts) < len(message.parts):
        raise UnfitDraft("Send text parts or one JSON part; files and links cannot be decided on.")
    if len(structured) > 1:
        raise UnfitDraft("Send one JSON part at most.")
    text = "\n\n".join(texts).strip()
    if not structured:
        if not text:
            raise UnfitDraft("Say what is to be decided: the message has no text.")
        return draft_from(fields_from(text, titled=before is None), before)
    fields = _object(structured[0])
    if text:
        fields = _with_text(fields, text)
    return draft_from(fields, before)


def wishes_of(history: Iterable[Message]) -> ApprovalDraft:
    """The latest draft of a task, each message on top of the one before."""
    draft: ApprovalDraft | None = None
    for message in history:
        draft = draft_of(message, draft)
    if draft is None:
        raise UnfitDraft("The task has no message.")
    return draft


def same(one: Message, other: Message) -> bool:
    """Whether the two ask for the same."""
    return [_plain(part) for part in one.parts] == [_plain(part) for part in other.parts]


def _is_structured(part: Part) -> bool:
    kind = part.media_type.partition(";")[0].strip().lower()
    return part.HasField("data") or (part.HasField("text") and kind == JSON)


def _is_words(part: Part) -> bool:
    return part.HasField("text") and not _is_structured(part)


def _with_text(fields: dict[str, Any], text: str) -> dict[str, Any]:
    if fields.get("full_text"):
        raise UnfitDraft("full_text: it is in the JSON part and in a text part; send it once.")
    return {**fields_from(text, titled=False), **fields, "full_text": text}


def _object(part: Part) -> dict[str, Any]:
    try:
        found = MessageToDict(part.data) if part.HasField("data") else json.loads(part.text)
    except (ValueError, RecursionError):
        raise UnfitDraft("The JSON part is no JSON.") from None
    if not isinstance(found, dict):
        raise UnfitDraft("The JSON part has to be an object.")
    return found


def _plain(part: Part) -> bytes:
    return part.SerializeToString(deterministic=True)
