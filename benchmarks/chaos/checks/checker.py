"""The invariants. Each is a generator of sentences: what breaks it, and where."""

from collections import Counter
from collections.abc import Callable, Iterator

from benchmarks.chaos.checks.evidence import Evidence, Row
from benchmarks.chaos.people.crowd import APPROVERS, TEAM
from benchmarks.chaos.people.gesture import Gesture

Invariant = Callable[[Evidence], Iterator[str]]

_SAID = ("decided", "refused")
_HEADINGS = {"approved": "Approved:", "rejected": "Rejected:"}
_STATUSES = {
    "approved": {"completed", "completed_with_fallback"},
    "rejected": {"rejected_at_analysis"},
}
_ROOTS = {"approved": " completed", "rejected": " rejected at analysis"}
CLOCK = 0.05
"""Two processes read the clock of one machine; this much is not judged."""
KEPT = "safely kept"
"""What a click that waits is told; its answer follows."""


def check(evidence: Evidence) -> dict[str, list[str]]:
    """What breaks each invariant."""
    return {name: list(invariant(evidence)) for name, invariant in INVARIANTS.items()}


def lost(evidence: Evidence) -> Iterator[str]:
    """An acknowledged click that is neither in the audit log nor came after the outcome; a task
    that was promised and never began.
    """
    logged = _logged(evidence)
    missing = [g for g in _acked(evidence) if not logged[g.id] and g.approval in evidence.posted]
    for gesture in missing:
        if _came_early(evidence, gesture) or came_late(evidence, gesture):
            continue
        if not _told_late(evidence, gesture, missing):
            yield f"{gesture.approval}: click {gesture.id} was acknowledged and is nowhere"
    begun = {row.task for row in evidence.rows if row.kind == "task_started"}
    for task in sorted(set(evidence.started) - begun):
        yield f"{task}: was promised and never began"


def doubled(evidence: Evidence) -> Iterator[str]:
    """The same click, approval or end in the audit log twice."""
    for identity, times in _logged(evidence).items():
        if times > 1:
            yield f"click {identity} is in the audit log {times} times"
    for approval in evidence.approvals():
        for kind in ("raised", "settled"):
            if len(evidence.of(approval, kind)) > 1:
                yield f"{approval}: {kind} {len(evidence.of(approval, kind))} times"
    ends = Counter(row.task for row in evidence.rows if row.kind == "task_ended")
    yield from (f"{task}: ended {times} times" for task, times in ends.items() if times > 1)
    reminded = Counter(
        (row.approval, row.detail.get("rung")) for row in evidence.rows if row.kind == "reminded"
    )
    yield from (f"{a}: reminded {n} times ({r})" for (a, r), n in reminded.items() if n > 1)


def contradictory(evidence: Evidence) -> Iterator[str]:
    """Card, audit log and task tell different stories, or more than one decision counted."""
    for approval in evidence.approvals():
        settled = evidence.of(approval, "settled")
        if not settled:
            continue
        outcome = settled[0].detail["outcome"]
        counted = evidence.of(approval, "decided")
        verdicts = [row.detail["verdict"] for row in counted]
        if verdicts != [{"approved": "approve", "rejected": "reject"}.get(outcome)]:
            yield f"{approval}: is {outcome}, decided by {verdicts}"
        for message in evidence.cards(approval):
            if not message["text"].startswith(_HEADINGS[outcome]):
                yield f"{approval}: is {outcome}, and a card says {message['text'][:40]!r}"
        yield from _task_contradicts(evidence, settled[0])


def stale(evidence: Evidence) -> Iterator[str]:
    """A counted decision on something else than the posted card showed, or on no card of ours."""
    for row, gesture in _counted(evidence):
        shown = evidence.posted[row.approval]
        values = {value for call in shown for value in call["values"] if value}
        if not any(_same(gesture, value) for value in values):
            yield f"{row.approval}: {gesture.id} counted for {gesture.value}"
        if list(gesture.place) not in [call["place"] for call in shown]:
            yield f"{row.approval}: {gesture.id} counted from {gesture.place}"


def foreign(evidence: Evidence) -> Iterator[str]:
    """A counted decision of a stranger, of another workspace, of whoever asked, or of nobody."""
    for row in evidence.rows:
        if row.kind == "decided" and row.actor not in APPROVERS:
            yield f"{row.approval}: {row.actor} decided, who is no approver"
    for row, gesture in _counted(evidence):
        if gesture.team != TEAM:
            yield f"{row.approval}: {gesture.id} counted, from another workspace"
        if gesture.user != row.actor or gesture.user == evidence.requester(row.task):
            yield f"{row.approval}: {gesture.id} counted, of whoever asked for it"
    known = {gesture.id for gesture in evidence.gestures}
    for row in evidence.rows:
        if row.kind in _SAID and row.detail["id"] not in known:
            yield f"{row.approval}: nobody sent {row.detail['id']}"


def undecided(evidence: Evidence) -> Iterator[str]:
    """An approval without an outcome, a task without an end, when there was time enough."""
    for approval in evidence.approvals():
        if not evidence.of(approval, "settled"):
            yield f"{approval}: has no outcome"
    ended = {row.task for row in evidence.rows if row.kind == "task_ended"}
    for row in evidence.rows:
        if row.kind == "task_started" and row.task not in ended:
            yield f"{row.task}: has not ended"


