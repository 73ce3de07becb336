"""What the writer says offline: one kind of problem mended per round. The critic says nothing."""

import json

from agents.samples.conversation import Call, Conversation, ModelAnswer, Say
from agents.samples.critique import Critique
from agents.samples.text_checks import repair_one
from agents.samples.tools.document import Document
from agents.turn.brief import MARK


def reply(conversation: Conversation, role: str) -> ModelAnswer:
    """Read first, then mend what the checks found; no program can say what a text means."""
    if role == "critic":
        return Say(Critique(verdict="cannot_say").model_dump_json())
    handed = _handed(conversation.said)
    if handed is not None:
        return Say(repair_one(handed))
    reads = [Call("read_document", {"file": file.name}) for file in conversation.brief.files[:1]]
    calls = conversation.missing(*reads)
    if calls:
        return calls
    documents = [
        Document.model_validate(item.response) for item in conversation.results("read_document")
    ]
    typed = conversation.heard[0].partition(MARK)[0] if conversation.heard else ""
    return Say(documents[0].text if documents else typed)


def _handed(text: str) -> str | None:
    """The text that came back from the checks; nothing in the first round."""
    try:
        handed = json.loads(text)
    except ValueError:
        return None
    return str(handed["text"]) if isinstance(handed, dict) and "problems" in handed else None
