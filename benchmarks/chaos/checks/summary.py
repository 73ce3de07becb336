"""Figures of a run, from its evidence."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from benchmarks.chaos.checks.checker import came_late
from benchmarks.chaos.checks.evidence import Evidence
from benchmarks.figures import quantile

Json = dict[str, Any]


def counts(evidence: Evidence) -> Json:
    """How much happened."""
    acked = [gesture for gesture in evidence.gestures if gesture.acked_at is not None]
    outcomes = Counter(r.detail["outcome"] for r in evidence.rows if r.kind == "settled")
    kinds = Counter(row.kind for row in evidence.rows)
    logged = {row.detail["id"] for row in evidence.rows if row.kind in ("decided", "refused")}
    late = {g.id for g in acked if g.id not in logged and came_late(evidence, g)}
    return {
        "approvals": len(evidence.approvals()),
        "clicks": len(evidence.gestures),
        "acked": len(acked),
        "repeats": len(acked) - len({gesture.id for gesture in acked}),
        "refused": kinds["refused"],
        "forged": dict(evidence.forgeries),
        "forged_refused": kinds["unverified"],
        "late": len(late),
        "cards_posted_twice": sum(len(calls) > 1 for calls in evidence.posted.values()),
        "outcomes": dict(outcomes),
    }


def times(evidence: Evidence) -> Json:
    """From the click to its ack, to its outcome in the audit log, to the card that says so."""
    acks = [g.milliseconds for g in evidence.gestures if g.milliseconds is not None]
    sent: dict[str, float] = {}
    for gesture in evidence.gestures:
        sent.setdefault(gesture.id, gesture.at)
    shown = _shown(evidence)
    outcomes, cards = [], []
    for row in evidence.rows:
        if row.kind == "decided" and row.detail["id"] in sent:
            began = sent[row.detail["id"]]
            outcomes.append((row.at - began) * 1_000)
            if row.approval in shown:
                cards.append((shown[row.approval] - began) * 1_000)
    spread = {"click_to_ack": acks, "click_to_outcome": outcomes, "click_to_card": cards}
    return {name: _spread(values) for name, values in spread.items()}


def _shown(evidence: Evidence) -> dict[str, float]:
    """When each approval's card lost its buttons."""
    places = {tuple(c["place"]): name for name, calls in evidence.posted.items() for c in calls}
    shown: dict[str, float] = {}
    for call in evidence.calls:
        approval = places.get(tuple(call["place"]))
        if approval and call["method"] == "chat.update" and not call["values"]:
            shown.setdefault(approval, call["at"])
    return shown


def _spread(values: Sequence[float]) -> Json:
    if not values:
        return {}
    p50, p99 = quantile(values, 0.5), quantile(values, 0.99)
    return {"p50_ms": round(p50), "p99_ms": round(p99), "max_ms": round(max(values))}
