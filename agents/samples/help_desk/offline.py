"""What the help desk says offline: routing by words, facts by pattern, a reply from both."""

import re

from agents.samples.conversation import Call, Conversation, ModelAnswer
from agents.samples.evidence import answer
from agents.samples.markdown import bullets, page, section
from agents.samples.tools.document import Document
from agents.turn.brief import MARK

WORDS = {
    "billing": r"invoice|bill|pay|paid|refund|charge|price|contract|subscription|credit card",
    "account": r"log ?in|sign in|password|access|locked|my data|delete my|account",
    "technical": r"error|crash|slow|broken|fail|bug|install|outage|timeout|does not work|doesn't",
}
FACTS = {
    "reference": r"\b(?:order|invoice|ticket|case)\s*(?:no\.?|number|#)?\s*:?\s*([A-Z]*-?\d[\w-]*)",
    "amount": r"((?:[€$£]\s?\d[\d.,]*)|(?:\d[\d.,]*\s?(?:EUR|USD|GBP|CHF|€)))",
    "date": r"\b(\d{4}-\d{2}-\d{2}|\d{1,2}\.\d{1,2}\.\d{2,4}|\d{1,2}/\d{1,2}/\d{2,4})\b",
    "e-mail": r"([\w.+-]+@[\w-]+\.[\w.-]*\w)",
    "error": r"\b(error\s+\d{3}|[A-Z][A-Za-z]+(?:Error|Exception))\b",
}
NEXT = {
    "billing": "compare the invoice with the contract and answer within two working days",
    "technical": "reproduce the fault and answer with a cause or a question within one working day",
    "account": "verify who is asking before anything is changed",
}


def reply(conversation: Conversation, role: str) -> ModelAnswer:
    """Read, then route (the desk) or answer (a specialist)."""
    reads = [Call("read_document", {"file": file.name}) for file in conversation.brief.files]
    calls = conversation.missing(*reads)
    if calls:
        return calls
    message = _message(conversation)
    if not role:
        return (Call("transfer_to_agent", {"agent_name": route(message)}),)
    facts = facts_in(message)
    return answer(
        _summary(role, message, facts),
        facts or ["The message names no number, date or amount."],
        {"facts": len(facts), "words": len(message.split())},
        page(
            f"For the {role} specialist",
            section("Message", "\n".join(f"> {line}" for line in message.splitlines()[:40])),
            section("Facts", bullets(facts)),
            section("Draft of the reply", _draft(role, facts)),
            section("Problems", bullets(conversation.errors())),
        ),
    )


def route(message: str) -> str:
    """The specialist with the most of their words in the message; technical when nobody has one."""
    counts = {
        role: len(re.findall(rf"\b(?:{words})", message, re.IGNORECASE))
        for role, words in WORDS.items()
    }
    best = max(counts, key=lambda role: counts[role])
    return best if counts[best] else "technical"


def facts_in(message: str) -> list[str]:
    """Each kind of fact with what was found."""
    found = {name: re.findall(rule, message, re.IGNORECASE) for name, rule in FACTS.items()}
    return [
        f"{name}: {', '.join(dict.fromkeys(values))}" for name, values in found.items() if values
    ]


def _message(conversation: Conversation) -> str:
    documents = [
        Document.model_validate(item.response) for item in conversation.results("read_document")
    ]
    typed = conversation.heard[0].partition(MARK)[0] if conversation.heard else ""
    return "\n\n".join(document.text for document in documents) or typed


def _summary(role: str, message: str, facts: list[str]) -> str:
    first = " ".join(message.split())[:200]
    known = f" Known: {'; '.join(facts)}." if facts else ""
    return f"For {role}: “{first}”.{known} Proposed: {NEXT[role]}."


def _draft(role: str, facts: list[str]) -> str:
    noted = f" We have noted {'; '.join(facts)}." if facts else ""
    return f"Thank you for your message.{noted} We will {NEXT[role]}."
