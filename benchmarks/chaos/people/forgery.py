"""Payloads nobody's client made: stale, foreign, from elsewhere, or one that arrives twice."""

import json
import time
from typing import Any

from benchmarks.chaos.people.card import APPROVE, Card
from benchmarks.chaos.people.crowd import CHANNEL, OTHER_CHANNEL, OTHER_TEAM, TEAM
from benchmarks.chaos.processes.site import STEP

Json = dict[str, Any]


def click(card: Card, user: str) -> Json:
    """What Slack sends when this person clicks Approve: deliver it twice, and it is one click."""
    return _payload(card, user, TEAM, card.channel, card.ts, card.approve["value"])


def stale(card: Card, user: str, kind: int) -> Json:
    """Approve for another digest, another revision, or on a message that is not the card."""
    value = json.loads(card.approve["value"])
    channel, ts = card.channel, card.ts
    match kind % 4:
        case 0:
            value["d"] = value["d"][::-1]
        case 1:
            value["r"] += 1
        case 2:
            ts = f"{float(ts) - 60:.6f}"
        case _:
            channel = OTHER_CHANNEL
    return _payload(card, user, TEAM, channel, ts, json.dumps(value))


def guessed(task: str, user: str) -> Json:
    """Approve for an approval that is not there yet: its id can be guessed, its digest cannot."""
    value = {"a": f"{task}.{STEP}.v1", "r": 1, "d": "0" * 16, "v": "approve"}
    button = {"type": "button", "action_id": APPROVE, "value": json.dumps(value)}
    card = Card(str(value["a"]), CHANNEL, "1.000100", "1.000100", button, {})
    return click(card, user)


def foreign(card: Card, user: str) -> Json:
    """Somebody of another workspace who carries an approver's id."""
    return _payload(card, user, OTHER_TEAM, card.channel, card.ts, card.approve["value"])


def _payload(card: Card, user: str, team: str, channel: str, ts: str, value: str) -> Json:
    return {
        "type": "block_actions",
        "team": {"id": team, "domain": "acme"},
        "user": {"id": user, "username": user.lower(), "name": user.lower(), "team_id": team},
        "api_app_id": "A0BOT00001",
        "trigger_id": f"{time.time_ns()}.1.forged",
        "container": {
            "type": "message",
            "message_ts": ts,
            "channel_id": channel,
            "is_ephemeral": False,
            "thread_ts": card.thread,
        },
        "channel": {"id": channel, "name": "general"},
        "message": {"ts": ts, "thread_ts": card.thread, "text": "", "blocks": []},
        "actions": [
            {
                **card.approve,
                "value": value,
                "block_id": "signoff_decision",
                "action_ts": f"{time.time_ns() / 1e9:.6f}",
            }
        ],
    }
