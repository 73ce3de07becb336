"""What Slack says, read from a signed body: a form or JSON."""

import json
import re
from typing import Any
from urllib.parse import parse_qsl

from bot.slack import shapes
from bot.slack.refusal import Reason, RequestRefused

Payload = dict[str, Any]

MOST_FIELDS = 100
_TYPE = re.compile('(?i)application/(x-www-form-urlencoded|json) *(; *charset="?utf-8"? *)?')
_BROKEN_PERCENT = re.compile("%(?![0-9A-Fa-f]{2})")


def read(content_type: str, body: bytes) -> Payload:
    """The payload as Bolt takes it; raises Refused for whatever Slack does not send."""
    known = _TYPE.fullmatch(content_type)
    if known is None:
        raise RequestRefused(Reason.CONTENT_TYPE)
    try:
        text = body.decode("utf-8")
        payload = json.loads(text) if known[1].lower() == "json" else _form(text)
        # Neither NaN nor half a surrogate pair: they cannot be stored, hashed or sent on.
        json.dumps(payload, ensure_ascii=False, allow_nan=False).encode("utf-8")
    except (ValueError, RecursionError):
        raise RequestRefused(Reason.BODY) from None
    if not isinstance(payload, dict) or not shapes.fit(payload):
        raise RequestRefused(Reason.SHAPE)
    return payload


def _form(text: str) -> Any:
    """A command is the form itself; a gesture is JSON in its field `payload`."""
    pairs = parse_qsl(
        text,
        keep_blank_values=True,
        strict_parsing=True,
        errors="strict",
        max_num_fields=MOST_FIELDS,
    )
    fields = dict(pairs)
    if len(fields) < len(pairs) or _BROKEN_PERCENT.search(text):
        raise ValueError
    return json.loads(fields["payload"]) if "payload" in fields else fields
