"""What Slack says, read from a signed body: a form or JSON, and never deeper than Slack goes."""

import json
import re
from collections.abc import Iterable
from itertools import chain
from typing import Any, NoReturn
from urllib.parse import parse_qsl

from bot.slack import shapes
from bot.slack.refusal import Reason, RequestRefused

Payload = dict[str, Any]

DEEPEST = 64
MOST_FIELDS = 100
_FORM = "application/x-www-form-urlencoded"
_JSON = "application/json"
_BROKEN_PERCENT = re.compile("%(?![0-9A-Fa-f]{2})")
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


def read(content_type: str, body: bytes) -> Payload:
    """The payload as Bolt takes it; raises Refused for whatever Slack does not send."""
    media = _media_type(content_type)
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        raise RequestRefused(Reason.ENCODING) from None
    payload = _object(text) if media == _JSON else _form(text)
    if not shapes.fit(payload):
        raise RequestRefused(Reason.SHAPE)
    return payload


def _media_type(content_type: str) -> str:
    media, _, parameters = content_type.partition(";")
    charset = parameters.replace(" ", "").lower()
    media = media.strip().lower()
    if media not in (_FORM, _JSON) or charset not in ("", "charset=utf-8", 'charset="utf-8"'):
        raise RequestRefused(Reason.CONTENT_TYPE)
    return media


def _form(text: str) -> Payload:
    """A command is the form itself; a gesture is JSON in its field `payload`."""
    if _BROKEN_PERCENT.search(text):
        raise RequestRefused(Reason.FORM)
    try:
        pairs = parse_qsl(
            text,
            keep_blank_values=True,
            strict_parsing=True,
            errors="strict",
            max_num_fields=MOST_FIELDS,
        )
    except ValueError:
        raise RequestRefused(Reason.FORM) from None
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise RequestRefused(Reason.FORM)
    return _object(fields["payload"]) if "payload" in fields else fields


def _object(text: str) -> Payload:
    try:
        payload = json.loads(text, parse_constant=_refuse)
    except RecursionError:
        raise RequestRefused(Reason.DEPTH) from None
    except ValueError:
        raise RequestRefused(Reason.JSON) from None
    if not isinstance(payload, dict):
        raise RequestRefused(Reason.JSON)
    _check_depth(payload)
    if _SURROGATE.search(text):
        _check_characters(payload)
    return payload


def _refuse(constant: str) -> NoReturn:
    """NaN and the infinities, which are not JSON."""
    raise ValueError(constant)


def _check_depth(payload: Payload) -> None:
    level: list[Any] = [payload]
    for _ in range(DEEPEST):
        level = list(chain.from_iterable(map(_children, level)))
        if not level:
            return
    raise RequestRefused(Reason.DEPTH)


def _children(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _check_characters(payload: Payload) -> None:
    """Half a surrogate pair cannot be stored, hashed or sent on."""
    try:
        json.dumps(payload, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        raise RequestRefused(Reason.ENCODING) from None
