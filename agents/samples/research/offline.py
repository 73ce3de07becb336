"""What the researchers say offline, and how their findings are brought together."""

import json
from typing import Any

from agents.samples.claims import check, sentences
from agents.samples.conversation import Conversation, ModelAnswer, Say
from agents.samples.evidence import Evidence, answer, evidence_of, figures, gather, tellable
from agents.samples.markdown import bullets, page, section
from agents.samples.rerun import column_facts

ROLES = ("figures", "texts", "claims")


def reply(conversation: Conversation, role: str) -> ModelAnswer:
    """The part of the member called `role`."""
    if role == "synthesis":
        return _synthesis(conversation)
    calls = gather(conversation)
    if calls:
        return calls
    evidence = evidence_of(conversation)
    finders = {"figures": _figures, "texts": _texts, "claims": _claims}
    return Say(json.dumps({"findings": finders[role](evidence)}))


def _figures(evidence: Evidence) -> list[str]:
    found: list[str] = []
    for item in evidence.tables:
        found.append(f"{item.file} has {item.rows:,} rows and {item.column_count} columns.")
        numbers = figures(item)
        found += [column_facts(column, item.rows) for column in numbers[:4]]
        found += [
            f"{p.first} and {p.second} move together (r = {p.r:.2f})." for p in tellable(item)
        ]
    return found + list(evidence.problems)


def _texts(evidence: Evidence) -> list[str]:
    found: list[str] = []
    for item in evidence.documents:
        about = f", about {', '.join(item.headings[:5])}" if item.headings else ""
        found.append(f"{item.file} has {item.words:,} words{about}.")
        marked = [line.strip() for line in item.text.splitlines() if line.strip().endswith("?")]
        found += [f"{item.file} asks: {line[:200]}" for line in marked[:3]]
    return found


def _claims(evidence: Evidence) -> list[str]:
    return [
        f"{claim.verdict.capitalize()}: “{claim.sentence[:200]}” ({claim.reason})."
        for document in evidence.documents
        for claim in (check(text, evidence.tables) for text in sentences(document.text))
    ]


def _synthesis(conversation: Conversation) -> ModelAnswer:
    handed: dict[str, Any] = conversation.so_far() or {}
    found = {role: _findings(handed.get(role)) for role in ROLES}
    wrong = [text for text in found["claims"] if text.startswith("Invalid")]
    everything = [*wrong, *(text for role in ROLES for text in found[role] if text not in wrong)]
    silent = [role for role in ROLES if not found[role]]
    lead = " ".join(wrong[:1] + found["figures"][:2] + found["texts"][:1])
    counted = ", ".join(f"{len(found[role])} from {role}" for role in ROLES)
    return answer(
        f"{len(everything)} findings ({counted}). {lead}",
        everything,
        {f"findings {role}": len(found[role]) for role in ROLES} | {"invalid": len(wrong)},
        page(
            "Research",
            *(section(role.capitalize(), bullets(found[role])) for role in ROLES),
            section("Contradictions", bullets(wrong) or "None found."),
            section("Unanswered", bullets(f"Nothing to say about {role}." for role in silent)),
        ),
    )


def _findings(handed: object) -> list[str]:
    return [str(item) for item in handed.get("findings", [])] if isinstance(handed, dict) else []
