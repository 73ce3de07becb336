"""What the workspace log says of one gesture that decides: who, on what, and was it acked."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from benchmarks.chaos.people.card import APPROVE, DECIDE_FORM

Json = dict[str, Any]


@dataclass(frozen=True)
class Gesture:
    """A decision as it was sent; `id` is what the audit log must know it by."""

    id: str
    approval: str
    user: str
    team: str
    value: tuple[int, str]
    place: tuple[str, str]
    at: float
    acked_at: float | None
    milliseconds: float | None


def gestures(deliveries: Iterable[Json]) -> Iterator[Gesture]:
    """Every click on Approve and every form that came in, in the order of the log."""
    for entry in deliveries:
        known = _known(entry)
        if known is None:
            continue
        unique, target, place = known
        took = entry["acked_after_ms"]
        yield Gesture(
            id=f"{entry['team']}:{entry['user']}:{unique}",
            approval=str(target.get("a") or target.get("approval")),
            user=entry["user"],
            team=entry["team"],
            value=(int(target.get("r") or target["revision"]), target.get("d") or target["digest"]),
            place=place,
            at=entry["at"],
            acked_at=None if took is None else entry["at"] + took / 1_000,
            milliseconds=took,
        )


def _known(entry: Json) -> tuple[str, Json, tuple[str, str]] | None:
    view, action = entry.get("view"), entry.get("action")
    if view and view["callback_id"] == DECIDE_FORM:
        told = json.loads(view["private_metadata"])
        place = told.get("place") or {}
        return view["id"], told["target"], (place.get("channel", ""), place.get("ts", ""))
    if action and action["action_id"] == APPROVE:
        channel, ts = entry["place"]
        return action["action_ts"], json.loads(action["value"]), (channel, ts)
    return None