def alive(evidence: Evidence) -> Iterator[str]:
    """A message that still has buttons."""
    for message in evidence.alive():
        yield f"{message['channel']} {message['ts']}: {message['text'][:80]!r}"


def forged_counted(evidence: Evidence) -> Iterator[str]:
    """A decision that was made up in Temporal, or copied from another approval, and counted."""
    for row in evidence.rows:
        if row.kind == "decided" and row.detail["id"] in evidence.forged:
            yield f"{row.approval}: {row.detail['id']} was forged and counted"
    for row, gesture in _counted(evidence):
        if gesture.approval != row.approval:
            yield f"{row.approval}: {gesture.id} counted, which was for {gesture.approval}"


def forged_jammed(evidence: Evidence) -> Iterator[str]:
    """A workflow that got forged messages, and has no end."""
    ended = {row.approval for row in evidence.rows if row.kind == "settled"}
    ended |= {row.task for row in evidence.rows if row.kind == "task_ended"}
    for workflow in sorted(evidence.targets - ended):
        yield f"{workflow}: got forged messages, and has not ended"


def unsound(evidence: Evidence) -> Iterator[str]:
    """The audit log's chain does not verify."""
    if evidence.chain:
        yield evidence.chain


INVARIANTS: dict[str, Invariant] = {
    "lost": lost,
    "doubled": doubled,
    "contradictory": contradictory,
    "stale_accepted": stale,
    "foreign_accepted": foreign,
    "undecided": undecided,
    "live_buttons": alive,
    "forged_counted": forged_counted,
    "forged_jammed": forged_jammed,
    "audit_unsound": unsound,
}


def came_late(evidence: Evidence, gesture: Gesture) -> bool:
    """Whether it was acknowledged after the outcome, so that it met a closed door."""
    settled = evidence.of(gesture.approval, "settled")
    return bool(settled and gesture.acked_at and gesture.acked_at >= settled[0].at - CLOCK)


def _came_early(evidence: Evidence, gesture: Gesture) -> bool:
    """Whether it was acknowledged before its approval was there: nobody could know it yet."""
    raised = evidence.of(gesture.approval, "raised")
    return bool(raised and gesture.acked_at and gesture.acked_at <= raised[0].at)


def _told_late(evidence: Evidence, gesture: Gesture, missing: list[Gesture]) -> bool:
    """Whether it was kept, came too late when it was delivered, and its person was told so.

    Such an answer is given in the card's thread, or in the channel where nobody knows the thread.
    After the outcome there have to be as many answers there as this person has clicks on this card
    to be answered: those that are missing, and those that the log has from then on.
    """
    settled = evidence.of(gesture.approval, "settled")
    if not settled:
        return False
    end = settled[0].at - CLOCK
    kept = {
        other.id
        for other in missing
        if (other.user, other.approval) == (gesture.user, gesture.approval)
        and not came_late(evidence, other)
        and not _came_early(evidence, other)
    }
    logged = [
        row
        for kind in _SAID
        for row in evidence.of(gesture.approval, kind)
        if row.actor == gesture.user and row.at >= end
    ]
    threads = {call["thread"] for call in evidence.posted[gesture.approval]} | {None}
    told = [
        call
        for call in evidence.calls
        if call["method"] == "chat.postEphemeral"
        and call["user"] == gesture.user
        and call["thread"] in threads
        and call["at"] >= end
        and KEPT not in call["text"]
    ]
    return len(kept) + len(logged) <= len(told)


def _acked(evidence: Evidence) -> list[Gesture]:
    """Each acknowledged click once, as it was acknowledged first."""
    acked: dict[str, Gesture] = {}
    for gesture in evidence.gestures:
        if gesture.acked_at is not None:
            acked.setdefault(gesture.id, gesture)
    return list(acked.values())


def _logged(evidence: Evidence) -> Counter[str]:
    return Counter(str(row.detail["id"]) for row in evidence.rows if row.kind in _SAID)


def _counted(evidence: Evidence) -> Iterator[tuple[Row, Gesture]]:
    """Each counted decision with every gesture that carries its id."""
    for row in evidence.rows:
        if row.kind == "decided":
            for gesture in evidence.gestures:
                if gesture.id == row.detail["id"]:
                    yield row, gesture


def _same(gesture: Gesture, value: str) -> bool:
    revision, digest = gesture.value
    return f'"a":"{gesture.approval}","r":{revision},"d":"{digest}"' in value


def _task_contradicts(evidence: Evidence, settled: Row) -> Iterator[str]:
    outcome = settled.detail["outcome"]
    for row in evidence.rows:
        if row.kind == "task_ended" and row.task == settled.task:
            status = row.detail["status"]
            if status not in _STATUSES[outcome]:
                yield f"{settled.approval}: is {outcome}, and its task ended {status}"
    for message in evidence.roots(settled.task):
        if _ROOTS[outcome] not in message["text"]:
            yield f"{settled.approval}: is {outcome}, and its task says {message['text'][:120]!r}"
