"""The guard before Bolt: who does not hold Slack's secret gets no further than this.

Bolt answers 500 to unsigned junk and logs rejected bodies whole. Here everything is checked on
bytes, cheapest first, and a refusal carries one word and nothing of what was sent.
"""

import asyncio
import hashlib
import hmac
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.web_protocol import RequestPayloadError
from pydantic import SecretStr

from bot.config.errors import ConfigurationError
from bot.slack.refusal import Reason, RequestRefused

WINDOW = 300.0
LARGEST_BODY = 2_000_000
BODY_SECONDS = 5.0
_TIMESTAMP = re.compile("[0-9]{1,12}")
_SIGNATURE = re.compile("v0=[0-9a-f]{64}")


@dataclass(frozen=True)
class Signed:
    """A request Slack signed. `key` is the same for the same request sent again; the signature
    counts until `until` (seconds since 1970).
    """

    key: bytes
    until: float
    content_type: str
    body: bytes


class RequestGuard:
    """Checks size, signature (`v0`, HMAC-SHA256, constant time) and age (300 s either way).

    `now` gives seconds since 1970. Raises ConfigurationError for an empty secret, with which
    anybody could sign.
    """

    def __init__(self, signing_secret: SecretStr, now: Callable[[], float] = time.time) -> None:
        secret = signing_secret.get_secret_value().strip()
        if not secret:
            raise ConfigurationError(
                "SLACK_SIGNING_SECRET is missing: copy it from the app's Basic Information page "
                "into .env; without it anybody could send clicks."
            )
        self._secret = secret.encode()
        self._now = now

    async def read(self, request: web.Request) -> Signed:
        """The request's body, once it is known to be Slack's; raises Refused."""
        headers = request.headers
        if "Content-Encoding" in headers:
            raise RequestRefused(Reason.COMPRESSED)
        timestamp, signature = self._signature(
            headers.getall("X-Slack-Request-Timestamp", ()),
            headers.getall("X-Slack-Signature", ()),
        )
        if (request.content_length or 0) > LARGEST_BODY:
            raise RequestRefused(Reason.TOO_LARGE)
        body = await _body(request)
        self._check(timestamp, signature, body)
        return Signed(
            key=bytes.fromhex(signature[3:]) + timestamp.encode(),
            until=int(timestamp) + WINDOW,
            content_type=headers.get("Content-Type", ""),
            body=body,
        )

    def _signature(self, timestamps: Sequence[str], signatures: Sequence[str]) -> tuple[str, str]:
        """Both headers, once each and well formed, and the timestamp inside the window."""
        if len(timestamps) != 1 or not _TIMESTAMP.fullmatch(timestamps[0]):
            raise RequestRefused(Reason.TIMESTAMP)
        if len(signatures) != 1 or not _SIGNATURE.fullmatch(signatures[0]):
            raise RequestRefused(Reason.SIGNATURE)
        if abs(self._now() - int(timestamps[0])) > WINDOW:
            raise RequestRefused(Reason.STALE)
        return timestamps[0], signatures[0]

    def _check(self, timestamp: str, signature: str, body: bytes) -> None:
        base = b"v0:" + timestamp.encode() + b":" + body
        wanted = "v0=" + hmac.new(self._secret, base, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(wanted.encode(), signature.encode()):
            raise RequestRefused(Reason.SIGNATURE)


async def _body(request: web.Request) -> bytes:
    """All of the body, unless it is too large, dribbles, or breaks off."""
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.content.iter_any():
                body += chunk
                if len(body) > LARGEST_BODY:
                    raise RequestRefused(Reason.TOO_LARGE)
    except TimeoutError:
        raise RequestRefused(Reason.TOO_SLOW) from None
    except (ConnectionError, RequestPayloadError, HttpProcessingError):
        raise RequestRefused(Reason.CUT_OFF) from None
    return bytes(body)
