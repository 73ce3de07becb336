"""What the drafter and the checker say offline."""

import json

from agents.samples.claims import Claim, check, sentences
from agents.samples.conversation import Conversation, ModelAnswer, Say
from agents.samples.evidence import Evidence, answer, evidence_of, figures, gather
from agents.samples.markdown import bullets, page, section, table
from agents.samples.rerun import amount

VERDICTS = ("invalid", "unclear", "valid")


def reply(conversation: Conversation, role: str) -> ModelAnswer:
    """The part of the member called `role`."""
    calls = gather(conversation)
    if calls:
        return calls
    evidence = evidence_of(conversation)
    return _check(conversation, evidence) if role == "checker" else _draft(evidence)


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


def _check(conversation: Conversation, evidence: Evidence) -> ModelAnswer:
    handed = conversation.so_far()
    stated = handed.get("claims", []) if isinstance(handed, dict) else []
    found = [check(str(text), evidence.tables) for text in stated]
    ordered = sorted(found, key=lambda claim: VERDICTS.index(claim.verdict))
    counts = {name: sum(1 for claim in found if claim.verdict == name) for name in VERDICTS}
    rows = [(claim.verdict, claim.sentence, claim.reason) for claim in ordered]
    return answer(
        _summary(evidence, ordered, counts),
        [_sentence(claim) for claim in ordered] + list(evidence.problems),
        {name: float(counts[name]) for name in VERDICTS},
        page(
            f"Fact check of {evidence.names}",
            section("Claims", table(("verdict", "claim", "reason"), rows) or "There are none."),
            section("Problems", bullets(evidence.problems)),
            "Unclear means that no figure of the data is named in the claim's words.",
        ),
    )


def _summary(evidence: Evidence, ordered: list[Claim], counts: dict[str, int]) -> str:
    if not ordered:
        return f"{evidence.names} states no figure that could be checked."
    counted = ", ".join(f"{counts[name]} {name}" for name in reversed(VERDICTS))
    worst = [claim for claim in ordered if claim.verdict == "invalid"][:2]
    named = " ".join(f"Wrong: “{claim.sentence[:120]}”, {claim.reason}." for claim in worst)
    return f"{len(ordered)} claims: {counted}. {named}"


def _sentence(claim: Claim) -> str:
    return f"{claim.verdict.capitalize()}: “{claim.sentence}” ({claim.reason})."
