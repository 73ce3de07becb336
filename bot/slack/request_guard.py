"""The guard before Bolt: who does not hold Slack's secret gets no further than this.

Bolt answers 500 to unsigned junk and logs rejected bodies whole. Here a refusal carries one word
and nothing of what was sent.
"""

import asyncio
import re
import time
from dataclasses import dataclass

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.web_protocol import RequestPayloadError
from pydantic import SecretStr
from slack_sdk.signature import SignatureVerifier

from bot.config.errors import ConfigurationError
from bot.slack.refusal import Reason, RequestRefused

WINDOW = 300
LARGEST_BODY = 2_000_000
BODY_SECONDS = 5.0
_TIMESTAMP = re.compile("[0-9]{1,12}")


@dataclass(frozen=True)
class Signed:
    """A request Slack signed. `key` is the same for the same request sent again; the signature
    counts until `until` (seconds since 1970).
    """

    key: str
    until: float
    content_type: str
    body: bytes


class RequestGuard:
    """Checks age (300 s either way), size and signature (`v0`).

    Raises ConfigurationError for an empty secret, with which anybody could sign.
    """

    def __init__(self, signing_secret: SecretStr) -> None:
        try:
            self._verifier = SignatureVerifier(signing_secret.get_secret_value().strip())
        except ValueError:
            raise ConfigurationError(
                "SLACK_SIGNING_SECRET is missing: copy it from the app's Basic Information page "
                "into .env; without it anybody could send clicks."
            ) from None

    async def read(self, request: web.Request) -> Signed:
        """The request's body, once it is known to be Slack's; raises Refused."""
        if "Content-Encoding" in request.headers:
            raise RequestRefused(Reason.COMPRESSED)
        timestamp = _single(request, "X-Slack-Request-Timestamp", Reason.TIMESTAMP)
        signature = _single(request, "X-Slack-Signature", Reason.SIGNATURE)
        if not _TIMESTAMP.fullmatch(timestamp):
            raise RequestRefused(Reason.TIMESTAMP)
        if abs(time.time() - int(timestamp)) > WINDOW:
            raise RequestRefused(Reason.STALE)
        body = await _body(request)
        if not self._is_signed(body, timestamp, signature):
            raise RequestRefused(Reason.SIGNATURE)
        return Signed(
            key=timestamp + signature,
            until=int(timestamp) + WINDOW,
            content_type=request.headers.get("Content-Type", ""),
            body=body,
        )

    def _is_signed(self, body: bytes, timestamp: str, signature: str) -> bool:
        try:
            return self._verifier.is_valid(body, timestamp, signature)
        except (ValueError, TypeError):  # a body that is no UTF-8, a signature that is no ASCII
            return False


def _single(request: web.Request, name: str, reason: Reason) -> str:
    values = request.headers.getall(name, ())
    if len(values) != 1:
        raise RequestRefused(reason)
    return values[0]


async def _body(request: web.Request) -> bytes:
    """All of the body, unless it is too large, dribbles, or breaks off."""
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await request.clone(client_max_size=LARGEST_BODY).read()
    except web.HTTPRequestEntityTooLarge:
        raise RequestRefused(Reason.TOO_LARGE) from None
    except TimeoutError:
        raise RequestRefused(Reason.TOO_SLOW) from None
    except (ConnectionError, RequestPayloadError, HttpProcessingError):
        raise RequestRefused(Reason.CUT_OFF) from None
