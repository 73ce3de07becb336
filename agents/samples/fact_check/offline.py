"""What the drafter says offline; the checker says nothing of any claim, and the figures decide."""

import json

from agents.samples.claims import sentences
from agents.samples.conversation import Conversation, ModelAnswer, Say
from agents.samples.critique import ClaimVerdicts
from agents.samples.evidence import Evidence, evidence_of, figures, gather
from agents.samples.rerun import amount


def reply(conversation: Conversation, role: str) -> ModelAnswer:
    """The part of the member called `role`."""
    if role == "checker":
        return Say(ClaimVerdicts().model_dump_json())
    calls = gather(conversation)
    return calls or _draft(evidence_of(conversation))


def _draft(evidence: Evidence) -> ModelAnswer:
    stated = [text for document in evidence.documents for text in sentences(document.text)]
    return Say(json.dumps({"claims": stated or _written(evidence)}))


def _written(evidence: Evidence) -> list[str]:
    """Without a text there is nothing to doubt but what the figures say."""
    found: list[str] = []
    for item in evidence.tables:
        found.append(f"There are {item.rows} rows.")
        found += [f"The mean {c.label} is {amount(c, c.mean)}." for c in figures(item)[:4]]
    return found
