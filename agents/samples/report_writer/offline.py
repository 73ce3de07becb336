"""What the writer, the assistant, the searcher and the summarizer say offline."""

import json
from typing import Any

from agents.samples.conversation import Call, Conversation, ModelAnswer, Returned, Say
from agents.samples.evidence import answer, evidence_of, figures, gather, tellable
from agents.samples.markdown import bullets, page, section
from agents.samples.rerun import column_facts


def reply(conversation: Conversation, role: str) -> ModelAnswer:
    """The part of the member called `role`; the writer has none."""
    parts = {
        "research_assistant": _assistant,
        "searcher": _search,
        "summarizer": _summarize,
    }
    return parts.get(role, _write)(conversation)


def _write(conversation: Conversation) -> ModelAnswer:
    asked = [item for item in conversation.returned if item.call.tool == "research_assistant"]
    if not asked:
        return (Call("research_assistant", {"request": conversation.heard[0]}),)
    found = _json(asked[0])
    evidence, short = _list(found, "evidence"), _list(found, "short")
    files = ", ".join(str(name) for name in found.get("files", [])) or "no readable input"
    return answer(
        f"Report on {files}, from {len(evidence)} pieces of evidence. " + " ".join(short),
        evidence,
        {"evidence": len(evidence)},
        page(
            f"Report on {files}",
            section("In short", bullets(short)),
            section("Evidence", bullets(evidence)),
            section("Open questions", bullets(_list(found, "problems")) or "None."),
        ),
    )


def _assistant(conversation: Conversation) -> ModelAnswer:
    searched = [item for item in conversation.returned if item.call.tool == "searcher"]
    if not searched:
        return (Call("searcher", {"request": conversation.heard[0]}),)
    shortened = [item for item in conversation.returned if item.call.tool == "summarizer"]
    if not shortened:
        return (Call("summarizer", {"request": json.dumps(_json(searched[0]))}),)
    return Say(json.dumps(_json(shortened[0])))


def _search(conversation: Conversation) -> ModelAnswer:
    calls = gather(conversation)
    if calls:
        return calls
    evidence = evidence_of(conversation)
    found: list[str] = []
    for item in evidence.tables:
        found.append(f"{item.file}: {item.rows:,} rows, {item.missing_percent:g} % missing cells.")
        found += [f"{p.first} moves with {p.second} (r = {p.r:.2f})." for p in tellable(item)[:3]]
        found += [column_facts(column, item.rows) for column in figures(item)[:4]]
    for document in evidence.documents:
        about = ", ".join(document.headings[:5]) or document.text[:120].replace("\n", " ")
        found.append(f"{document.file}: {document.words:,} words on {about}.")
    files = [item.file for item in evidence.tables] + [item.file for item in evidence.documents]
    return Say(json.dumps({"evidence": found, "files": files, "problems": list(evidence.problems)}))


def _summarize(conversation: Conversation) -> ModelAnswer:
    found: dict[str, Any] = json.loads(conversation.said)
    return Say(json.dumps(found | {"short": _list(found, "evidence")[:3]}))


def _json(item: Returned) -> dict[str, Any]:
    """A member's answer: ADK wraps its text as `result`."""
    text = item.response.get("result", "")
    try:
        found = json.loads(text) if isinstance(text, str) else text
    except ValueError:
        return {"problems": [str(text)]}
    return found if isinstance(found, dict) else {}


def _list(found: dict[str, Any], name: str) -> list[str]:
    return [str(item) for item in found.get(name, [])]
