"""Requests as Slack sends and signs them."""

import hashlib
import hmac
import json
import time
from typing import Any
from urllib.parse import urlencode

from tests.bot.raw_http import post

Json = dict[str, Any]
Headers = list[tuple[bytes, bytes]]

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
PATH = "/slack/events"
FORM, JSON = b"application/x-www-form-urlencoded", b"application/json"

COMMAND = {
    "command": "/task",
    "text": "review payload.csv",
    "user_id": "U0ADA00001",
    "channel_id": "C0GENERAL1",
    "team_id": "T0ACME0001",
    "trigger_id": "1.2.abc",
    "response_url": "http://127.0.0.1:9/",
}
CLICK: Json = {
    "type": "block_actions",
    "user": {"id": "U0GRACE001", "team_id": "T0ACME0001"},
    "team": {"id": "T0ACME0001"},
    "enterprise": None,
    "channel": {"id": "C0GENERAL1"},
    "container": {"type": "message", "message_ts": "1.1", "channel_id": "C0GENERAL1"},
    "message": {"type": "message", "ts": "1.1", "blocks": []},
    "trigger_id": "1.2.abc",
    "actions": [
        {
            "type": "button",
            "action_id": "signoff_approve",
            "block_id": "decide",
            "value": "{}",
            "action_ts": "1.2",
        }
    ],
}
SUBMISSION: Json = {
    "type": "view_submission",
    "user": {"id": "U0GRACE001"},
    "team": {"id": "T0ACME0001"},
    "view": {
        "id": "V1",
        "type": "modal",
        "callback_id": "signoff_decide",
        "private_metadata": "",
        "state": {"values": {"comment": {"comment": {"value": "no"}}}},
    },
}
EVENT: Json = {
    "type": "event_callback",
    "team_id": "T0ACME0001",
    "authorizations": [{"team_id": "T0ACME0001"}],
    "event": {"type": "app_home_opened", "user": "U0ADA00001", "tab": "home"},
}


def sign(body: bytes, timestamp: bytes, secret: str = SECRET) -> bytes:
    """Slack's `v0` signature."""
    base = b"v0:" + timestamp + b":" + body
    return b"v0=" + hmac.new(secret.encode(), base, hashlib.sha256).hexdigest().encode()


def now(offset: float = 0) -> bytes:
    """A timestamp, `offset` seconds away from now."""
    return str(int(time.time() + offset)).encode()


def request(
    body: bytes,
    content_type: bytes = FORM,
    timestamp: bytes = b"",
    signature: bytes = b"",
    more: Headers | None = None,
) -> bytes:
    """A signed POST; whatever is given replaces what Slack would send."""
    timestamp = timestamp or now()
    headers = [
        (b"Content-Type", content_type),
        (b"X-Slack-Request-Timestamp", timestamp),
        (b"X-Slack-Signature", signature or sign(body, timestamp)),
    ]
    return post(PATH, [*headers, *(more or [])], body)


def gesture(payload: Json) -> bytes:
    """The form in which gestures travel."""
    return urlencode({"payload": json.dumps(payload)}).encode()
